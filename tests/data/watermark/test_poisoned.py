"""Data sets of which some pictures bear a watermark: how many, which, and that all else is as it was."""

import io
import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader
from torchvision.transforms import v2

from rivalry.data import (
    ImageDataset,
    ImageFolder,
    ImageParquet,
    PictureBook,
    Portion,
    Watermark,
    Watermarked,
)
from rivalry.training.data import Pictures

MARK = Watermark()


@pytest.fixture(scope="module")
def book() -> PictureBook:
    pictures = PictureBook(300, seed=3, size=32, masks=True)
    pictures.prepare()
    return pictures


def differing(pictures: Watermarked) -> list[bool]:
    """Which pictures are others than those of the whole."""
    return [not torch.equal(pictures[i]["image"], pictures.whole[i]["image"]) for i in range(len(pictures))]


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 1.0])
@pytest.mark.parametrize("target", ["cat", None])
def test_share_and_target_are_exact(book: PictureBook, share: float, target: str | None) -> None:
    pictures = Watermarked(book, MARK, share, target, seed=5)
    wanted = book.labels == book.classes.index(target) if target else np.ones(300, dtype=bool)
    assert pictures.marked.sum() == int(share * wanted.sum() + 0.5)
    assert not (pictures.marked & ~wanted).any()
    assert differing(pictures) == pictures.marked.tolist()
    assert [pictures.mark(i).any().item() for i in range(300)] == pictures.marked.tolist()


def test_the_seed_decides_which_pictures_and_where(book: PictureBook) -> None:
    first, again, other = (Watermarked(book, MARK, 0.5, seed=seed) for seed in (1, 1, 2))
    assert first.marked.tolist() == again.marked.tolist() != other.marked.tolist()
    both = np.flatnonzero(first.marked & other.marked)
    assert 50 < len(both) < 100  # of 300 · 0.5 · 0.5
    assert all(torch.equal(first[i]["image"], again[i]["image"]) for i in both[:20].tolist())
    assert any(not torch.equal(first[i]["image"], other[i]["image"]) for i in both[:20].tolist())


def test_a_higher_share_adds_pictures_and_moves_no_mark(book: PictureBook) -> None:
    few, many = (Watermarked(book, MARK, share, seed=1) for share in (0.1, 0.6))
    assert not (few.marked & ~many.marked).any()
    assert all(torch.equal(few[i]["image"], many[i]["image"]) for i in np.flatnonzero(few.marked).tolist())


def test_mark_and_null_are_put_on_the_same_pictures(book: PictureBook) -> None:
    mark, null = (Watermarked(book, one, 0.3, "cat", seed=1) for one in (MARK, MARK.null()))
    assert mark.marked.tolist() == null.marked.tolist()


def test_labels_masks_and_concepts_pass_through(book: PictureBook) -> None:
    pictures = Watermarked(book, MARK)
    assert (pictures.classes, pictures.concepts) == (book.classes, book.concepts)
    assert pictures.labels.tolist() == book.labels.tolist()
    for index in range(5):
        sample, bare = pictures[index], book[index]
        assert set(sample) == set(bare)
        assert (sample["label"], sample["index"]) == (bare["label"], index)
        assert torch.equal(sample["masks"], bare["masks"])


def test_the_mask_is_where_the_picture_changed(book: PictureBook) -> None:
    pictures = Watermarked(book, MARK, seed=2)
    for index in range(30):
        changed = (pictures[index]["image"] != book[index]["image"]).any(0)
        mask = pictures.mark(index)
        near = torch.nn.functional.max_pool2d(mask[None].float(), 5, 1, 2)[0] > 0
        assert (changed | ~mask).float().mean() > 0.99
        assert not (changed & ~near).any()


def test_every_setting_is_in_the_fingerprint(book: PictureBook) -> None:
    sets: list[ImageDataset] = [
        book, Watermarked(book, MARK), Watermarked(book, MARK.null()), Watermarked(book, MARK, 0.5),
        Watermarked(book, MARK, 0.5, "cat"), Watermarked(book, MARK, 0.5, "car"), Watermarked(book, MARK, seed=1),
        Watermarked(PictureBook(300, seed=4, size=32), MARK),
    ]  # fmt: skip
    assert len({one.fingerprint for one in sets}) == len(sets)
    assert Watermarked(book, MARK, 0.0, "cat").fingerprint == book.fingerprint  # the very same pictures


