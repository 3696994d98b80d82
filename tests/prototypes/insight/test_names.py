"""Words for prototypes."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch.nn import functional

from rivalry.data import PictureBook
from rivalry.data.vocabulary import Vocabulary
from rivalry.prototypes.insight import Known, Made
from rivalry.prototypes.insight.names import BACKGROUND, above_usual, best_words, mean_log_chance, name_rows
from tests.prototypes.insight.scene import show

CLIP = str(Path(__file__).parents[3] / "checkpoints" / "picturebook-clip")


def test_the_mean_is_that_of_every_view() -> None:
    generator = torch.Generator().manual_seed(0)
    views, words = (functional.normalize(torch.randn(count, 6, generator=generator), dim=1) for count in (130, 9))
    plain = (20.0 * views.double() @ words.double().T).log_softmax(1).mean(0)
    torch.testing.assert_close(mean_log_chance(views, words, 20.0), plain)


def test_what_is_usual_is_taken_off_by_half() -> None:
    likely, usual = torch.tensor([-1.0, -2.0, -3.0]), torch.tensor([-0.5, -6.0, -3.0])
    scores = above_usual(likely, usual)
    assert scores.tolist() == [-1.0 + BACKGROUND * 0.5, -2.0 + BACKGROUND * 6.0, -3.0 + BACKGROUND * 3.0]
    assert best_words(scores).tolist() == [1, 0, 2]


def test_a_prototype_that_looks_like_its_class_is_called_so() -> None:
    book = PictureBook(48, seed=3, cache=False)
    wanted = ("umbrella", "house")
    own = {f"class:{name}": tuple((book.labels == book.classes.index(name)).nonzero()[0].tolist()) for name in wanted}
    assert all(len(pictures) > 1 for pictures in own.values())
    images = torch.stack([book[pictures[0]]["image"] for pictures in own.values()]).float() / 255
    classes = tuple(book.classes.index(name) for name in wanted)
    made = Made(tuple(own), classes, (0, 0), images, torch.ones(2, 64, 64))
    known = Known(book, torch.device("cpu"), show, own, book.classes)
    rows = name_rows(made, known, CLIP, Vocabulary(book.classes), 48)
    assert [row["rank"] for row in rows] == 2 * list(range(5))
    for name, pictures in own.items():
        first = next(row for row in rows if row["target"] == name)
        assert f"class:{first['word']}" == name
        assert first["own_score"] == pytest.approx(first["score"], abs=2.0), pictures
    far = [row["own_score"] for row in rows if row["rank"] == 4]
    assert max(far) < min(row["own_score"] for row in rows if row["rank"] == 0)


def test_a_target_without_pictures_has_no_score_of_its_own() -> None:
    book = PictureBook(8, seed=3, cache=False)
    made = Made(("unit:a:0",), (None,), (0,), torch.rand(1, 3, 64, 64), torch.ones(1, 64, 64))
    known = Known(book, torch.device("cpu"), show, {"unit:a:0": ()}, book.classes)
    rows = name_rows(made, known, CLIP, Vocabulary(("car", "cat")), 8)
    assert [row["rank"] for row in rows] == [0, 1]
    assert all(row["own_score"] != row["own_score"] for row in rows)
