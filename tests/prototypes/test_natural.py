"""Natural pictures are read as prototypes are, for all targets at once."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from rivalry.prototypes.natural import worth
from rivalry.prototypes.objectives.targets import Target
from rivalry.prototypes.objectives.values import values
from rivalry.recording.layer_maps import LayerMaps
from rivalry.recording.observation import Observation

SIZE = (8, 8)


def observed(
    outputs: dict[str, Tensor], logits: Tensor | None, winners: dict[str, Tensor] | None = None
) -> Observation:
    rows = len(next(iter(outputs.values()))) if outputs else len(logits if logits is not None else ())
    return Observation(
        torch.arange(rows), torch.zeros(rows, 3, *SIZE, dtype=torch.uint8), None, None, logits, outputs, winners or {}
    )


def unit(layer: str, number: int) -> Target:
    return Target("unit", number, f"{layer}:{number}", layer)


MAPS = LayerMaps(nn.Identity(), {"map": 1, "vector": 1}, {}, vectors=True)


@pytest.mark.parametrize("reading", ["mean", "centre"])
def test_values_are_those_of_prototypes(reading: str) -> None:
    generator = torch.Generator().manual_seed(0)
    outputs = {"map": torch.randn(5, 6, 4, 4, generator=generator), "vector": torch.randn(5, 3, generator=generator)}
    logits = torch.randn(5, 4, generator=generator)
    targets = [unit("map", 5), Target("class", 2, "two"), unit("vector", 0), unit("map", 1)]
    found = worth(targets, observed(outputs, logits), MAPS, {}, reading)  # type: ignore[arg-type]
    maps = MAPS.of(outputs, SIZE)
    for place, target in enumerate(targets):
        alone = values([target] * 5, logits, maps, {}, reading)  # type: ignore[arg-type]
        assert torch.allclose(found.values[:, place], alone)


def test_a_unit_answers_where_it_is_above_zero_and_a_class_always() -> None:
    output = torch.full((2, 2, 2, 2), -1.0)
    output[1, 0, 1, 1] = 0.5
    found = worth(
        [unit("map", 0), unit("map", 1), Target("class", 0, "a")],
        observed({"map": output}, torch.zeros(2, 1)),
        MAPS,
        {},
    )
    assert found.answered.tolist() == [[False, False, True], [True, False, True]]


def test_a_unit_that_competes_answers_where_it_wins_also_below_zero() -> None:
    output = torch.zeros(1, 4, 1, 2)
    winners = torch.tensor([[[[0, 1]], [[1, 1]]]])  # of two blocks of two, at two places
    output[0, 0, 0, 0] = -3.0
    seen = observed({"map": output}, None, {"map": winners})
    found = worth([unit("map", number) for number in range(4)], seen, MAPS, {"map": 2})
    assert found.answered.tolist() == [[True, True, False, True]]


def test_directions_are_read_as_they_come() -> None:
    given = torch.tensor([[[[1.0, 3.0]], [[-1.0, -2.0]]]])
    targets = [Target("direction", number, f"map@b:{number}", "map@b") for number in range(2)]
    found = worth(targets, observed({"map@b": given}, None), None, {})
    assert found.values.tolist() == [[2.0, -1.5]]
    assert found.answered.tolist() == [[True, False]]


def test_a_class_wants_logits_and_a_unit_its_maps() -> None:
    with pytest.raises(ValueError, match="came without logits"):
        worth([Target("class", 0, "a")], observed({"map": torch.zeros(1, 1, 1, 1)}, None), None, {})
    with pytest.raises(ValueError, match="was not settled"):
        worth([unit("map", 0)], observed({"map": torch.zeros(1, 1, 1, 1)}, None), None, {})
