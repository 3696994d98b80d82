"""Which pictures bear a mark: of whole sets and of parts of them, and nothing where nobody knows."""

from pathlib import Path

import numpy as np
import pytest

from rivalry.data import ImageDataset, PictureBook, Portion, Readable, Watermark, Watermarked
from rivalry.data.watermark.marked import marked_pictures

MARK = Watermark()
BOOK = PictureBook(90, seed=3, size=32, cache=False)


def bears(pictures: ImageDataset) -> list[bool]:
    """By looking: which pictures are others than those of the bare book of the same index in the whole."""
    positions = pictures.positions if isinstance(pictures, Portion | Readable) else range(len(pictures))
    return [not bool((pictures[index]["image"] == BOOK[place]["image"]).all()) for index, place in enumerate(positions)]


def test_a_marked_set_and_its_parts_know_their_marks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RIVALRY_CACHE", str(tmp_path))
    whole = Watermarked(BOOK, MARK, share=0.4)
    for pictures in (whole, Portion(whole, limit=30, seed=1), Portion(whole, classes=["tree", "b*"]), Readable(whole)):
        marked = marked_pictures(pictures)
        assert marked is not None
        assert marked.tolist() == bears(pictures)
        assert 0 < marked.sum() < len(pictures)


def test_marks_upon_marks_are_told_together() -> None:
    first = Watermarked(BOOK, MARK, share=0.3)
    both = Watermarked(first, MARK, share=0.3, seed=9)
    marked = marked_pictures(both)
    assert marked is not None
    assert marked.tolist() == (both.marked | first.marked).tolist()
    assert marked.sum() > both.marked.sum()


def test_a_share_of_nothing_is_known_to_be_nothing() -> None:
    marked = marked_pictures(Watermarked(BOOK, MARK, share=0.0))
    assert marked is not None
    assert not marked.any()


def test_of_other_sets_nobody_knows() -> None:
    assert marked_pictures(BOOK) is None
    assert marked_pictures(Portion(BOOK, limit=5)) is None


def test_the_order_of_a_portion_is_kept() -> None:
    whole = Watermarked(BOOK, MARK, share=0.5, target="tree")
    part = Portion(whole, share=0.5, seed=2)
    np.testing.assert_array_equal(marked_pictures(part), whole.marked[part.positions])
