"""The network of a dissected checkpoint as one program: pictures in, logits and winners out (``torch.export``).

It takes ``uint8`` pictures (batch, 3, side, side) of 0 to 255 and normalises them itself, for any batch, by argmax. Of
every layer that competes it gives the winners: integers of the layer's shape with blocks in place of units, places in
their blocks from 0. With ``neurons.parquet`` they say which units won where, and what these are called.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import UInt8
from torch import Tensor, nn
from torch.export import Dim, ExportedProgram

from rivalry.export.loading.checkpoint import DissectedCheckpoint
from rivalry.lwta.layer import competitions


class WithWinners(nn.Module):
    """A checkpoint's network that gives the winners, too. Its hooks stay on the network until :meth:`close`.

    Attributes:
        layers: Dotted names of those that compete, in the order in which they run.

    Args:
        checkpoint: Its network is used as it is.
    """

    def __init__(self, checkpoint: DissectedCheckpoint) -> None:
        super().__init__()
        self.network = checkpoint.network
        self.layers: tuple[str, ...] = ()
        self._normalise = checkpoint.normalise
        self._heard: dict[str, Tensor] = {}
        self._hooks = [
            layer.winner.register_forward_hook(self._hear(name)) for name, layer in competitions(self.network).items()
        ]

    def forward(self, images: UInt8[Tensor, "batch 3 height width"]) -> tuple[Tensor, ...]:
        """Logits, and the winners of every layer."""
        logits = self.network(self._normalise(images)).float()
        self.layers = tuple(self._heard)
        winners = [self._heard.pop(name) for name in self.layers]
        return (logits, *winners)

    def close(self) -> None:
        """Take the hooks off the network."""
        while self._hooks:
            self._hooks.pop().remove()

    def _hear(self, name: str) -> Callable[..., None]:
        def hook(_winner: nn.Module, _inputs: object, winners: Tensor) -> None:
            self._heard[name] = winners

        return hook


def export_program(checkpoint: DissectedCheckpoint) -> tuple[ExportedProgram, tuple[str, ...]]:
    """Export the network with its normalisation and its winners.

    Args:
        checkpoint: Its network is left as it was.

    Returns:
        The program, for ``torch.export.save`` and for :func:`rivalry.export.loading.onnx.to_onnx`, and the names of the
        layers whose winners follow the logits.
    """
    images = torch.zeros(2, 3, checkpoint.size, checkpoint.size, dtype=torch.uint8)
    telling = WithWinners(checkpoint).eval()
    try:
        with torch.no_grad():
            telling(images)  # tells the layers in their order
            program = torch.export.export(telling, (images,), dynamic_shapes=({0: Dim.DYNAMIC},))
    finally:
        telling.close()
    return program, telling.layers
