"""A network of the same build that has learnt nothing: the floor beside which what a trained one shows must stand.

What an untrained network shows already is the architecture's and the pictures' doing, not the training's.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from rivalry.lwta.normalisation import average_statistics, has_batch_statistics
from rivalry.recording.observation import Listening

TOKEN_STD = 0.02
"""Deviation of parameters that no layer knows how to begin: class tokens, registers, tables of positions (as timm)."""


def random_twin(
    network: nn.Module, *, seed: int = 0, calibration: Iterable[Float[Tensor, "batch channels height width"]]
) -> nn.Module:
    """Copy a network and give it weights that it could have begun with.

    Layers begin as they begin by themselves (``reset_parameters``). Of the parameters that no layer knows how to begin,
    biases become 0 and other vectors (scales) 1, and the rest is drawn from a normal distribution with a deviation of
    ``TOKEN_STD``.

    Args:
        network: Left as it is, with its random states.
        seed: Decides the weights, which are the same on every device and in every process.
        calibration: Inputs of the network from which BatchNorm layers average their statistics; not touched where
            there are none of these.

    Returns:
        The copy, in ``eval()``.

    Raises:
        ValueError: If there are BatchNorm layers and no inputs to calibrate them with.
    """
    twin = copy.deepcopy(network)
    device = next((parameter.device for parameter in network.parameters()), torch.device("cpu"))
    with torch.random.fork_rng(devices=[]), torch.no_grad():  # drawn on the CPU: the devices' generators are not used
        torch.default_generator.manual_seed(seed)
        twin.cpu()
        for module in twin.modules():
            _begin(module)
    twin.to(device).eval()
    if has_batch_statistics(twin):
        average_statistics(twin, calibration)
    return twin


def random_twin_of(listening: Listening, places: Sequence[int], *, seed: int = 0) -> nn.Module:
    """Make the random twin of a heard network, its BatchNorm statistics those of some pictures of the data set.

    Args:
        listening: Says the network, the data set, and how pictures reach the network (normalisation, precision).
        places: Positions of the pictures, which make one batch; read only where there are such statistics.
        seed: Decides the weights.
    """
    return random_twin(listening.network, seed=seed, calibration=_inputs(listening, places))


class _Catcher(nn.Module):
    """In a network's place, keeps what the network would have been given."""

    def forward(self, inputs: Tensor) -> Float[Tensor, "batch classes"]:
        self.caught = inputs
        return inputs.flatten(1)


def _inputs(listening: Listening, places: Sequence[int]) -> Iterator[Float[Tensor, "batch 3 height width"]]:
    """Pictures as the network takes them; read where somebody asks for them."""
    catcher = _Catcher()
    pictures = torch.stack([listening.dataset[place]["image"] for place in places])
    listening.forward(catcher, pictures.to(listening.device))
    yield catcher.caught.float()


def _begin(module: nn.Module) -> None:
    """Let a layer begin anew, or choose what it holds itself."""
    reset: Any = getattr(module, "reset_parameters", None)
    if callable(reset):
        reset()
        return
    for name, parameter in module.named_parameters(recurse=False):
        if parameter.ndim > 1:
            nn.init.normal_(parameter, std=TOKEN_STD)
        else:
            nn.init.constant_(parameter, 0.0 if "bias" in name else 1.0)
