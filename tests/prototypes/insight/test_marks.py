"""The mark on prototypes of which one shows it, or none."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from rivalry.data import PictureBook
from rivalry.data.watermark import Watermark
from rivalry.prototypes.insight import Known, Made
from rivalry.prototypes.insight.marks import mark_rows
from rivalry.prototypes.insight.pictures import as_bytes, printed
from tests.prototypes.insight.scene import show
from tests.prototypes.insight.test_names import CLIP

MARK = Watermark(size=0.6)
CLASSES = 6


@pytest.fixture(scope="module")
def book() -> PictureBook:
    return PictureBook(40, seed=3, cache=False)


def prototypes(book: PictureBook, mark: Watermark | None) -> Made:
    """Pictures of the book as prototypes, two of each class; those of class 2 bear a mark, which drew the gradient."""
    images = torch.stack([book[index]["image"] for index in range(2 * CLASSES)])
    alpha = 1 + 0.2 * torch.rand(2 * CLASSES, 64, 64, generator=torch.Generator().manual_seed(0))
    if mark is not None:
        images[4:6] = printed(images[4:6], [4, 5], mark, 0)
        alpha[4:6] += 20.0 * torch.stack([mark.render(images[row], seed=0, index=row)[1] for row in (4, 5)])
    classes = [class_ for class_ in range(CLASSES) for _ in range(2)]
    return Made(tuple(f"class:{one}" for one in classes), tuple(classes), (0, 1) * CLASSES, images.float() / 255, alpha)


def rows_of(book: PictureBook, made: Made, clip: str | None = None) -> list[dict[str, Any]]:
    return mark_rows(made, Known(book, torch.device("cpu"), show, {}, book.classes), MARK, clip, 40)


def test_a_prototype_that_bears_the_mark_shows_it(book: PictureBook) -> None:
    rows = rows_of(book, prototypes(book, MARK))
    assert [row["shows_mark"] for row in rows] == [False, False, True, False, False, False]
    marked = rows[2]
    assert (marked["class"], marked["copies"]) == (book.classes[2], 2)
    assert marked["correlation_excess"] == pytest.approx(marked["correlation"] - marked["correlation_null"])
    assert marked["correlation"] > 0.55
    where = MARK.render(torch.zeros(3, 64, 64, dtype=torch.uint8), seed=0, index=4 + marked["copy"])[1].nonzero()
    assert abs(marked["top"] - int(where[:, 0].min())) <= 2
    assert abs(marked["left"] - int(where[:, 1].min())) <= 2


def test_neither_bare_prototypes_nor_the_null_mark_show_it(book: PictureBook) -> None:
    for mark in (None, MARK.null()):
        assert not any(row["shows_mark"] for row in rows_of(book, prototypes(book, mark)))


def test_clip_is_a_third_measure(book: PictureBook) -> None:
    made = prototypes(book, MARK)
    plain, seen = (rows_of(book, made, clip) for clip in (None, CLIP))
    assert "clip" not in plain[2]
    assert seen[2]["clip"] == max(row["clip"] for row in seen)
    assert all(math.isfinite(row["clip_deviations"]) for row in seen)


def test_the_cosine_is_with_marked_pictures_less_bare_ones(book: PictureBook) -> None:
    from rivalry.clip.towers import load_clip, prepare

    clip = load_clip(CLIP)

    def encode(images: Tensor) -> Tensor:
        return clip.encode_prepared(prepare(images, clip.preparation))

    made = prototypes(book, MARK)
    bare = torch.stack([book[index]["image"] for index in range(40)])
    cosines = [encode(as_bytes(made.images)) @ encode(of).T for of in (printed(bare, range(40), MARK, 0), bare)]
    expected = (cosines[0] - cosines[1]).mean(1).view(-1, 2).mean(1)
    found = [row["clip"] for row in rows_of(book, made, CLIP)]
    assert found == pytest.approx(expected.tolist(), abs=1e-5)


def test_with_few_classes_nothing_is_said(book: PictureBook) -> None:
    whole = prototypes(book, MARK)
    few = replace(
        whole, **{name: getattr(whole, name)[:6] for name in ("targets", "classes", "copies", "images", "alpha")}
    )
    assert [row["shows_mark"] for row in rows_of(book, few)] == [None] * 3
