"""The bases of a layer, folded into its own units, and what they answer."""

import numpy as np
import pytest
import torch
from torch import Tensor

from rivalry.basis.answers import PictureAnswers, answers_of
from rivalry.basis.bases import Basis, probed_basis, rotated_bases, standardised
from rivalry.basis.layer_bases import Fitted
from rivalry.basis.pixels import Pixels
from rivalry.basis.rotation import Rotation
from rivalry.numerics.semantics import monosemanticity
from rivalry.recording.directions import Directions


def vectors(count: int = 300, channels: int = 5, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return 3 + torch.randn(count, channels, generator=generator) @ torch.randn(channels, channels, generator=generator)


def rotation(rows: Tensor, directions: int = 4) -> Rotation:
    matrix = torch.linalg.qr(torch.randn(rows.shape[1], directions, generator=torch.Generator().manual_seed(1)))[0]
    return Rotation(rows.mean(0), rows.std(0, correction=0), matrix, 0.5, 1.25)


def scores(basis: Basis, rows: Tensor) -> Tensor:
    return rows @ basis.directions.weights - basis.directions.bias


def test_bases_differ_by_their_rotation_alone() -> None:
    rows = vectors()
    fitted = rotation(rows)
    bases = rotated_bases(rows, fitted, seed=0)
    standard = (rows - fitted.mean) / fitted.scale
    torch.testing.assert_close(scores(bases["unsupervised"], rows), standard @ fitted.matrix / 0.5 - 1.25)
    assert bases["natural"].directions.weights.shape == (5, 5)
    for name in ("pca", "random"):
        turned = (scores(bases[name], rows) + 1.25) * 0.5  # margin and bias are those of the fitted one
        assert turned.square().mean(0).sum() <= standard.square().mean(0).sum() * (1 + 1e-5)
        assert (turned.pow(3).mean(0) >= -1e-5).all()
    principal = (scores(bases["pca"], rows) + 1.25) * 0.5
    correlations = principal.T @ principal / len(rows)
    torch.testing.assert_close(correlations, correlations.diag().diag(), atol=1e-4, rtol=0)


def test_units_are_dissected_as_they_are_and_answer_in_the_fitted_margin() -> None:
    rows = vectors()
    fitted = rotation(rows)
    units = rotated_bases(rows, fitted, seed=0)["natural"]
    maps = rows[:6].T.reshape(1, 5, 2, 3)
    assert torch.equal(units.directions.of(maps), maps)
    expected = (maps - fitted.mean[:, None, None]) / fitted.scale[:, None, None] / 0.5 - 1.25
    torch.testing.assert_close(units.answers.of(maps), expected, atol=1e-5, rtol=1e-5)


def pixels() -> Pixels:
    rows = vectors(240)
    maps = rows.reshape(20, 3, 4, 5).movedim(3, 1)
    shares = torch.stack([(maps[:, 0] > 3), (maps[:, 1] > 3), torch.zeros(20, 3, 4)], dim=3).float()
    return Pixels(torch.arange(20), maps, shares, torch.ones(20, 3, dtype=torch.bool))


def test_probes_are_directions_of_raw_features() -> None:
    kept = pixels()
    fitted = rotation(kept.vectors)
    probes, basis = probed_basis(kept, fitted, seed=0)
    expected = standardised(kept.vectors, fitted) @ probes.weights + probes.bias
    torch.testing.assert_close(scores(basis, kept.vectors), expected, atol=1e-4, rtol=1e-4)
    assert probes.concepts.tolist() == [0, 1]
    assert ((expected > 0) == (kept.vector_shares[:, :2] > 0)).float().mean() > 0.9


def test_classes_are_made_of_concepts_by_their_place_among_all() -> None:
    kept = pixels()
    fitted = Fitted.to(kept, rotation(kept.vectors), seed=0)
    probes = fitted.probes
    assert probes is not None
    classifier = torch.nn.Linear(5, 2)
    with torch.no_grad():  # the classes read the two concepts, of features that are not standardised
        classifier.weight.copy_((probes.weights / fitted.rotation.scale[:, None]).T)
    found = fitted.classes(classifier, ["first", "second"])
    assert [one.concepts[0] for one in found.values()] == [0, 1]
    assert all(one.explained == pytest.approx(1.0, abs=1e-4) for one in found.values())


def test_redundancy_is_the_largest_correlation_with_another_direction() -> None:
    rows = vectors()
    basis = rotated_bases(rows, rotation(rows), seed=0)["unsupervised"]
    peer = np.abs(np.corrcoef(scores(basis, rows).numpy().T))
    np.fill_diagonal(peer, 0)
    np.testing.assert_allclose(answers_of(basis, rows).redundancy, peer.max(1), atol=1e-4)


def test_monosemanticity_is_that_of_the_mean_answers_to_the_wanted_pictures() -> None:
    maps = torch.randn(6, 2, 3, 3, generator=torch.Generator().manual_seed(0))
    features = torch.randn(4, 7, generator=torch.Generator().manual_seed(1))
    directions = Directions(torch.eye(2), torch.zeros(2))
    answers = PictureAnswers({"natural": Basis(directions, directions, learned=False)}, torch.tensor([0, 2, 3, 5]))
    for some in ([5, 1], [4], [0, 2, 3]):
        answers.add(maps[some], torch.tensor(some))
    means = maps[[0, 2, 3, 5]].sigmoid().mean((2, 3)).T
    low, high = means.amin(1, keepdim=True), means.amax(1, keepdim=True)
    expected = monosemanticity((means - low) / (high - low), features.expand(2, -1, -1))
    torch.testing.assert_close(answers.monosemanticity(features)["natural"], expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("count", [0, 1, 3])
def test_a_pass_that_was_cut_short_tells_of_the_pictures_that_it_showed(count: int) -> None:
    generator = torch.Generator().manual_seed(0)
    maps, features = torch.randn(4, 3, 2, 2, generator=generator), torch.randn(4, 5, generator=generator)
    directions = Directions(torch.eye(3), torch.zeros(3))
    bases = {"natural": Basis(directions, directions, learned=False)}
    short, whole = PictureAnswers(bases, torch.tensor([0, 2, 3, 5])), PictureAnswers(bases, torch.arange(count))
    shown = torch.tensor([5, 2, 0])[:count]
    short.add(maps[:count], shown)
    whole.add(maps[:count], torch.arange(count))
    places = torch.tensor([3, 1, 0])[:count]
    found = short.monosemanticity(features)["natural"]
    expected = whole.monosemanticity(features[places])["natural"] if count > 1 else torch.full((3,), torch.nan)
    torch.testing.assert_close(found, expected, equal_nan=True)
