"""All scores of an extraction at once: what they are made of, how they compare, that the layer's scale is no matter."""

from dataclasses import astuple

import pytest
import torch
from torch import Tensor

from rivalry.concepts.extraction import NMF, PCA, Extraction, KMeans, NaturalUnits
from rivalry.concepts.judgement import ExtractionScores, folds_of_images, judge_extraction
from rivalry.concepts.judgement.frechet import frechet
from rivalry.concepts.judgement.judge import NEIGHBOUR
from rivalry.concepts.judgement.neighbours import neighbour_distance
from rivalry.concepts.judgement.reconstruction import relative_l2
from rivalry.concepts.judgement.wasserstein import wasserstein_1d
from rivalry.numerics.sampling import draw
from tests.concepts.extraction.planted import planted

FOLD = folds_of_images(75, 4)


def judged(extraction: Extraction, rows: Tensor, concepts: int = 5, fold: Tensor = FOLD) -> ExtractionScores:
    found = extraction.fit(rows, concepts)
    return judge_extraction(extraction, found, rows, found.encode(rows), fold)


@pytest.fixture(scope="module")
def rows() -> Tensor:
    clean, _, _ = planted(300)
    return clean + 0.1 * torch.rand(clean.shape, generator=torch.Generator().manual_seed(4))


def test_scores_are_those_of_the_parts(rows: Tensor) -> None:
    found = PCA().fit(rows, 5)
    codes = found.encode(rows)
    scores = judge_extraction(PCA(), found, rows, codes, FOLD)
    square = float(rows.square().mean())
    assert scores.relative_l2 == relative_l2(rows, found.decode(codes))
    assert scores.wasserstein == pytest.approx(wasserstein_1d(rows, found.decode(codes)) / square**0.5)
    assert scores.frechet == pytest.approx(frechet(rows, codes, found.concepts) / (20 * square))
    assert scores.zeros == 0
    real = FOLD == 0
    far, near = (neighbour_distance(part[~real], rows[real], NEIGHBOUR) for part in (found.decode(codes), rows))
    assert scores.out_of_distribution == pytest.approx((far - near) / (20 * square) ** 0.5)


def test_the_known_story_holds_on_planted_concepts(rows: Tensor) -> None:
    pca, kmeans, nmf = judged(PCA(), rows), judged(KMeans(), rows), judged(NMF(), rows)
    assert pca.relative_l2 < nmf.relative_l2 < kmeans.relative_l2
    assert pca.zeros < nmf.zeros < kmeans.zeros == pytest.approx(0.8)
    assert nmf.stability > 0.98


def test_all_units_lose_nothing(rows: Tensor) -> None:
    assert astuple(judged(NaturalUnits(), rows, 20)) == pytest.approx((0, 0, 1, 0, 0, 0), abs=1e-9)


@pytest.mark.parametrize("extraction", [NaturalUnits(), PCA(), NMF()], ids=lambda one: one.name)
def test_scores_do_not_depend_on_the_scale_of_the_layer(rows: Tensor, extraction: Extraction) -> None:
    assert astuple(judged(extraction, rows)) == pytest.approx(astuple(judged(extraction, 64 * rows)), rel=1e-3)


def test_scores_do_not_depend_on_the_order_of_channels(rows: Tensor) -> None:
    order = torch.randperm(20, generator=torch.Generator().manual_seed(0))
    assert astuple(judged(PCA(), rows)) == pytest.approx(astuple(judged(PCA(), rows[:, order])), rel=1e-3, abs=1e-4)


def test_large_samples_are_thinned_by_seed(rows: Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = judged(NMF(), rows)
    monkeypatch.setattr("rivalry.concepts.judgement.judge.MOST_ROWS", 100)
    thin = judged(NMF(), rows)
    assert thin == judged(NMF(), rows)
    assert (thin.relative_l2, thin.zeros) == (whole.relative_l2, whole.zeros)  # these are of all rows
    assert thin.frechet != whole.frechet
    assert thin.frechet == pytest.approx(whole.frechet, rel=0.5)


def test_a_single_fold_is_refused(rows: Tensor) -> None:
    with pytest.raises(ValueError, match="two folds or more, got 1"):
        judged(PCA(), rows, fold=torch.zeros(300, dtype=torch.long))


def test_rows_that_are_nearly_all_zero_have_a_length(rows: Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    """None of the rows that are looked at closely need differ from zero."""
    drawn = draw(300, 20, 0)
    sparse = rows.index_fill(0, drawn, 0.0)
    monkeypatch.setattr("rivalry.concepts.judgement.judge.MOST_ROWS", 20)
    scores = judged(PCA(), sparse)
    assert (scores.wasserstein, scores.frechet, scores.out_of_distribution) == pytest.approx((0, 0, 0), abs=1e-9)
    assert scores.relative_l2 > 0
