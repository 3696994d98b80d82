"""Prototypes are made wherever an analysis concludes, and in no more passes than tell something."""

from __future__ import annotations

from typing import Any

import pytest
import torch

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
