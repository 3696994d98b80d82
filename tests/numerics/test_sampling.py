"""What is drawn depends on a seed and a number alone."""

import torch

from rivalry.numerics.sampling import draw, halves


def test_places_are_drawn_once_each_and_the_first_are_the_first_of_more() -> None:
    drawn = draw(100, 30, seed=3)
    assert len(set(drawn.tolist())) == 30
    assert torch.equal(draw(100, 50, seed=3)[:30], drawn)
    assert not torch.equal(draw(100, 30, seed=4), drawn)
    assert sorted(draw(7, 30, seed=0).tolist()) == list(range(7))


def test_draws_belong_to_the_seed() -> None:
    assert draw(1000, 20, seed=3).tolist() == draw(1000, 20, seed=3).tolist()
    assert draw(1000, 20, seed=3).tolist() != draw(1000, 20, seed=4).tolist()


def test_halves_are_all() -> None:
    first, second = halves(9, seed=0)
    assert sorted([*first.tolist(), *second.tolist()]) == list(range(9))
