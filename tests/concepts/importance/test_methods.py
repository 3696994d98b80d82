"""All methods on answers that are not linear: against captum, against formulas, and against plain loops."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from torch import Tensor

from rivalry.concepts.importance import (
    HSIC,
    RISE,
    GradientInput,
    Importance,
    IntegratedGradients,
    Occlusion,
    Saliency,
    SmoothGrad,
    SobolTotal,
    VarGrad,
)
from rivalry.concepts.importance.dependence import dependence, scrambled
from rivalry.concepts.importance.sobol import replaced_designs
from tests.concepts.answers import Formula, linear, unlinear

METHODS = [
    Saliency(),
    GradientInput(),
    IntegratedGradients(16),
    SmoothGrad(8),
    VarGrad(8),
    Occlusion(),
    RISE(64),
    HSIC(32),
    SobolTotal(16),
]


def codes_of(images: int = 3, places: int = 4, concepts: int = 5) -> Tensor:
    return torch.rand(images, places, concepts, generator=torch.Generator().manual_seed(1)) * 2


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_a_seed_decides_and_global_random_states_stay(method: Importance) -> None:
    answer, codes, state = unlinear(), codes_of(), torch.get_rng_state()
    first = method.of(answer, codes, seed=3)
    assert first.shape == (3, 5)
    assert torch.equal(method.of(answer, codes, seed=3), first)
    assert torch.equal(torch.get_rng_state(), state)
    drawn = method.name in {"smooth_grad", "var_grad", "rise", "hsic", "sobol"}
    assert torch.equal(method.of(answer, codes, seed=4), first) != drawn


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_pictures_do_not_depend_on_each_other_nor_places_on_their_order(method: Importance) -> None:
    answer, codes = unlinear(), codes_of()
    whole = method.of(answer, codes)
    alone = torch.cat([method.of(answer, codes[i : i + 1]) for i in range(3)])
    torch.testing.assert_close(alone, whole)
    if method.name not in {"smooth_grad", "var_grad"}:  # their noise is drawn for each place
        torch.testing.assert_close(method.of(answer, codes.flip(1)), whole)


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_a_concept_on_which_nothing_depends_counts_least(method: Importance) -> None:
    answer = Formula(4, lambda codes: (codes[..., :3].mean(1) * 2).exp().prod(1))
    if method.name == "rise":
        method = RISE(4096)
    importance = method.of(answer, codes_of(concepts=4)).abs()
    others = importance[:, :3].amin(1)
    assert bool((importance[:, 3] < 0.5 * others).all()) or method.name == "rise"
    assert bool((importance[:, 3] < others).all())


def test_captum_agrees() -> None:
    from captum.attr import FeatureAblation, InputXGradient
    from captum.attr import IntegratedGradients as Integrated
    from captum.attr import Saliency as Gradient

    answer, codes = unlinear(), codes_of().requires_grad_()
    masks = torch.arange(5).expand(1, 4, 5)
    peers = {
        Saliency(): Gradient(answer.formula).attribute(codes, abs=False).sum(1),
        GradientInput(): InputXGradient(answer.formula).attribute(codes).sum(1),
        IntegratedGradients(16): Integrated(answer.formula).attribute(codes, n_steps=16).sum(1),
        Occlusion(): FeatureAblation(answer.formula).attribute(codes, feature_mask=masks)[:, 0],
    }
    for method, wanted in peers.items():
        torch.testing.assert_close(method.of(answer, codes), wanted.detach().to(codes), rtol=1e-4, atol=1e-6)


def test_integrated_gradients_are_complete() -> None:
    answer, codes = unlinear(), codes_of()
    total = IntegratedGradients().of(answer, codes).sum(1)
    torch.testing.assert_close(total, answer.formula(codes) - answer.formula(torch.zeros_like(codes)))


def test_gradients_at_noisy_codes_have_the_mean_and_variance_of_a_square() -> None:
    square = Formula(2, lambda codes: codes[:, 0, 0] ** 2 + codes[:, 0, 1])  # gradient 2u: mean 2u, variance 4σ²
    codes = torch.tensor([[[3.0, 1.0]], [[-1.0, 9.0]]])
    deviation = 0.1 * torch.tensor([2.0, 10.0])
    mean, variance = SmoothGrad(200, 0.1).of(square, codes), VarGrad(200, 0.1).of(square, codes)
    torch.testing.assert_close(mean[:, 1], torch.ones(2))
    assert bool(((mean[:, 0] - torch.tensor([6.0, -2.0])).abs() < 5 * 2 * deviation / 200**0.5).all())
    assert variance[:, 1].tolist() == [0, 0]
    torch.testing.assert_close(variance[:, 0], 4 * deviation**2, rtol=5 * (2 / 200) ** 0.5, atol=0)


def test_noisy_gradients_are_those_of_a_plain_loop() -> None:
    cube = Formula(2, lambda codes: (codes**3).sum((1, 2)))  # gradient 3u²
    codes, generator = codes_of(2, 3, 2), torch.Generator().manual_seed(5)
    spans = torch.stack([0.5 * (one.max() - one.min()) for one in codes])[:, None, None]
    seen = torch.stack([(3 * (codes + spans * torch.randn(3, 2, generator=generator)) ** 2).sum(1) for _ in range(4)])
    torch.testing.assert_close(SmoothGrad(4, 0.5).of(cube, codes, seed=5), seen.mean(0))
    torch.testing.assert_close(VarGrad(4, 0.5).of(cube, codes, seed=5), seen.var(0))


def test_rise_of_an_interaction() -> None:
    answer = Formula(3, lambda codes: codes[:, 0, 0] * codes[:, 0, 1] + 4 * codes[:, 0, 2])
    importance = RISE(50_000, keep=0.3).of(answer, torch.ones(1, 1, 3))
    wanted = torch.tensor([[0.3 + 4 * 0.3, 0.3 + 4 * 0.3, 0.09 + 4]])
    torch.testing.assert_close(importance, wanted, atol=0.08, rtol=0)


def test_rise_of_a_concept_that_no_mask_kept_is_the_mean() -> None:
    seen: list[Tensor] = []

    def formula(codes: Tensor) -> Tensor:
        seen.append(codes.sum((1, 2)))
        return seen[-1]

    codes = codes_of(1, 1, 6)
    importance = RISE(4, keep=0.2).of(Formula(6, formula), codes)[0]
    chosen = torch.rand(4, 6, generator=torch.Generator().manual_seed(0)) < 0.2
    never = ~chosen.any(0)
    assert 0 < int(never.sum()) < 6
    torch.testing.assert_close(importance[never], torch.cat(seen).mean().expand(int(never.sum())))
    assert bool((importance[~never] - torch.cat(seen).mean()).abs().max() > 0.01)


def test_total_indices_of_an_interaction() -> None:
    answer = Formula(3, lambda codes: 3 * codes[:, 0, 0] * codes[:, 0, 1] + codes[:, 0, 2])
    variance = 9 * 7 / 144 + 1 / 12  # of 3ab + c, all uniform
    wanted = torch.tensor([[9 / 36, 9 / 36, 1 / 12]]) / variance
    torch.testing.assert_close(SobolTotal(8192).of(answer, torch.ones(1, 1, 3)), wanted, rtol=0.01, atol=0)


def test_a_design_replaces_one_factor_at_a_time() -> None:
    first, second, *replaced = replaced_designs(8, 3, seed=0)
    for concept, mask in enumerate(replaced):
        others = [other for other in range(3) if other != concept]
        assert torch.equal(mask[:, others], first[:, others])
        assert torch.equal(mask[:, concept], second[:, concept])


def test_designs_are_scrambled_and_even() -> None:
    points = scrambled(64, 6, seed=0)
    assert bool((points[0] > 0).all())
    assert torch.equal((points > 0.5).sum(0), torch.full((6,), 32))
    assert not torch.equal(points, scrambled(64, 6, seed=1))


def test_dependence_is_the_plain_trace() -> None:
    masks = (scrambled(16, 3, seed=0) > 0.5).float()
    logits = torch.rand(2, 16, generator=torch.Generator().manual_seed(0)) + masks[:, 0]
    centre = torch.eye(16) - 1 / 16
    for image, concept in itertools.product(range(2), range(3)):
        same = torch.tensor([[float(a == b) for b in masks[:, concept]] for a in masks[:, concept]])
        distances = (logits[image][:, None] - logits[image]).abs()
        width = sorted(float(d) for d in distances.flatten() if d > 0)[(16 * 15 - 1) // 2]
        alike = torch.tensor([[math.exp(-((float(d) / width) ** 2) / 2) for d in row] for row in distances])
        wanted = torch.trace(same @ centre @ alike @ centre) / 16**2
        torch.testing.assert_close(dependence(masks, logits)[image, concept], wanted, rtol=1e-4, atol=1e-6)


def test_a_logit_that_never_varies_depends_on_nothing() -> None:
    constant, codes = Formula(4, lambda codes: torch.ones(len(codes))), codes_of(concepts=4)
    rounded = Formula(4, lambda codes: 100 + 2e-5 * (torch.arange(len(codes)) % 3 == 0))
    assert rounded(codes, torch.arange(3)).unique().numel() == 2
    for method in (HSIC(), SobolTotal()):
        assert method.of(constant, codes).abs().max() == 0
        assert method.of(rounded, codes).abs().max() == 0
    nothing = linear(concepts=4)[0]
    assert SobolTotal().of(nothing, torch.zeros(2, 1, 4)).abs().max() == 0


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: IntegratedGradients(0), "1 step or more, got 0"),
        (lambda: SmoothGrad(0), "smooth_grad takes 1 samples or more, got 0"),
        (lambda: SmoothGrad(noise=0), "noise above 0, got 0"),
        (lambda: VarGrad(1), "var_grad takes 2 samples or more, got 1"),
        (lambda: RISE(0), "1 mask or more, got 0"),
        (lambda: RISE(keep=1.0), "between 0 and 1, got 1.0"),
        (lambda: HSIC(100), "a power of two of masks from 2, got 100; nearest: 128"),
        (lambda: SobolTotal(33), "a power of two of designs from 2, got 33; nearest: 32"),
        (lambda: SobolTotal(-3), "got -3; nearest: 2"),
        (lambda: Saliency().of(unlinear(), codes_of(concepts=4)), "of 5 concepts, got 4"),
        (lambda: Saliency().of(unlinear(), codes_of(images=0)), "one picture and place at least are wanted, got 0 × 4"),
        (lambda: Saliency().of(unlinear(), codes_of() * torch.nan), "codes must be finite"),
        (lambda: Saliency().of(unlinear(), codes_of(), seed=-1), "a seed is 0 or more, got -1"),
    ],
)
def test_bad_input_is_refused(make: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()
