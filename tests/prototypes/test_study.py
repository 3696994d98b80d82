"""Which targets are studied together."""

from __future__ import annotations

import pytest

from rivalry.prototypes.optimisation import Recipe
from rivalry.prototypes.study import grouped, recipe_of


@pytest.mark.parametrize(("count", "copies", "groups", "largest"), [
    (0, 1, 0, 0), (1, 1, 1, 1), (8, 1, 1, 8), (20, 1, 2, 10), (1000, 1, 16, 63), (5, 4, 2, 3), (3, 100, 3, 1),
])  # fmt: skip
def test_groups_hold_every_target_once_and_are_of_like_size(count: int, copies: int, groups: int, largest: int) -> None:
    found = grouped(range(count), copies)
    assert [place for group in found for place in group] == list(range(count))
    assert len(found) == groups
    sizes = [len(group) for group in found] or [0]
    assert max(sizes) == largest
    assert max(sizes) - min(sizes) <= 1


def test_a_recipe_goes_by_name_and_an_unknown_one_is_refused() -> None:
    assert recipe_of("fourier", None).steps == recipe_of("fourier", None).steps
    assert recipe_of(Recipe(steps=9), None).steps == 9
    assert recipe_of(Recipe(steps=9), 2).steps == 2
    with pytest.raises(ValueError, match="unknown recipe 'furier'; nearest: fourier"):
        recipe_of("furier", None)
