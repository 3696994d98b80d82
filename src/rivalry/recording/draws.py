"""Several runs of a network, averaged: where its LWTA layers draw their winners, each run is another."""

from __future__ import annotations

from torch import nn

from rivalry.lwta.layer import competitions


def check_draws(draws: int, network: nn.Module) -> None:
    """Raise a ``ValueError`` for fewer than one draw, or several of a network that draws nothing."""
    if draws < 1:
        raise ValueError(f"an answer takes 1 draw or more, got {draws}")
    if draws > 1 and not any(layer.mode == "sample" for layer in competitions(network).values()):
        raise ValueError(f"no LWTA layer draws (mode 'sample'), so {draws} draws are all the same: give draws=1")
