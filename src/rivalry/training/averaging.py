"""The exponential moving average of a network's weights, which is evaluated and exported in place of the last ones.

Polyak & Juditsky 1992; with timm's :class:`~timm.utils.ModelEmaV3`:

    average ← d · average + (1 − d) · weights        d = min(decay, 1 − (1 + step) ** (−2/3)) while it warms up

Statistics of batch normalisation are averaged like weights. Where the competition stands (sharpness, temperature) is
no state of the network; whoever moves it moves it in the average too.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from timm.utils.model_ema import ModelEmaV3
from torch import Tensor, nn

RAW = "raw_state_dict"
"""Where a checkpoint keeps the weights that training goes on from; its ``state_dict`` holds the average."""

_PREFIX = "network."


class AveragedNetwork:
    """A network's average. No module, so that it enters neither the state dict nor the optimiser.

    Args:
        network: The network as it begins.
        decay: Share in (0, 1) of the old average that every step keeps.
        warmup: Whether early steps keep less, so that a short training forgets its beginning.
    """

    def __init__(self, network: nn.Module, decay: float, *, warmup: bool = True) -> None:
        self._average = ModelEmaV3(network, decay=decay, use_warmup=warmup)
        self._step = 0

    @property
    def network(self) -> nn.Module:
        """The network with the averaged weights, in ``eval()``."""
        average: nn.Module = self._average.module
        return average

    def follow(self, network: nn.Module, step: int) -> None:
        """Take in the weights after optimiser step ``step``, counted from 1; a step is taken in once."""
        if step > self._step:
            self._average.update(network, step)
            self._step = step

    def save_into(self, checkpoint: dict[str, Any]) -> None:
        """Put the average where every reader looks for weights, and the raw ones beside it."""
        checkpoint[RAW] = checkpoint["state_dict"]
        checkpoint["state_dict"] = {f"{_PREFIX}{key}": value for key, value in self.network.state_dict().items()}

    def load_from(self, checkpoint: Mapping[str, Any]) -> None:
        """Go on from a checkpoint's weights: its average, or its only ones where none was kept."""
        state = {key.removeprefix(_PREFIX): value for key, value in checkpoint["state_dict"].items()}
        self.network.load_state_dict(copy.deepcopy(state))
        self._step = checkpoint["global_step"]


def take_raw_weights(checkpoint: dict[str, Any]) -> None:
    """Let a training go on from the raw weights of a checkpoint, if it has both."""
    raw: dict[str, Tensor] | None = checkpoint.get(RAW)
    if raw is not None:
        checkpoint["state_dict"] = raw
