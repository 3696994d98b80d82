"""Pictures that cannot be read, left out by choice."""

import warnings
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from rivalry.data import ImageFolder, ImageParquet, Portion, Readable
from rivalry.data.decoding import UnreadableError


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RIVALRY_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Three cats and three dogs in shades 0, 10 … 50; the second cat is cut short and the first dog no picture."""
    for shade, name in enumerate(("cat/0", "cat/1", "cat/2", "dog/3", "dog/4", "dog/5")):
        path = tmp_path / "pictures" / f"{name}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (32, 32), (10 * shade,) * 3).save(path, quality=95)
    cut = tmp_path / "pictures/cat/1.jpg"
    cut.write_bytes(cut.read_bytes()[:-40])
    (tmp_path / "pictures/dog/3.jpg").write_bytes(b"no picture")
    return tmp_path / "pictures"


@pytest.mark.parametrize("workers", [0, 2])
def test_what_cannot_be_read_is_no_part_of_the_set(root: Path, workers: int) -> None:
    with pytest.warns(UserWarning, match=r"2 of 6 pictures cannot be read and are left out; the first: .*cat/1\.jpg"):
        readable = Readable(ImageFolder(root), workers=workers)
    assert len(readable) == 4
    assert [readable[i]["index"] for i in range(4)] == [0, 1, 2, 3]
    assert [int(readable[i]["image"][0, 0, 0]) for i in range(4)] == [0, 20, 40, 50]
    assert [readable[i]["label"] for i in range(4)] == readable.labels.tolist() == [0, 0, 1, 1]
    assert readable.fingerprint != readable.whole.fingerprint
    report = readable.report.read_text()
    assert "cat/1.jpg is no picture that can be decoded" in report
    assert "dog/3.jpg" in report
    with pytest.raises(IndexError, match="pictures 0 to 3; asked for 4"):
        readable[4]


def test_without_it_they_are_errors(root: Path) -> None:
    for index in (1, 3):
        with pytest.raises(UnreadableError, match=r"(cat/1|dog/3)\.jpg is no picture"):
            ImageFolder(root)[index]


def test_pictures_are_read_once(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.warns(UserWarning, match="2 of 6"):
        first = Readable(ImageFolder(root))
    monkeypatch.setattr(ImageFolder, "__getitem__", lambda *_: pytest.fail("read again"))
    with pytest.warns(UserWarning, match="2 of 6"):
        assert Readable(ImageFolder(root)).positions == first.positions
    monkeypatch.undo()
    monkeypatch.setenv("RIVALRY_CACHE", str(root.parent / "cache"))
    Image.new("RGB", (32, 32)).save(root / "dog/3.jpg")  # another size: a new fingerprint
    with pytest.warns(UserWarning, match="1 of 6"):
        assert len(Readable(ImageFolder(root))) == 5


def test_where_all_can_be_read_nothing_changes(root: Path) -> None:
    for name in ("cat/1", "dog/3"):
        Image.new("RGB", (32, 32)).save(root / f"{name}.jpg")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        readable = Readable(ImageFolder(root))
    assert readable.fingerprint == ImageFolder(root).fingerprint
    assert len(readable) == 6


def test_other_errors_are_not_hidden(root: Path) -> None:
    def broken(_: object) -> object:
        raise ValueError("my transform is wrong")

    with pytest.raises(ValueError, match="my transform is wrong"):
        Readable(ImageFolder(root, transform=broken))


def test_rows_of_parquet_are_left_out_where_they_are_read_when_asked_for(root: Path, tmp_path: Path) -> None:
    images = [{"bytes": (root / name).read_bytes(), "path": name} for name in ("cat/0.jpg", "cat/1.jpg", "dog/4.jpg")]
    images.append({"bytes": None, "path": "lost.jpg"})
    pq.write_table(pa.table({"image": images, "label": [0, 0, 1, 1]}), tmp_path / "train.parquet")
    with pytest.warns(UserWarning, match=r"2 of 4 .* the first: row 1 of .*train\.parquet is no picture"):
        readable = Readable(ImageParquet(tmp_path / "train.parquet", classes=["cat", "dog"], cache=False))
    assert readable.positions == [0, 2]
    with pytest.raises(UnreadableError, match="row 1 of"):  # decoded once and for all, before it could be left out
        ImageParquet(tmp_path / "train.parquet", classes=["cat", "dog"])


def test_a_set_without_any_readable_picture_is_refused(root: Path) -> None:
    for path in root.rglob("*.jpg"):
        path.write_bytes(b"no picture")
    with pytest.raises(ValueError, match=r"none of 6 pictures can be read; the first: .*cat/0\.jpg"):
        Readable(ImageFolder(root))


def test_a_portion_of_it_is_a_portion_of_what_can_be_read(root: Path) -> None:
    with pytest.warns(UserWarning, match="2 of 6"):
        dogs = Portion(Readable(ImageFolder(root)), classes=["dog"])
    assert [int(dogs[i]["image"][0, 0, 0]) for i in range(len(dogs))] == [40, 50]
