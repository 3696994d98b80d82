"""Linear probes of concepts, and what classes are made of."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from torch import Tensor

from rivalry.basis.decomposition import decompose
from rivalry.basis.supervised import fit_probes


def clouds(samples: int = 3000, channels: int = 12, concepts: int = 4, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Standardised features, and which of the overlapping clouds each sample is of; the last concept has none."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(concepts - 1, (samples,), generator=generator)
    centres = torch.randn(concepts, channels, generator=generator) * 0.8
    rows = torch.randn(samples, channels, generator=generator) + centres[labels]
    return (rows - rows.mean(0)) / rows.std(0), torch.nn.functional.one_hot(labels, concepts).float()


def test_probes_tell_concepts_apart_as_logistic_regression_does() -> None:
    rows, shares = clouds()
    probes = fit_probes(rows, shares, torch.ones_like(shares, dtype=torch.bool))
    assert probes.concepts.tolist() == [0, 1, 2]  # nothing shows the last one
    scores = rows @ probes.weights + probes.bias
    for probe in range(3):
        truth = shares[:, probe].numpy()
        peer = LogisticRegression(max_iter=500).fit(rows.numpy(), truth)
        ours, theirs = roc_auc_score(truth, scores[:, probe]), roc_auc_score(truth, peer.decision_function(rows))
        assert ours > theirs - 0.005
        assert torch.cosine_similarity(probes.weights[:, probe], torch.tensor(peer.coef_[0]), dim=0) > 0.95


def test_the_bias_parts_what_is_from_what_is_not() -> None:
    rows = torch.cat([torch.randn(300, 3) + 4, torch.randn(900, 3) - 4])
    shares = (torch.arange(1200) < 300).float()[:, None]
    probes = fit_probes((rows - rows.mean(0)) / rows.std(0), shares, torch.ones(1200, 1, dtype=torch.bool))
    scores = ((rows - rows.mean(0)) / rows.std(0)) @ probes.weights + probes.bias
    assert ((scores > 0) == (shares > 0)).all()


def test_places_of_pictures_without_the_category_are_no_negatives() -> None:
    rows, shares = clouds()
    labelled = torch.ones_like(shares, dtype=torch.bool)
    labelled[::2] = False
    shares[::2] = 0
    first = fit_probes(rows, shares, labelled)
    changed = rows.clone()
    changed[::2] = 100 * torch.randn(1500, 12)
    second = fit_probes(changed, shares, labelled)
    torch.testing.assert_close(first.weights, second.weights)
    torch.testing.assert_close(first.bias, second.bias)


def test_fits_follow_their_seed_and_need_no_gradients() -> None:
    rows, shares = clouds(500)
    everywhere = torch.ones_like(shares, dtype=torch.bool)
    first = fit_probes(rows, shares, everywhere)
    with torch.inference_mode():
        second = fit_probes(rows.clone(), shares.clone(), everywhere)
    assert torch.equal(first.weights, second.weights)
    assert not torch.equal(first.weights, fit_probes(rows, shares, everywhere, seed=1).weights)


def test_a_concept_that_is_everywhere_has_no_negatives_and_stays_finite() -> None:
    rows = clouds(300)[0]
    probes = fit_probes(rows, torch.ones(300, 1), torch.ones(300, 1, dtype=torch.bool))
    assert probes.weights.isfinite().all()
    assert ((rows @ probes.weights + probes.bias) > 0).all()


def test_without_concepts_there_are_no_probes() -> None:
    probes = fit_probes(torch.randn(10, 3), torch.zeros(10, 4), torch.ones(10, 4, dtype=torch.bool))
    assert probes.weights.shape == (3, 0)


def test_class_weights_that_are_sums_of_concepts_are_taken_apart() -> None:
    generator = torch.Generator().manual_seed(0)
    probes = torch.linalg.qr(torch.randn(20, 9, generator=generator))[0]
    found = decompose(3 * probes[:, 4] + 2 * probes[:, 1] + probes[:, 7], 5 * probes)
    assert found.concepts == (4, 1, 7)
    np.testing.assert_allclose(np.array(found.factors) * 14**0.5, [3, 2, 1], rtol=1e-4)
    assert found.explained == pytest.approx(1.0)


def test_a_decomposition_has_few_concepts_and_no_negative_factor() -> None:
    generator = torch.Generator().manual_seed(1)
    probes, weights = torch.randn(30, 25, generator=generator), torch.randn(30, generator=generator)
    explained = [decompose(weights, probes, most=most).explained for most in range(1, 8)]
    assert explained == sorted(explained)
    found = decompose(weights, probes)
    assert len(found.concepts) <= 7
    assert min(found.factors) > 0
    best = torch.cosine_similarity(weights[:, None], probes, dim=0).max()
    assert explained[0] == pytest.approx(float(best) ** 2, abs=1e-5)


def test_what_points_no_way_of_a_concept_is_all_left_over() -> None:
    found = decompose(torch.tensor([-1.0, 0.0]), torch.tensor([[1.0], [0.0]]))
    assert found.concepts == ()
    assert found.explained == 0.0
    assert decompose(torch.zeros(2), torch.eye(2)).explained == 0.0
