"""The data set: samples, the pages on disk, and what decides the fingerprint."""

import hashlib
import multiprocessing
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader
from torchvision.transforms import v2

from rivalry.data.dataset import CATEGORIES
from rivalry.data.picturebook import CONCEPTS, NAMES, PictureBook, draw, pages
from rivalry.data.picturebook.drawing import DRAWING
from rivalry.data.picturebook.pages import BATCH, Edition


@pytest.fixture
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("RIVALRY_CACHE", str(tmp_path))
    return tmp_path / "picturebook"


def test_samples_are_the_pictures(cache: Path) -> None:
    book = PictureBook(6, seed=4, size=32, correlation=0.5, masks=True)
    for index in range(6):
        picture, sample = draw(4, index, 32, correlation=0.5), book[index]
        assert set(sample) == {"image", "label", "index", "masks"}
        assert np.array_equal(sample["image"].permute(1, 2, 0), picture.image)
        assert np.array_equal(sample["masks"], picture.masks)
        assert (sample["label"], sample["index"]) == (picture.label, index)
        assert book.captions(index) == picture.captions
        assert book.factors(index) == picture.factors
        assert np.array_equal(book.picture(index).image, picture.image)


def test_labels_are_those_of_the_samples(cache: Path) -> None:
    book = PictureBook(6, size=32)
    assert book.labels.tolist() == [book[index]["label"] for index in range(6)]


def test_with_and_without_cache_alike(cache: Path) -> None:
    kept, fresh = PictureBook(5, size=32, masks=True), PictureBook(5, size=32, masks=True, cache=False)
    for index in range(5):
        assert all(torch.equal(kept[index][key], fresh[index][key]) for key in ("image", "masks"))
    assert kept.fingerprint == fresh.fingerprint


def test_without_cache_nothing_is_written(cache: Path) -> None:
    PictureBook(5, size=32, cache=False)[0]
    assert not cache.exists()


def test_pages_are_drawn_once(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = PictureBook(5, size=32)[3]["image"]
    monkeypatch.setattr(pages, "draw", None)  # a second drawing would fail
    assert torch.equal(PictureBook(5, size=32)[3]["image"], first)
    assert len(list(cache.iterdir())) == 1


def test_many_processes_draw_the_same_as_one(cache: Path) -> None:
    book = PictureBook(2 * BATCH + 9, seed=3, size=32)
    for index in (0, BATCH - 1, BATCH, 2 * BATCH + 8):
        assert np.array_equal(book[index]["image"].permute(1, 2, 0), draw(3, index, 32).image)


def test_an_interrupted_drawing_leaves_nothing(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(pages, "draw", fail)
        with pytest.raises(KeyboardInterrupt):
            PictureBook(5, size=32).prepare()
    assert list(cache.iterdir()) == []
    assert np.array_equal(PictureBook(5, size=32)[4]["image"].permute(1, 2, 0), draw(0, 4, 32).image)


def _read(seed: int) -> int:
    return int(PictureBook(40, seed=seed, size=32)[39]["image"].sum())


def test_processes_may_draw_the_same_book_at_once(cache: Path) -> None:
    with multiprocessing.get_context("fork").Pool(3) as pool:
        sums = pool.map(_read, [8] * 6, chunksize=1)
    assert set(sums) == {int(draw(8, 39, 32).image.sum())}
    assert len(list(cache.iterdir())) == 1


def test_every_setting_that_decides_the_pictures_is_in_the_fingerprint() -> None:
    books = [
        PictureBook(5),
        PictureBook(6),
        PictureBook(5, seed=1),
        PictureBook(5, size=65),
        PictureBook(5, correlation=0.5),
        PictureBook(5, transform=v2.Grayscale(3)),
        PictureBook(5, transform=v2.RandomHorizontalFlip(0.25)),
    ]
    assert len({book.fingerprint for book in books}) == len(books)
    assert PictureBook(5, masks=True).fingerprint == PictureBook(5).fingerprint  # the same pictures


def test_transform_changes_the_image_alone(cache: Path) -> None:
    book = PictureBook(4, size=32, masks=True, transform=lambda image: 255 - image)
    plain = PictureBook(4, size=32, masks=True)
    assert torch.equal(book[1]["image"], 255 - plain[1]["image"])
    assert torch.equal(book[1]["masks"], plain[1]["masks"])


def test_pictures_are_kept_once_for_all_transforms(cache: Path) -> None:
    """In the folder of the drawing: what was drawn before need not be drawn again."""
    for transform in (None, v2.Grayscale(3)):
        PictureBook(5, size=32, transform=transform).prepare()
    said = f"PictureBook {DRAWING} {Edition(5, 0, 32, 0.0)}"
    assert [folder.name for folder in cache.iterdir()] == [hashlib.sha256(said.encode()).hexdigest()[:32]]


def test_what_is_given_cannot_spoil_the_pages(cache: Path) -> None:
    book = PictureBook(4, size=32)
    book[0]["image"].zero_()
    assert book[0]["image"].any()


def test_batches_and_workers(cache: Path) -> None:
    book = PictureBook(10, size=32, masks=True)
    batches = list(DataLoader(book, batch_size=4, num_workers=1))
    assert batches[0]["image"].shape == (4, 3, 32, 32)
    assert batches[0]["masks"].dtype == torch.int16
    assert torch.cat([batch["index"] for batch in batches]).tolist() == list(range(10))


def test_a_copy_for_another_process_is_small(cache: Path) -> None:
    book = PictureBook(50, size=32)
    book.prepare()
    data = pickle.dumps(book)
    assert len(data) < 2000
    assert torch.equal(pickle.loads(data)[7]["image"], book[7]["image"])


def test_concepts_are_named_where_masks_are_given() -> None:
    assert PictureBook(3, masks=True).concepts == CONCEPTS
    assert PictureBook(3).concepts == ()
    assert tuple(NAMES) == CATEGORIES[: len(NAMES)]
    assert PictureBook.classes == NAMES["object"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"length": 0}, "at least one picture; given length 0"),
        ({"size": 16}, "given size 16"),
        ({"seed": -2}, "given -2"),
        ({"correlation": -0.5}, "given -0.5"),
    ],
)
def test_a_wrong_argument_is_one_clear_error(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        PictureBook(**{"length": 1, **arguments})


@pytest.mark.parametrize("index", [-1, 4])
def test_there_is_no_picture_beyond_the_last(index: int) -> None:
    with pytest.raises(IndexError, match="pictures 0 to 3; given"):
        PictureBook(4, size=32, cache=False)[index]
