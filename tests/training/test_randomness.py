"""Random states that a checkpoint keeps."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
import torch

from rivalry.training import randomness
from rivalry.training.randomness import draw_apart, random_states, restore_random_state


@pytest.fixture(autouse=True)
def left_alone() -> None:
    random.seed(1)
    np.random.seed(1)
    torch.manual_seed(1)


def draws() -> list[float]:
    return [torch.rand(1).item(), np.random.rand(), np.random.randn(), random.random(), random.gauss(0, 1)]


def test_states_survive_a_file_of_plain_values_and_give_the_same_draws(tmp_path: Path) -> None:
    draws()  # leaves half a pair of Gaussian numbers behind in numpy and in Python
    torch.save(random_states(), tmp_path / "states.pt")
    expected = draws()
    draws()
    restore_random_state(torch.load(tmp_path / "states.pt", weights_only=True))
    assert draws() == expected


def on_rank(monkeypatch: pytest.MonkeyPatch, rank: int, world: int) -> None:
    monkeypatch.setattr(randomness, "rank_and_world", lambda: (rank, world))


def test_ranks_that_were_seeded_alike_draw_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    firsts = []
    for rank in range(3):
        torch.manual_seed(5)
        draw_apart(rank)
        firsts.append(torch.rand(1).item())
    torch.manual_seed(5)
    assert firsts[0] == torch.rand(1).item()
    assert len(set(firsts)) == 3


def test_each_rank_gets_its_own_state_back_and_a_new_one_draws_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    (first,) = random_states()
    torch.rand(7)
    (second,) = random_states()
    expected = {}
    for rank, state in ((0, first), (1, second)):
        on_rank(monkeypatch, rank, 2)
        restore_random_state([first, second])
        assert torch.equal(torch.get_rng_state(), state["torch"])
        expected[rank] = torch.rand(1).item()
    on_rank(monkeypatch, 2, 3)
    restore_random_state([first, second])
    assert torch.rand(1).item() not in expected.values()


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
def test_draws_of_a_gpu_are_kept_too() -> None:
    torch.rand(3, device="cuda")
    states = random_states()
    expected = torch.rand(3, device="cuda")
    restore_random_state(states)
    assert torch.equal(torch.rand(3, device="cuda"), expected)
