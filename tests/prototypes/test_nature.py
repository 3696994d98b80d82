"""What the pass tells of natural pictures is what images are held to: in the mode in which these are optimised."""

from __future__ import annotations

import torch
from torch import nn

from rivalry.lwta.layer import LWTA
from rivalry.prototypes.nature import Nature
from rivalry.prototypes.objectives.ground import COLOURS, Natural, layer_statistics
from rivalry.prototypes.optimisation import Recipe
from rivalry.recording import sweep
from rivalry.recording.live import Live
from tests.concepts.planted import Colourist, Colours, colours_loader
from tests.prototypes.made import study


def competing() -> nn.Module:
    network = Colourist()
    network.act = LWTA(2)  # type: ignore[assignment]
    return network


def nature_of(network: nn.Module, *recipes: Recipe) -> Nature:
    plain = recipes[1] if len(recipes) > 1 else None
    analysis = study(recipe=recipes[0], plain=plain, steps=1, layers=["mix", "act"], targets=["class:red"])
    sweep(network, colours_loader(), [analysis], mode="argmax", progress=False)
    return analysis._stream.compute()


def test_statistics_are_those_of_the_mode_of_the_pass() -> None:
    network, natural = competing(), Natural(path=1.0)
    ground = nature_of(network, Recipe(natural=natural, to_losers=True)).ground
    assert ground is not None
    pictures = torch.stack([Colours()[place]["image"] for place in range(60)]).float()
    with Live(network, ["mix", "act"], to_losers=True) as live:
        parts = [live(batch).outputs for batch in pictures.split(16)]  # as they were shown: winners hang on rounding
    outputs = {layer: torch.cat([part[layer] for part in parts]) for layer in ("mix", "act")}
    torch.testing.assert_close(
        ground.layers["act"][0], layer_statistics(outputs["act"], 1).mean(0), rtol=1e-4, atol=1e-5
    )
    assert 0.5 < float(ground.distance(outputs, pictures / 255, natural).mean()) <= 2


def test_only_layers_to_which_images_are_held_are_looked_at() -> None:
    ground = nature_of(Colourist(), Recipe(natural=Natural())).ground
    assert ground is not None
    assert ground.axes == {COLOURS: 1}
    assert nature_of(Colourist(), Recipe()).ground is None
