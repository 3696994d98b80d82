"""What the pass tells of natural pictures is what images are held to: in the mode in which these are optimised."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from rivalry.lwta.layer import LWTA, Mode
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


def test_every_recipe_is_held_to_statistics_of_its_own_mode() -> None:
    network, natural = competing(), Natural(path=1.0)
    nature = nature_of(network, Recipe(natural=natural, expectation=True), Recipe(natural=natural))
    pictures = torch.stack([Colours()[place]["image"] for place in range(60)]).float()
    modes: dict[bool, Mode] = {False: "argmax", True: "mean"}
    for expectation, mode in modes.items():
        ground = nature.grounds[expectation]
        with Live(network, ["mix", "act"], mode=mode) as live:
            parts = [
                live(batch).outputs for batch in pictures.split(16)
            ]  # as they were shown: winners hang on rounding
        outputs = {layer: torch.cat([part[layer] for part in parts]) for layer in ("mix", "act")}
        mean, _ = ground.layers["act"]
        torch.testing.assert_close(mean, layer_statistics(outputs["act"], 1).mean(0), rtol=1e-4, atol=1e-5)
        assert 0.5 < float(ground.distance(outputs, pictures / 255, natural).mean()) <= 2
    apart = (nature.grounds[True].layers["act"][0] - nature.grounds[False].layers["act"][0]).abs()
    assert float(apart.max()) > 0.01


@pytest.mark.parametrize("expectation", [False, True])
def test_only_layers_to_which_images_are_held_are_looked_at(expectation: bool) -> None:
    nature = nature_of(Colourist(), Recipe(natural=Natural(), expectation=expectation))
    assert list(nature.grounds) == [expectation]
    assert nature.grounds[expectation].axes == {COLOURS: 1}
    assert not nature_of(Colourist(), Recipe()).grounds
