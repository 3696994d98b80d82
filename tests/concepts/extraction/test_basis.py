"""Concepts of an unsupervised basis: which directions are taken, what they answer, what the answers stand for."""

import itertools

import pytest
import torch

from rivalry.concepts.extraction import Basis
from rivalry.concepts.extraction.basis import carrying, least_squares
from rivalry.concepts.extraction.gram import relative_error
from rivalry.recording.directions import Directions
from tests.concepts.extraction.planted import planted


def test_codes_are_what_directions_answer_above_zero() -> None:
    rows = torch.tensor([[2.0, 0.0], [0.5, 3.0], [4.0, 1.0]])
    found = Basis().of(Directions(torch.tensor([[1.0, 0.0], [0.0, 2.0]]), torch.tensor([1.0, 0.0]))).fit(rows, 2)
    order = found.encode(torch.tensor([[3.0, 5.0]])).tolist()[0]
    assert sorted(order) == [2.0, 10.0]


def test_concepts_are_the_least_squares_of_the_rows() -> None:
    rows, _, _ = planted()
    generator = torch.Generator().manual_seed(0)
    found = Basis().of(Directions(torch.randn(20, 6, generator=generator), torch.zeros(6))).fit(rows, 4)
    expected = torch.linalg.lstsq(found.encode(rows).double(), rows.double()).solution
    torch.testing.assert_close(found.concepts.double(), expected, atol=1e-4, rtol=1e-3)


def test_planted_directions_give_everything_back() -> None:
    rows, _, concepts = planted()
    weights = torch.linalg.pinv(concepts)
    others = torch.randn(20, 5, generator=torch.Generator().manual_seed(1))
    found = Basis().of(Directions(torch.cat([others, weights], 1), torch.zeros(10))).fit(rows, 10)
    assert found.fitted.error < 1e-3
    alone = Basis().of(Directions(weights, torch.zeros(5))).fit(rows, 5)
    assert alone.fitted.error < 1e-3


def test_each_step_takes_the_direction_that_adds_most() -> None:
    generator = torch.Generator().manual_seed(2)
    rows, codes = torch.rand(60, 8, generator=generator), torch.rand(60, 7, generator=generator)
    chosen = carrying(codes, rows, 7).tolist()
    assert sorted(chosen) == list(range(7))
    for count in range(7):
        errors = {}
        for one in set(range(7)) - set(chosen[:count]):
            tried = codes[:, [*chosen[:count], one]]
            errors[one] = relative_error(rows, tried, least_squares(tried, rows))
        assert min(errors, key=errors.__getitem__) == chosen[count]


def test_repeated_and_dead_directions_are_taken_last() -> None:
    generator = torch.Generator().manual_seed(3)
    rows, codes = torch.rand(60, 8, generator=generator), torch.rand(60, 3, generator=generator)
    padded = torch.cat([torch.zeros(60, 1), codes, 2 * codes], 1)
    chosen = carrying(padded, rows, 7).tolist()
    assert sorted((place - 1) % 3 for place in chosen[:3]) == [0, 1, 2]
    assert 0 in chosen[3:]
    assert all(one != other for one, other in itertools.pairwise(sorted(chosen)))


def test_a_dead_direction_stands_for_nothing_and_is_counted() -> None:
    rows, _, _ = planted()
    found = (
        Basis().of(Directions(torch.cat([torch.eye(20)[:, :2], -torch.eye(20)[:, :1]], 1), torch.zeros(3))).fit(rows, 3)
    )
    assert found.fitted.dead == 1
    assert int((found.concepts == 0).all(1).sum()) == 1


def test_a_basis_without_directions_says_how_to_give_them() -> None:
    with pytest.raises(ValueError, match=r"basis 'mine' wants its directions first: Basis.of\(directions\)"):
        Basis("mine").fit(torch.rand(9, 4), 2)


def test_directions_of_another_layer_are_refused() -> None:
    with pytest.raises(ValueError, match="directions of 5 channels do not fit activations of 4"):
        Basis().of(Directions(torch.eye(5), torch.zeros(5))).fit(torch.rand(9, 4), 2)
