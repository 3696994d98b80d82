"""The fit: planted signals, orthogonality, repetition, going on, convergence, bad input."""

import io
from dataclasses import replace
from functools import partial

import pytest
import torch
from rich.console import Console

from rivalry.basis.rotation import Bounds, Recipe, Rotation, fit_rotation
from rivalry.basis.rotation.start import random_rotation
from rivalry.numerics.matching import matched_cosine
from rivalry.recording import progress
from tests.basis.rotation.planted import planted

QUICK = Recipe(epochs=3, batch=512)


@pytest.fixture(scope="module")
def fitted() -> Rotation:
    return fit_rotation(planted(0)[0], 3)


@pytest.mark.parametrize("seed", range(4))
def test_planted_signals_are_found(seed: int) -> None:
    """D = 16, three signals that may occur together, two distractors, bias +10: the weights are the signals."""
    pixels, _, signals = planted(seed, pixels=6000, together=0.25, noise=0.5)
    rotation = fit_rotation(pixels, 3, seed=seed)
    assert float(matched_cosine(signals.T, rotation.directions().weights.T)[0].min()) >= 0.9
    assert float((rotation.matrix.T @ rotation.matrix - torch.eye(3)).abs().max()) <= 1e-5


@pytest.mark.parametrize("seed", range(4))
def test_the_pixels_of_signals_that_exclude_each_other_are_found(seed: int) -> None:
    """Where a direction is on, features differ from their mean as where its signal is; weights need not be signals.

    Of signals that exclude each other the weights are not determined: what all three have in common tells none apart.
    """
    pixels, which, _ = planted(seed)
    directions = fit_rotation(pixels, 3, seed=seed).directions()
    on = pixels @ directions.weights > directions.bias

    def contrast(share: torch.Tensor) -> torch.Tensor:
        return pixels.T @ share.float() / share.sum(0) - pixels.mean(0)[:, None]

    cosine, partner = matched_cosine(contrast(torch.nn.functional.one_hot(which, 3)).T, contrast(on).T)
    assert float(cosine.min()) > 0.9
    assert float((on[:, partner].float().argmax(1) == which).float().mean()) > 0.95
    assert float((on.sum(1) == 1).float().mean()) > 0.9


@pytest.mark.parametrize("seed", range(2))
def test_many_planted_signals_are_found(seed: int) -> None:
    """A few of the directions may lie in local minima."""
    pixels, _, signals = planted(seed, pixels=6000, channels=32, signals=24, together=0.03, noise=0.5)
    cosine, _ = matched_cosine(signals.T, fit_rotation(pixels, 24, seed=seed).directions().weights.T)
    assert float((cosine >= 0.9).float().mean()) > 0.85
    assert float(cosine.median()) > 0.95


def test_a_random_rotation_does_not_find_them(fitted: Rotation) -> None:
    pixels, which, _ = planted(0)
    by_chance = replace(fitted, matrix=random_rotation(16, seed=1)[:, :3]).directions()
    on = pixels @ by_chance.weights > by_chance.bias
    truth = torch.nn.functional.one_hot(which, 3).float()
    cosine, _ = matched_cosine((truth - truth.mean(0)).T, (on.float() - on.float().mean(0)).T)
    assert float(cosine.mean()) < 0.7


@pytest.mark.parametrize(("channels", "directions"), [(64, 64), (64, 5)])
def test_columns_are_orthonormal(channels: int, directions: int) -> None:
    pixels = torch.randn(600, channels, generator=torch.Generator().manual_seed(0)).exp()
    matrix = fit_rotation(pixels, directions, recipe=QUICK).matrix
    assert float((matrix.T @ matrix - torch.eye(directions)).abs().max()) <= 1e-5


def test_the_same_seed_gives_the_same_basis_and_leaves_random_states() -> None:
    pixels = planted(1, pixels=600)[0]
    torch.manual_seed(5)
    before = torch.get_rng_state()
    first = fit_rotation(pixels, 5, recipe=QUICK, seed=2)
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(6)
    again, other = (fit_rotation(pixels, 5, recipe=QUICK, seed=seed) for seed in (2, 3))
    assert torch.equal(first.matrix, again.matrix)
    assert (first.margin, first.bias, first.losses) == (again.margin, again.bias, again.losses)
    assert not torch.equal(first.matrix, other.matrix)


@pytest.mark.parametrize("context", [torch.no_grad, torch.inference_mode])
def test_it_works_where_gradients_are_off(context: type) -> None:
    pixels = planted(1, pixels=600)[0]
    with context():
        inside = fit_rotation(pixels.clone(), 5, recipe=QUICK)
    assert torch.equal(inside.matrix, fit_rotation(pixels, 5, recipe=QUICK).matrix)
    assert not inside.matrix.requires_grad
    assert not inside.matrix.is_inference()


