"""Prototypes are made wherever an analysis concludes, and in no more passes than tell something."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from rivalry.lwta.layer import LWTA
from rivalry.prototypes import making
from rivalry.prototypes.optimisation import RECIPES, Optimised, optimise
from tests.concepts.planted import Colourist, colours_loader
from tests.prototypes.made import prototypes


@pytest.mark.parametrize("recipe", ["prototype", "fourier"])
def test_in_inference_mode_they_are_the_same(recipe: str) -> None:
    network, loader = Colourist(), colours_loader()
    told: dict[str, Any] = {"recipe": recipe, "plain": None, "targets": ["class:0", "unit:act:1"]}
    wanted = prototypes(network, loader, **told)
    with torch.inference_mode():  # as in a validation loop
        found = prototypes(network, loader, **told)
    for column in ("value", "picture", "alpha"):
        assert found.tables["prototypes"][column] == wanted.tables["prototypes"][column]


@pytest.mark.parametrize(("recipe", "passes"), [("prototype", 1), ("maco", 3)])
def test_an_expectation_is_not_averaged_over_draws(recipe: str, passes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def noted(*arguments: Any, **named: Any) -> Optimised:
        seen.append(named["draws"])
        return optimise(*arguments, **named)

    monkeypatch.setattr(making, "optimise", noted)
    network = Colourist()
    network.act = LWTA(2)  # type: ignore[assignment]
    assert RECIPES[recipe]().expectation == (passes == 1)
    prototypes(network, mode="sample", recipe=recipe, plain=None, draws=3, targets=["class:0"])
    assert seen == [passes]