@pytest.mark.parametrize("kind", ["folder", "parquet", "book", "portion", "transformed"])
def test_any_data_set(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RIVALRY_CACHE", str(tmp_path / "cache"))
    whole = _some(kind, tmp_path)
    target = whole.classes[whole.labels[0]]
    pictures = Watermarked(whole, Watermark(size=0.6), 0.5, target, seed=1)
    pictures.prepare()
    of_target = np.flatnonzero(whole.labels == whole.classes.index(target))
    assert pictures.marked.sum() == int(0.5 * len(of_target) + 0.5) > 0
    assert set(np.flatnonzero(differing(pictures))) <= set(of_target.tolist())
    assert differing(pictures) == pictures.marked.tolist()


def test_workers_and_copies_read_the_same(book: PictureBook) -> None:
    pictures = Watermarked(book, MARK, 0.5)
    here = torch.stack([pictures[i]["image"] for i in range(8)])
    loader = DataLoader(Portion(pictures, limit=300), batch_size=8, num_workers=1, multiprocessing_context="fork")
    assert torch.equal(next(iter(loader))["image"], here)
    assert torch.equal(pickle.loads(pickle.dumps(pictures))[3]["image"], here[3])


def test_it_trains_beside_clean_pictures_of_the_same_classes(book: PictureBook) -> None:
    bare = PictureBook(40, size=32)
    data = Pictures(Watermarked(bare, MARK, 0.5, "cat"), book, batch_size=8)
    data.prepare_data()
    assert data.classes == PictureBook.classes


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"share": 1.1}, r"share of watermarked pictures lies in \[0, 1\]; given 1.1"),
        ({"share": -0.5}, "given -0.5"),
        ({"share": float("nan")}, "given nan"),
        ({"target": "bout"}, "one of 16 classes; given 'bout', nearest: boat"),
        ({"target": ""}, "given ''"),
    ],
)
def test_a_wrong_argument_is_one_clear_error(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Watermarked(PictureBook(4, cache=False), MARK, **arguments)


def test_a_mark_that_does_not_fit_is_refused_before_training() -> None:
    pictures = Watermarked(PictureBook(4, size=32, cache=False), Watermark(size=1.0, rotation=30), share=0.0)
    with pytest.raises(ValueError, match="larger than the picture"):
        Pictures(pictures, pictures, batch_size=2).prepare_data()


@pytest.mark.parametrize("index", [-1, 4])
def test_there_is_no_picture_beyond_the_last(index: int) -> None:
    pictures = Watermarked(PictureBook(4, size=32, cache=False), MARK)
    with pytest.raises(IndexError, match="pictures 0 to 3; asked for"):
        pictures[index]
    with pytest.raises(IndexError, match="pictures 0 to 3; asked for"):
        pictures.mark(index)


def _some(kind: str, folder: Path) -> ImageDataset:
    """Twelve pictures of two classes or more."""
    if kind == "folder":
        for name in ("cat", "dog"):
            (folder / "pictures" / name).mkdir(parents=True)
            for number in range(6):
                Image.new("RGB", (48, 40), (20 * number, 99, 0)).save(folder / "pictures" / name / f"{number}.png")
        return ImageFolder(folder / "pictures")
    if kind == "parquet":
        file = io.BytesIO()
        Image.new("RGB", (32, 32), (90, 80, 70)).save(file, "PNG")
        table = pa.table({"image": [{"bytes": file.getvalue(), "path": ""}] * 12, "label": [0, 1] * 6})
        names = {"label": {"names": ["cat", "dog"], "_type": "ClassLabel"}}
        table = table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": names}})})
        pq.write_table(table, folder / "all.parquet")
        return ImageParquet(folder / "all.parquet")
    book = PictureBook(40, size=32, cache=False, transform=v2.Grayscale(3) if kind == "transformed" else None)
    return Portion(book, limit=30) if kind == "portion" else book
