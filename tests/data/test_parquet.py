"""Pictures in Parquet files."""

import io
import json
import pickle
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader

from rivalry.cache import cache_folder
from rivalry.data import parquet
from rivalry.data.parquet import ImageParquet


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RIVALRY_CACHE", str(tmp_path / "cache"))


def encoded(shade: int, size: tuple[int, int] = (6, 4)) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, (shade, 0, 0)).save(file, "PNG")
    return file.getvalue()


def write(path: Path, pictures: list[bytes], labels: list[Any], *, names: tuple[str, ...] = ("cat", "dog")) -> Path:
    images = [{"bytes": picture, "path": f"{row}.png"} for row, picture in enumerate(pictures)]
    table = pa.table({"image": images, "label": labels})
    if names:
        features = {"label": {"names": list(names), "_type": "ClassLabel"}}
        table = table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})
    pq.write_table(table, path, row_group_size=2)
    return path


@pytest.fixture
def shards(tmp_path: Path) -> Path:
    """Five pictures in shades 0, 10 … 40 in two files, in row groups of two and one."""
    write(tmp_path / "train-0.parquet", [encoded(shade) for shade in (0, 10, 20)], [0, 1, 0])
    write(tmp_path / "train-1.parquet", [encoded(shade) for shade in (30, 40)], [1, 1])
    return tmp_path / "train-*.parquet"


@pytest.mark.parametrize("cache", [True, False])
def test_rows_of_all_shards_are_found_in_any_order(shards: Path, cache: bool) -> None:
    pictures = ImageParquet(shards, cache=cache)
    assert pictures.classes == ("cat", "dog")
    assert len(pictures) == 5
    for index in (4, 0, 2, 3, 1, 2):
        sample = pictures[index]
        assert sample["image"].shape == (3, 4, 6)
        assert sample["image"][:, 0, 0].tolist() == [10 * index, 0, 0]
        assert (sample["label"], sample["index"]) == ([0, 1, 0, 1, 1][index], index)


def test_a_list_of_files_is_read_in_its_order(shards: Path) -> None:
    folder = shards.parent
    pictures = ImageParquet([folder / "train-1.parquet", str(folder / "train-0.parquet")])
    assert [int(pictures[i]["image"][0, 0, 0]) for i in range(5)] == [30, 40, 0, 10, 20]


@pytest.mark.parametrize(
    "layout", ["{split}-{number:05}-of-00002", "data/{split}-{number:05}-of-00002", "{split}/{number}"]
)
def test_a_folder_has_splits(tmp_path: Path, layout: str) -> None:
    for split, shades in (("train", (0, 10)), ("test", (20, 30))):
        for number, shade in enumerate(shades):
            file = tmp_path / "set" / f"{layout.format(split=split, number=number)}.parquet"
            file.parent.mkdir(parents=True, exist_ok=True)
            write(file, [encoded(shade)], [0])
    for split, shades in (("train", [0, 10]), ("test", [20, 30])):
        pictures = ImageParquet(tmp_path / "set", split=split)
        assert [int(pictures[i]["image"][0, 0, 0]) for i in range(2)] == shades
    for split, asked in ((None, "no split"), ("val", "val")):
        with pytest.raises(ValueError, match=f"files of the splits (test, train|train, test); asked for {asked}"):
            ImageParquet(tmp_path / "set", split=split)


def test_a_folder_of_one_split_and_several_patterns_are_read(shards: Path) -> None:
    first, second = (str(shards).replace("*", number) for number in "01")
    assert len(ImageParquet([first + "*", second])) == 5
    with pytest.raises(ValueError, match="split 'train' is looked for in a folder"):
        ImageParquet(shards, split="train")
    with pytest.raises(ValueError, match="of the splits train-0, train-1; asked for no split"):
        ImageParquet(shards.parent)
    Path(second).unlink()
    assert len(ImageParquet(shards.parent)) == 3


