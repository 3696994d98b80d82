"""Which pictures of a class are looked at."""

from __future__ import annotations

import pytest
import torch

from rivalry.concepts.predictions import ClassPictures, chosen_classes, pictures_of, prediction_rows
from rivalry.recording.sample_rows import Rows
from tests.recording.tiny import Tiles


def rows(predicted: list[int], labels: list[int], index: list[int] | None = None) -> Rows:
    values = torch.tensor([predicted, labels]).T.float()
    return Rows(torch.arange(len(predicted)) if index is None else torch.tensor(index), values)


def test_rows_hold_the_prediction_and_the_label() -> None:
    made = prediction_rows(torch.tensor([[0.0, 2.0, 1.0], [3.0, 2.0, 1.0]]), torch.tensor([2, 1]))
    assert made.tolist() == [[1, 2], [0, 1]]


def test_pictures_are_those_predicted_as_the_class_whatever_they_are() -> None:
    found = pictures_of(rows([1, 0, 1, 1], [1, 1, 0, 1], [3, 5, 8, 9]), 1, 10, seed=0)
    assert found.index.tolist() == [3, 8, 9]
    assert found.correct(1).tolist() == [True, False, True]
    assert (len(found), found.predicted) == (3, 3)


def test_so_many_are_drawn_by_seed() -> None:
    every = rows([0] * 50, [0] * 50)
    drawn = [pictures_of(every, 0, 7, seed) for seed in (0, 0, 1)]
    assert drawn[0].index.tolist() == sorted(drawn[0].index.tolist()) == drawn[1].index.tolist()
    assert drawn[0].index.tolist() != drawn[2].index.tolist()
    assert (len(drawn[0]), drawn[0].predicted) == (7, 50)


def test_a_class_that_was_never_predicted_has_no_pictures() -> None:
    assert len(pictures_of(rows([0, 1], [1, 1]), 2, 5, seed=0)) == 0


def test_pictures_are_read_in_their_order_and_no_random_state_moves() -> None:
    tiles = Tiles(70)
    chosen = torch.arange(0, 70, 2)
    state = torch.get_rng_state()
    read = torch.cat(list(ClassPictures(chosen, chosen % 2, 35).batches(tiles)))
    assert torch.equal(read, tiles.images[chosen])
    assert torch.equal(state, torch.get_rng_state())


def test_classes_are_chosen_by_name() -> None:
    assert chosen_classes(None, ["a", "b"]) == (0, 1)
    assert chosen_classes(["b", "b"], ["a", "b"]) == (1,)
    with pytest.raises(ValueError, match=r"'dogs' is none of the 3 classes; nearest: dog"):
        chosen_classes(["cat", "dogs"], ["cat", "cow", "dog"])
