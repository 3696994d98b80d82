"""The planted unit is found, and none where there is nothing to find."""

import pytest
import torch

from rivalry.artefacts.registers.register_units import UnitContrast, find_register_units, onset, units_by_layer
from tests.artefacts.registers.planted import BLOCK, PLACES, UNIT, Scenes, compete, hooks_of, plant, small_vit


def inputs(count: int = 12, size: tuple[int, int] = (40, 40)) -> torch.Tensor:
    return Scenes(count, size=size).images.float() / 255


@pytest.mark.parametrize("competing", [False, True])
@pytest.mark.parametrize("arguments", [{}, {"reg_tokens": 3}, {"class_token": False, "global_pool": "avg"}])
def test_the_planted_unit_comes_first(competing: bool, arguments: dict[str, object]) -> None:
    network = plant(small_vit(**arguments))
    if competing:
        compete(network)
    found = find_register_units(network, inputs())
    assert (found[0].layer, found[0].unit) == (f"blocks.{BLOCK}", UNIT)
    assert found[0].outlier > 10 * found[1].outlier
    assert {one.layer for one in found} <= {"blocks.0", "blocks.1"}  # nothing behind where they come up
    assert len(find_register_units(network, inputs(), count=1)) == 1
    assert hooks_of(network) == 0


def test_none_without_outliers() -> None:
    assert find_register_units(small_vit(), inputs()) == []


def test_means_are_plain_means_over_all_batches() -> None:
    units = torch.randn(6, 9, 4, generator=torch.Generator().manual_seed(0))
    outliers = torch.zeros(6, 9, dtype=torch.bool)
    outliers[:, 2] = True
    units[:, 2, 3] = -50
    contrast = UnitContrast()
    for rows in (slice(0, 4), slice(4, 6)):
        contrast.update("a", units[rows], outliers[rows])
    (found,) = contrast.strongest(5)
    assert found.unit == 3
    assert found.outlier == pytest.approx(50)
    assert found.normal == pytest.approx(float(units[..., 3][~outliers].abs().mean()), rel=1e-5)


def test_onset_and_grouping() -> None:
    assert onset({"a": 0.0, "b": 0.0}) == "a"
    assert onset({"a": 0.001, "b": 0.02, "c": 0.03}) == "b"
    assert units_by_layer([]) == {}
    assert len(PLACES) == 2