def test_directions_are_the_rotation_in_the_layers_own_units(fitted: Rotation) -> None:
    pixels = planted(0)[0]
    directions = fitted.directions()
    standardised = (pixels - fitted.mean) / fitted.scale
    wanted = standardised @ fitted.matrix / fitted.margin - fitted.bias
    torch.testing.assert_close(pixels @ directions.weights - directions.bias, wanted, atol=1e-3, rtol=1e-3)


def test_units_of_the_channels_do_not_matter() -> None:
    pixels = planted(2, pixels=600)[0]
    scales = torch.tensor([2.0**power for power in range(-8, 8)])
    plain, scaled = (fit_rotation(one, 4, recipe=QUICK) for one in (pixels, pixels * scales))
    torch.testing.assert_close(scaled.matrix, plain.matrix)


def test_a_constant_channel_is_left_alone() -> None:
    pixels = torch.cat([planted(0, pixels=600)[0], torch.full((600, 1), 3.0)], 1)
    rotation = fit_rotation(pixels, 17, recipe=QUICK)
    assert rotation.scale[-1] == 1
    assert bool(rotation.directions().weights.isfinite().all())


def test_loss_falls_and_is_told_by_epoch(fitted: Rotation) -> None:
    assert fitted.epochs == len(fitted.history)
    assert fitted.history[-1]["total"] < 0.6 * fitted.history[0]["total"]
    assert set(fitted.losses) == {"sparsity", "activation", "margin", "inactivity", "total"}
    weighted = zip((2.6, 2.8, 0.6, 5.0), list(fitted.losses.values())[:4], strict=True)
    assert fitted.losses["total"] == pytest.approx(sum(weight * loss for weight, loss in weighted), rel=1e-5)
    assert fitted.losses["margin"] == pytest.approx(1 / fitted.margin, rel=1e-5)


def test_it_stops_where_the_loss_no_longer_falls() -> None:
    pixels = planted(0, pixels=600)[0]
    recipe = Recipe(epochs=400, patience=1)
    rotation = fit_rotation(pixels, 3, recipe=recipe)
    assert rotation.converged
    assert rotation.epochs < 400
    assert rotation.history[-1]["rate"] < recipe.rate
    assert not fit_rotation(pixels, 3, recipe=QUICK).converged


def test_going_on_keeps_the_rotation_and_takes_new_moments(fitted: Rotation) -> None:
    pixels = planted(0)[0] * 2 + 5
    warm = fit_rotation(pixels, 3, recipe=Recipe().warm(), start=fitted)
    cold = fit_rotation(pixels, 3, recipe=Recipe().warm(), seed=7)
    torch.testing.assert_close(warm.mean, pixels.mean(0))
    assert float(matched_cosine(warm.matrix.T, fitted.matrix.T)[0].min()) > 0.9
    assert warm.losses["total"] < 1.02 * fitted.losses["total"]
    assert warm.losses["total"] < cold.losses["total"]
    assert warm.epochs <= Recipe().warm().epochs < Recipe().epochs


def test_bounds_are_kept() -> None:
    rotation = fit_rotation(planted(0)[0], 3, recipe=Recipe(objective=Bounds(0.4, 4.0, 0.1), epochs=80))
    assert rotation.losses["activation"] < 0.41
    assert rotation.losses["margin"] < 4.1
    assert rotation.losses["inactivity"] < 0.11
    assert rotation.losses["sparsity"] < 1.0


def test_progress_is_drawn_only_where_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = planted(0, pixels=100)[0]
    screen = io.StringIO()
    monkeypatch.setattr(progress, "Console", partial(Console, file=screen, force_terminal=True))
    fit_rotation(pixels, 3, recipe=QUICK)
    assert "basis" not in screen.getvalue()
    fit_rotation(pixels, 3, recipe=QUICK, progress=True)
    assert "basis, loss" in screen.getvalue()


def test_no_line_is_left_where_there_is_no_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    fit_rotation(planted(0, pixels=100)[0], 3, recipe=QUICK, progress=True)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("pixels", "directions", "told"),
    [
        (torch.rand(50, 4), 5, "5 orthogonal directions of 4 channels; wanted 1 to 4"),
        (torch.rand(50, 4), 0, "0 orthogonal directions of 4 channels"),
        (torch.rand(3, 4), 4, "as many pixels at least .*got 3"),
        (torch.rand(0, 4), 1, "got 0"),
        (torch.tensor([[1.0, torch.nan], [0.0, 1.0]]), 1, "must be finite"),
        (torch.ones(50, 4), 2, "all 4 channels are constant over 50 pixels"),
    ],
)
def test_what_cannot_be_fitted_is_refused(pixels: torch.Tensor, directions: int, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        fit_rotation(pixels, directions)


def test_a_start_of_another_size_or_a_negative_seed_is_refused(fitted: Rotation) -> None:
    with pytest.raises(ValueError, match="a start of 16 channels × 4 directions is wanted, got 16 × 3"):
        fit_rotation(planted(0)[0], 4, start=fitted)
    with pytest.raises(ValueError, match="seed is 0 or more, got -1"):
        fit_rotation(planted(0)[0], 4, seed=-1)