def test_a_small_set_is_decoded_once(shards: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = ImageParquet(shards)
    monkeypatch.setattr("rivalry.data.shard.Shard.picture", lambda shard, row: encoded(99) if row == 0 else 1 / 0)
    second = ImageParquet(shards)
    assert [second[i]["image"].tolist() for i in range(5)] == [first[i]["image"].tolist() for i in range(5)]


def test_what_is_read_can_be_written_to(shards: Path) -> None:
    pictures = ImageParquet(shards)
    pictures[1]["image"].fill_(255)
    assert int(pictures[1]["image"][0, 0, 0]) == 10


def test_a_large_set_stays_encoded(shards: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "DECODED_LIMIT", 5 * 3 * 4 * 6 - 1)
    assert int(ImageParquet(shards)[3]["image"][0, 0, 0]) == 30
    assert not list(cache_folder("parquet").iterdir())
    monkeypatch.setattr(parquet, "DECODED_LIMIT", 5 * 3 * 4 * 6)
    ImageParquet(shards)
    assert len(list(cache_folder("parquet").iterdir())) == 1


def test_nothing_is_left_of_a_cache_that_could_not_be_filled(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", [encoded(1), b"broken"], [0, 1])
    with pytest.raises(ValueError, match=r"row 1 of .*a\.parquet is no picture"):
        ImageParquet(tmp_path / "a.parquet")
    assert not list(cache_folder("parquet").iterdir())


def test_pictures_of_several_sizes_want_a_size(tmp_path: Path) -> None:
    path = write(tmp_path / "a.parquet", [encoded(1), encoded(2, (8, 8))], [0, 1])
    with pytest.raises(ValueError, match=r"row 1 of .* is 8 × 8 pixels and those before it 4 × 6: give a size"):
        ImageParquet(path)
    assert ImageParquet(path, cache=False)[1]["image"].shape == (3, 8, 8)
    assert ImageParquet(path, size=5)[1]["image"].shape == (3, 5, 5)


def test_other_columns_and_plain_bytes(tmp_path: Path) -> None:
    table = pa.table({"picture": [encoded(50)], "kind": pa.array([1], pa.int32())})
    pq.write_table(table, tmp_path / "a.parquet")
    pictures = ImageParquet(tmp_path / "a.parquet", image="picture", label="kind", classes=["cat", "dog"])
    assert int(pictures[0]["image"][0, 0, 0]) == 50
    assert (pictures[0]["label"], pictures.classes) == (1, ("cat", "dog"))


def test_a_transform_is_applied(shards: Path) -> None:
    assert int(ImageParquet(shards, transform=lambda image: image + 1)[1]["image"][0, 0, 0]) == 11


def test_the_fingerprint_is_that_of_the_samples(shards: Path, tmp_path: Path) -> None:
    first = ImageParquet(shards).fingerprint
    (tmp_path / "copy").mkdir()
    for file in shards.parent.glob("train-*"):
        shutil.copy(file, tmp_path / "copy")
    assert ImageParquet(tmp_path / "copy" / "*.parquet").fingerprint == first
    others = [
        ImageParquet(shards, size=4).fingerprint,
        ImageParquet(shards, classes=["dog", "cat"]).fingerprint,
        ImageParquet(shards.parent / "train-0.parquet").fingerprint,
        ImageParquet(write(tmp_path / "b.parquet", [encoded(0)] * 3, [0, 1, 0])).fingerprint,
        ImageParquet(write(tmp_path / "c.parquet", [encoded(0)] * 3, [0, 1, 1])).fingerprint,
    ]
    assert len({first, *others}) == 6


@pytest.mark.parametrize("cache", [True, False])
def test_worker_processes_read_the_same(shards: Path, cache: bool) -> None:
    pictures = ImageParquet(shards, cache=cache)
    pictures[0]
    loader = DataLoader(pictures, batch_size=2, num_workers=2, multiprocessing_context="fork")
    read = torch.cat([batch["image"][:, 0, 0, 0] for batch in loader])
    assert read.tolist() == [0, 10, 20, 30, 40]
    again = pickle.loads(pickle.dumps(pictures))
    assert int(again[3]["image"][0, 0, 0]) == 30


def test_what_is_missing_is_named(shards: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no such Parquet file: .*nothing-\*"):
        ImageParquet(tmp_path / "nothing-*.parquet")
    with pytest.raises(ValueError, match=r"no column 'img'; its columns are image, label"):
        ImageParquet(shards, image="img")
    with pytest.raises(ValueError, match="does not name the classes"):
        ImageParquet(write(tmp_path / "a.parquet", [encoded(1)], [0], names=()))
    with pytest.raises(ValueError, match=r"row 1 of .* has no bytes"):
        ImageParquet(write(tmp_path / "a.parquet", [encoded(1), None], [0, 0]))


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0, 0, 2], "row 2 of .* has label 2; with 2 classes a label is 0 to 1"),
        ([0, -1, 0], "row 1 of .* has label -1"),
        ([0, None, 1], "rows without a label"),
        (["a", "b", "c"], "is string; labels are integers"),
        ([], "holds no rows"),
    ],
)
def test_labels_without_a_class_are_refused(tmp_path: Path, labels: list[Any], message: str) -> None:
    path = write(tmp_path / "a.parquet", [encoded(1)] * len(labels), labels)
    if not labels:
        table = pa.table({"image": pa.array([], pa.binary()), "label": pa.array([], pa.int64())})
        pq.write_table(table, path)
    with pytest.raises(ValueError, match=message):
        ImageParquet(path, classes=["cat", "dog"])


@pytest.mark.parametrize("index", [-1, 5])
def test_an_index_beyond_the_end_is_refused(shards: Path, index: int) -> None:
    with pytest.raises(IndexError, match=f"pictures 0 to 4; asked for {index}"):
        ImageParquet(shards)[index]


@pytest.mark.slow
@pytest.mark.data
def test_cifar10_is_read_as_it_is(shared_data: Path) -> None:
    file = shared_data / "cifar10" / "test-00000-of-00001.parquet"
    pictures = ImageParquet(file)
    assert len(pictures) == 10_000
    assert pictures.classes[3] == "cat"
    row = pq.ParquetFile(file).read_row_group(3).slice(7, 1).to_pylist()[0]
    with Image.open(io.BytesIO(row["image"]["bytes"])) as opened:
        image = opened.convert("RGB")
    index = sum(pq.ParquetFile(file).metadata.row_group(group).num_rows for group in range(3)) + 7
    sample = pictures[index]
    assert sample["label"] == row["label"]
    assert [tuple(sample["image"][:, y, x].tolist()) for y in range(32) for x in range(32)] == list(
        image.get_flattened_data()
    )
    counts = torch.bincount(torch.tensor([pictures[i]["label"] for i in range(10_000)]))
    assert counts.tolist() == [1000] * 10
