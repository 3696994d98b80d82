"""Random numbers by counter: uniform, independent of their neighbours and of neighbouring seeds."""

from __future__ import annotations

import pytest
import torch
from scipy.stats import chisquare, kstest
from torch import Tensor

from rivalry.lwta.kernels.noise import OF_BLOCKS, OF_UNITS, new_seed, uniform, unit_counters

MANY = 2**18


def numbers(seed: int = 3, stream: int = OF_UNITS, first: int = 0) -> Tensor:
    return uniform(torch.arange(first, first + MANY), torch.tensor(seed), stream)


def independence(first: Tensor, second: Tensor) -> float:
    """p-value of the pairs' being spread evenly over 16 × 16 squares."""
    squares = (first * 16).long() * 16 + (second * 16).long()
    return float(chisquare(torch.bincount(squares, minlength=256).numpy()).pvalue)


@pytest.mark.parametrize("seed", [0, 1, 2**31, 2**62 - 1])
@pytest.mark.parametrize("first", [0, 2**32 - 1000])
def test_numbers_are_uniform_between_the_ends(seed: int, first: int) -> None:
    drawn = numbers(seed, first=first)
    assert float(drawn.min()) > 0
    assert float(drawn.max()) < 1
    assert kstest(drawn.numpy(), "uniform").pvalue > 1e-4


@pytest.mark.parametrize("bit", range(16))
def test_every_high_bit_is_fair(bit: int) -> None:
    ones = int(((numbers() * 2 ** (bit + 1)).long() & 1).sum())
    assert chisquare([ones, MANY - ones]).pvalue > 1e-4


@pytest.mark.parametrize("lag", [1, 2, 8, 64, 4096])
def test_neighbouring_counters_have_nothing_to_do_with_one_another(lag: int) -> None:
    drawn = numbers()
    assert independence(drawn[:-lag], drawn[lag:]) > 1e-4


@pytest.mark.parametrize("other", [2, 4, 3 ^ 2**20, 3 + 2**32, 3 ^ 2**52, 3 ^ 2**61])
@pytest.mark.parametrize("lag", [0, 1, 7])
def test_neighbouring_seeds_and_streams_have_nothing_to_do_with_one_another(other: int, lag: int) -> None:
    for second in (numbers(other), numbers(stream=OF_BLOCKS)):
        assert independence(numbers()[: MANY - lag], second[lag:]) > 1e-4


def test_a_counter_counts_units_fastest_then_positions() -> None:
    maps = unit_counters(torch.Size([2, 3, 2]), 1, torch.device("cpu"))
    assert maps[0, :, 0].tolist() == [0, 1, 2]
    assert maps[0, 0].tolist() == [0, 3]
    assert maps[1, 0].tolist() == [6, 9]
    tokens = unit_counters(torch.Size([2, 2, 3]), -1, torch.device("cpu"))
    assert tokens.flatten().tolist() == list(range(12))


def test_seeds_come_from_the_generator() -> None:
    first = new_seed(torch.device("cpu"), torch.Generator().manual_seed(5))
    assert torch.equal(first, new_seed(torch.device("cpu"), torch.Generator().manual_seed(5)))
    assert not torch.equal(first, new_seed(torch.device("cpu")))
