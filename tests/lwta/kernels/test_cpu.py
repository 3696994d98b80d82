"""Our C++ against the plain formulas: the same winners, values and gradients, for every layout, precision and rule."""

from __future__ import annotations

from typing import get_args

import pytest
import torch
from torch import Tensor

from rivalry.lwta.competition import win_mask
from rivalry.lwta.kernels import cpu, reference
from rivalry.lwta.kernels.reference import Contest, Rule
from rivalry.numerics.native import NotCompiled

try:
    cpu.library()
except NotCompiled as why:
    pytest.skip(str(why), allow_module_level=True)

SHAPES = [((3, 24, 5, 7), 1), ((2, 48, 9, 9), 1), ((5, 24, 2, 2), 1), ((6, 7, 48), -1), ((130, 24), 1), ((0, 24, 3), 1)]


def contest(competitors: int, dim: int, rule: Rule) -> Contest:
    return Contest(torch.tensor(2**40 + 5), torch.tensor(1.5), torch.tensor(0.8), competitors, dim, rule)


def tensors(shape: tuple[int, ...], dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(len(shape))
    return (
        (2 * torch.randn(shape, generator=generator)).to(dtype),
        torch.randn(shape, generator=generator).to(dtype),
    )


@pytest.mark.parametrize("rule", get_args(Rule))
@pytest.mark.parametrize("competitors", [2, 3, 4, 8, 24])
@pytest.mark.parametrize(("shape", "dim"), SHAPES)
def test_it_computes_the_plain_formulas(shape: tuple[int, ...], dim: int, competitors: int, rule: Rule) -> None:
    for dtype, tolerance in ((torch.float32, 2e-5), (torch.bfloat16, 0.05)):
        h, pull = tensors(shape, dtype)
        how = contest(competitors, dim, rule)
        y, winners = cpu.forward(h, how, wants_winners=True)
        expected, expected_winners = reference.forward(h, how, wants_winners=True)
        assert torch.equal(winners, expected_winners)
        assert torch.equal(y, expected)
        found, wanted = cpu.backward(pull, h, how), reference.backward(pull, h, how)
        torch.testing.assert_close(found, wanted, atol=tolerance, rtol=tolerance)


@pytest.mark.parametrize("rule", get_args(Rule))
@pytest.mark.parametrize("competitors", [2, 6])
def test_draws_do_not_depend_on_the_layout(competitors: int, rule: Rule) -> None:
    h, pull = tensors((3, 12, 9, 10), torch.float32)
    how = contest(competitors, 1, rule)
    last = h.contiguous(memory_format=torch.channels_last)
    for other in (last, h.transpose(2, 3).contiguous().transpose(2, 3)):
        assert torch.equal(cpu.forward(other, how, wants_winners=True)[1], cpu.forward(h, how, wants_winners=True)[1])
        torch.testing.assert_close(cpu.backward(pull, other, how), cpu.backward(pull, h, how), atol=1e-5, rtol=1e-5)
    assert cpu.forward(last, how, wants_winners=False)[0].is_contiguous(memory_format=torch.channels_last)


def test_draws_do_not_depend_on_threads() -> None:
    h, pull = tensors((8, 32, 16, 16), torch.float32)
    how = contest(4, 1, "gumbel_softmax")
    before = torch.get_num_threads()
    found = []
    for threads in (1, 3):
        torch.set_num_threads(threads)
        found.append((cpu.forward(h, how, wants_winners=True), cpu.backward(pull, h, how)))
    torch.set_num_threads(before)
    assert torch.equal(found[0][0][0], found[1][0][0])
    assert torch.equal(found[0][1], found[1][1])


def test_a_tie_has_one_winner_the_first() -> None:
    _, winners = cpu.forward(torch.ones(2, 6, 5), contest(3, 1, "argmax"), wants_winners=True)
    assert not winners.any()


def test_negative_winners_win_and_their_bits_stay() -> None:
    h = -torch.rand(4, 8, 70) - 1e-30
    y, winners = cpu.forward(h, contest(4, 1, "softmax"), wants_winners=True)
    assert torch.equal(y, torch.where(win_mask(winners, 4, 1), h, 0.0))
    assert int((y != 0).sum()) == y.numel() // 4


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("place", [0, 700, -1])
def test_what_is_no_number_is_one_clear_error(bad: float, place: int) -> None:
    h = torch.zeros(2, 8, 65)
    h.view(-1)[place] = bad
    with pytest.raises(ValueError, match=r"1 of 1040 activations of shape \(2, 8, 65\) are NaN or infinite"):
        cpu.forward(h, contest(4, 1, "argmax"), wants_winners=False)


def test_large_finite_numbers_are_no_error() -> None:
    h = torch.full((2, 8, 65), 3e38)
    y, _ = cpu.forward(h, contest(4, 1, "argmax"), wants_winners=False)
    assert int((y == 3e38).sum()) == y.numel() // 4


@pytest.mark.parametrize("rule", ["gumbel_softmax", "softmax", "conditional"])
@pytest.mark.parametrize("competitors", [2, 4])
@pytest.mark.parametrize("spread", [1e3, 1e30])
def test_far_apart_activations_give_finite_gradients(rule: Rule, competitors: int, spread: float) -> None:
    h = torch.tensor([[0.0, spread, -spread, 1.0]])
    how = contest(competitors, 1, rule)
    y, _ = cpu.forward(h, how, wants_winners=False)
    found = cpu.backward(torch.ones_like(h), h, how)
    assert bool(found.isfinite().all())
    torch.testing.assert_close(found, (y != 0).float())
