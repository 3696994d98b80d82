"""A layer's scores equal those of its units one by one, whatever their numbers of images."""

import math

import pytest
import torch

from rivalry.dissection import likeness
from rivalry.dissection.layer_stream import LayerSummary
from rivalry.dissection.likeness import likeness_of, mean_cosine
from rivalry.numerics.semantics import clarity, monosemanticity, polysemanticity, redundancy
from rivalry.recording.sample_rows import Rows
from rivalry.recording.top_images import Ranking

INDICES = torch.tensor([2, 3, 5, 7, 11, 13])
TOP = torch.tensor([[3, 5, 11, 2], [7, 2, -1, -1], [13, -1, -1, -1], [-1, -1, -1, -1], [2, 3, 5, 7]])
VALUES = torch.tensor([[4.0, 3, 2, 1], [1, 0.5, -1, -1], [2, -1, -1, -1], [-1, -1, -1, -1], [-1, -2, -3, -4]])
VALUES = VALUES.masked_fill(TOP < 0, -math.inf)
EXTREMES = torch.tensor([[0.0, 0.0, 0.0, 0.0, -5.0], [4.0, 1.0, 2.0, 0.0, 0.0]])


def features() -> torch.Tensor:
    drawn = torch.randn(6, 8, generator=torch.Generator().manual_seed(0))
    return torch.nn.functional.normalize(drawn, dim=1)


def summary(rows: Rows | None = None) -> LayerSummary:
    wins = (TOP >= 0).sum(1)
    return LayerSummary(Ranking(TOP, VALUES, wins), wins.float(), wins.float(), EXTREMES, None, rows)


def of_unit(unit: int) -> torch.Tensor:
    return features()[torch.searchsorted(INDICES, TOP[unit][TOP[unit] >= 0])][None]


@pytest.mark.parametrize("elements", [1, 2**24])
def test_each_unit_by_itself(monkeypatch: pytest.MonkeyPatch, elements: int) -> None:
    monkeypatch.setattr(likeness, "_ELEMENTS_AT_ONCE", elements)
    found = likeness_of(summary(), INDICES, features())
    for unit in (0, 1, 4):
        torch.testing.assert_close(found.clarity[unit], clarity(of_unit(unit))[0])
        torch.testing.assert_close(found.polysemanticity[unit], polysemanticity(of_unit(unit))[0])
    centres = torch.cat([of_unit(unit).mean(1) for unit in (0, 1, 2, 4)])
    torch.testing.assert_close(found.redundancy[[0, 1, 2, 4]], redundancy(centres))
    weights = {0: [1, 0.75, 0.5, 0.25], 1: [1, 0.5], 4: [0.8, 0.6, 0.4, 0.2]}
    for unit, given in weights.items():
        expected = monosemanticity(torch.tensor([given]), of_unit(unit))[0]
        torch.testing.assert_close(found.monosemanticity[unit], expected)
    for scores in (found.clarity, found.polysemanticity, found.monosemanticity):
        assert scores.isnan().tolist() == [False, False, True, True, False]
    assert found.redundancy.isnan().tolist() == [False, False, False, True, False]


def test_monosemanticity_looks_at_every_image_where_all_are_kept() -> None:
    kept = torch.rand(6, 5, generator=torch.Generator().manual_seed(1))
    found = likeness_of(summary(Rows(INDICES, kept)), INDICES, features())
    weights = ((kept - EXTREMES[0]) / (EXTREMES[1] - EXTREMES[0])).clamp(0, 1).T
    expected = monosemanticity(weights, features().expand(5, 6, 8))
    torch.testing.assert_close(found.monosemanticity[[0, 1, 2, 4]], expected[[0, 1, 2, 4]])
    assert bool(found.monosemanticity[3].isnan())  # it never won


def test_a_layer_where_none_lives_has_no_scores() -> None:
    nobody = torch.full((3, 4), -1)
    top = Ranking(nobody, nobody.float(), torch.zeros(3, dtype=torch.long))
    layer = LayerSummary(top, torch.zeros(3), torch.zeros(3), torch.zeros(2, 3), None, None)
    found = likeness_of(layer, torch.zeros(0, dtype=torch.long), torch.zeros(0, 8))
    for scores in (found.clarity, found.redundancy, found.polysemanticity, found.monosemanticity):
        assert bool(scores.isnan().all())


def test_the_mean_cosine_of_any_two() -> None:
    cosines = features() @ features().T
    assert mean_cosine(features()) == pytest.approx(float((cosines.sum() - 6) / 30), abs=1e-6)
    assert math.isnan(mean_cosine(features()[:1]))
