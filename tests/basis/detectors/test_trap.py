"""No unit does better than the trap allows."""

import pytest
import torch

from rivalry.basis.detectors.scores import chosen_thresholds, iou, threshold_of
from rivalry.basis.detectors.trap import best_possible_iou, ceiling, undetectable
from tests.basis.detectors.plain import drawn
from tests.basis.detectors.test_tallies import counted, edges_of


def test_at_the_quantile_of_2017_only_areas_from_two_in_ten_thousand_to_an_eighth_can_be_detected() -> None:
    shares = torch.tensor([0.0001999, 0.0002001, 0.12499, 0.12501], dtype=torch.float64)
    assert undetectable(shares, 0.005).tolist() == [True, False, False, True]
    assert best_possible_iou(torch.tensor([0.005]), 0.005).tolist() == [1.0]
    assert not bool(undetectable(torch.tensor([torch.nan]), 0.005).any())


@pytest.mark.parametrize("level", [0.005, 0.1, 0.5])
def test_a_mask_of_the_best_kind_reaches_it_and_none_exceeds_it(level: float) -> None:
    pixels = 1000
    marked = round(level * pixels)
    order = torch.randperm(pixels, generator=torch.Generator().manual_seed(0))
    for concept in (1, 5, 100, 600, 1000):
        best = float(best_possible_iou(torch.tensor(concept / pixels, dtype=torch.float64), level))
        nested, strange = set(range(concept)) & set(range(marked)), set(range(concept)) & set(order[:marked].tolist())
        assert len(nested) / max(concept, marked) == pytest.approx(best)
        assert len(strange) / (concept + marked - len(strange)) <= best


def test_no_unit_exceeds_the_ceiling_of_its_own_mask() -> None:
    for seed in range(4):
        data = drawn(seed=seed)
        counts = counted(data, edges_of(data))
        for places in (threshold_of(counts, 0.1), threshold_of(counts, 0.02), chosen_thresholds(counts)):
            found, most = iou(counts, places), ceiling(counts, places)
            known = ~found.isnan()
            assert bool((found <= most + 1e-12)[known].all())
            assert torch.equal(most.isnan(), (counts.concept_pixels == 0)[:, None].expand_as(most))


def test_the_ceiling_by_hand() -> None:
    data = drawn(pictures=2, places=(1, 1), mask=(1, 4))
    data.maps[:, 0] = torch.tensor([1.0, 0.0]).reshape(2, 1, 1)
    data.masks[:] = 0
    data.masks[:, 0] = torch.tensor([[1, 1, 1, 2], [1, 2, 2, 2]])[:, None]
    counts = counted(data._replace(first=torch.tensor([True, True])), edges_of(data)).merged()
    place = torch.tensor([int((counts.edges[0] == 0).nonzero()[0])] * 5)
    assert ceiling(counts, place)[0, 0, :2].tolist() == [1.0, 1.0]  # 4 of 8 pixels are marked, 4 show each
    assert iou(counts, place)[0, 0, :2].tolist() == [3 / 5, 1 / 7]
