"""AUROC and average precision against scikit-learn's: of the bins exactly, of the values within the stated error."""

import numpy as np
import pytest
import torch
from sklearn.metrics import average_precision_score, roc_auc_score
from torch import Tensor

from rivalry.basis.detectors import Counts, scores
from rivalry.basis.detectors.bilinear import upsample
from rivalry.basis.detectors.histogram import bins_of
from rivalry.basis.detectors.selectivity import auroc, auroc_error, average_precision, average_precision_error
from tests.basis.detectors.plain import CATEGORIES, Drawn, drawn
from tests.basis.detectors.test_tallies import counted, edges_of


def answering(seed: int = 0) -> Drawn:
    """Units that know something of concept 0, more or less."""
    data = drawn(pictures=12, places=(6, 8), mask=(12, 16), seed=seed)
    size = data.maps.shape[-2:]
    there = torch.nn.functional.interpolate((data.masks[:, :1] == 1).float(), size, mode="area")
    return data._replace(maps=data.maps + torch.tensor([2.0, 4.0, 0.0, 3.0, 0.0])[:, None, None] * there)


def of_pixels(data: Drawn, values: Tensor, half: bool, unit: int, concept: int) -> tuple[np.ndarray, np.ndarray]:
    """Whether each pixel that counts shows the concept, and the unit's value there."""
    plane = data.masks[data.first == half, CATEGORIES[concept]].flatten(1)
    labelled = plane.any(1)
    own = values[data.first == half][labelled, unit].flatten()
    return (plane[labelled] == concept + 1).flatten().numpy(), own.numpy()


def scored(data: Drawn, values: Tensor) -> tuple[Tensor, Tensor]:
    found = torch.full((2, 2, 5, 6), torch.nan, dtype=torch.float64)
    for place, half in enumerate((True, False)):
        for unit in range(5):
            for concept in range(6):
                shown, own = of_pixels(data, values, half, unit, concept)
                if shown.any() and not shown.all():
                    found[0, place, unit, concept] = roc_auc_score(shown, own)
                if shown.any():
                    found[1, place, unit, concept] = average_precision_score(shown, own)
    return found[0], found[1]


def test_of_the_bins_they_are_scikit_learns() -> None:
    data = answering()
    counts = counted(data, edges_of(data))
    values = upsample(data.maps, (12, 16)).flatten(2)
    binned = bins_of(values.movedim(1, 0).flatten(1), counts.edges).view(5, 12, -1).movedim(0, 1)
    expected = scored(data, binned.double())
    torch.testing.assert_close(auroc(counts), expected[0], equal_nan=True)
    torch.testing.assert_close(average_precision(counts), expected[1], equal_nan=True)


@pytest.mark.parametrize("every", [1, 4, 12])
@pytest.mark.parametrize("seed", [0, 1])
def test_of_the_values_they_are_within_the_stated_error(every: int, seed: int) -> None:
    data = answering(seed)
    counts = counted(data, edges_of(data)[:, ::every].contiguous())
    expected = scored(data, upsample(data.maps, (12, 16)).flatten(2))
    scores_and_errors = (
        (auroc(counts), auroc_error(counts), 0.04),
        (average_precision(counts), average_precision_error(counts), 0.08),
    )
    for (found, error, most), own in zip(scores_and_errors, expected, strict=True):
        known = ~own.isnan()
        assert torch.equal(known, ~found.isnan())
        assert bool(((found - own).abs() <= error + 1e-12)[known].all())
        assert bool((error[known] < most * every).all())


def test_silent_units_know_nothing_and_that_is_certain() -> None:
    data = answering()
    counts = counted(data, edges_of(data))
    for unit in (2, 4):  # constant
        known = ~auroc(counts)[:, unit].isnan()
        assert bool((auroc(counts)[:, unit][known] == 0.5).all())
        assert bool((auroc_error(counts)[:, unit][known] == 0).all())
        area = counts.area_share
        torch.testing.assert_close(average_precision(counts)[:, unit].nan_to_num(), area.double().nan_to_num())
    raised = counted(data, edges_of(data) + 0.5)  # now something may lie below the lowest edge
    assert float(auroc_error(raised)[0, 2, 0]) == 0.5


def test_a_unit_that_knows_a_concept_is_told_from_others() -> None:
    data = answering()
    found = auroc(counted(data, edges_of(data)))
    assert found[1, [0, 1, 3], :5].argmax(1).tolist() == [0, 0, 0]
    assert float(found[1, 1, 0]) > 0.65


def test_units_in_groups_equal_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    data = answering()
    counts: Counts = counted(data, edges_of(data))
    whole = auroc(counts), average_precision(counts)
    monkeypatch.setattr(scores, "_ELEMENTS_AT_ONCE", 1)
    for one, other in zip(whole, (auroc(counts), average_precision(counts)), strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=0, equal_nan=True)
