"""Against scikit-learn and a plain count, with ties, rare concepts and concepts that no sample shows."""

import numpy as np
import pytest
import torch
from sklearn.metrics import average_precision_score

from rivalry.numerics import ranking
from rivalry.numerics.ranking import ranking_agreement


def drawn(samples: int, units: int, concepts: int, levels: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(samples)
    values = torch.randn(samples, units, generator=generator)
    shown = torch.rand(samples, concepts, generator=generator) < torch.linspace(0.02, 0.9, concepts)
    shown[0] = True
    return ((values * levels).round() if levels else values), shown


@pytest.mark.parametrize("levels", [0, 1, 3])
def test_average_precision_equals_scikit_learn(levels: int) -> None:
    values, shown = drawn(230, 5, 7, levels)
    found = ranking_agreement(values, shown).average_precision
    expected = [[average_precision_score(y, x) for y in shown.T.numpy()] for x in values.T.numpy()]
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-6)


@pytest.mark.parametrize("levels", [0, 1, 3])
def test_iou_equals_a_plain_count(levels: int) -> None:
    values, shown = drawn(90, 4, 6, levels)
    found = ranking_agreement(values, shown).iou
    for unit, x in enumerate(values.T.numpy()):
        for concept, y in enumerate(shown.T.numpy()):
            active = x >= np.sort(x)[::-1][y.sum() - 1]
            assert found[unit, concept] == pytest.approx((active & y).sum() / (active | y).sum())


def test_a_perfect_ranking_is_perfect_however_rare_the_concept() -> None:
    shown = torch.arange(100)[:, None] < torch.tensor([1, 5, 60, 100])
    found = ranking_agreement(-torch.arange(100.0)[:, None], shown)
    assert torch.equal(found.average_precision, torch.ones(1, 4))
    assert torch.equal(found.iou, torch.ones(1, 4))


def test_a_silent_unit_knows_no_more_than_the_share() -> None:
    _, shown = drawn(50, 1, 4)
    found = ranking_agreement(torch.zeros(50, 1), shown)
    torch.testing.assert_close(found.average_precision[0], shown.float().mean(0))
    torch.testing.assert_close(found.iou[0], shown.float().mean(0))


def test_what_no_sample_shows_is_unknown() -> None:
    found = ranking_agreement(torch.rand(8, 2), torch.zeros(8, 1, dtype=torch.bool))
    assert bool(found.average_precision.isnan().all())
    assert bool(found.iou.isnan().all())


@pytest.mark.parametrize("elements", [1, 90])
def test_groups_of_units_change_nothing(monkeypatch: pytest.MonkeyPatch, elements: int) -> None:
    values, shown = drawn(40, 7, 3, 2)
    whole = ranking_agreement(values, shown)
    monkeypatch.setattr(ranking, "_ELEMENTS_AT_ONCE", elements)
    for ours, theirs in zip(ranking_agreement(values, shown), whole, strict=True):
        torch.testing.assert_close(ours, theirs)


def test_a_sample_of_the_images_keeps_the_stated_error() -> None:
    """0.5 / √P is the largest standard deviation that a mean of P numbers in [0, 1] can have."""
    generator = torch.Generator().manual_seed(0)
    shown = torch.rand(40_000, 3, generator=generator) < torch.tensor([0.02, 0.1, 0.4])
    values = torch.randn(40_000, 4, generator=generator) + shown[:, :1] * torch.arange(4) + shown[:, 2:]
    whole = ranking_agreement(values, shown).average_precision
    kept = torch.randperm(40_000, generator=generator)[:4000]
    part = ranking_agreement(values[kept], shown[kept]).average_precision
    assert bool(((part - whole).abs() < 2 * 0.5 / shown[kept].sum(0).sqrt()).all())
