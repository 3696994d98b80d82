"""A run's records on the shelf: what is broken is told of, and never stops the rest."""

import json
import shutil
from pathlib import Path

import pyarrow as pa
import pytest

from rivalry.lens.site.shelf import Shelf, Volume
from rivalry.records import Record
from tests.lens.site.small_runs import write_neurons, write_scalars


def test_records_come_by_epoch_and_know_their_kind(tmp_path: Path) -> None:
    write_neurons(tmp_path, 3)
    write_neurons(tmp_path, 1)
    write_scalars(tmp_path, 1, "mine", {"x": 1.0})
    shelf = Shelf.open(tmp_path)
    assert [(volume.epoch, volume.name, volume.kind) for volume in shelf.volumes] == [
        (1, "mine", None), (1, "neurons", "neurons"), (3, "neurons", "neurons"),
    ]  # fmt: skip
    assert shelf.epochs == [1, 3]
    assert [shelf.last("neurons", epoch=epoch).epoch for epoch in (1, 2, 3, 9)] == [1, 1, 3, 3]
    assert shelf.last("neurons", epoch=0) is None


def test_a_record_is_told_by_what_it_holds(tmp_path: Path) -> None:
    write_neurons(tmp_path, 1, name="named_by_me")
    assert Shelf.open(tmp_path).names("neurons") == ["named_by_me"]


def test_records_made_after_the_training_lie_beside_those_made_in_it(tmp_path: Path) -> None:
    write_neurons(tmp_path, 1)
    write_neurons(tmp_path / "analyses", 5)
    assert [(volume.epoch, volume.afterwards) for volume in Shelf.open(tmp_path).volumes] == [(1, False), (5, True)]


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("record.json", None),
        ("record.json", b"{"), ("record.json", b'{"version": 2}'), ("record.json", b'{"version": 1}'),
        ("record.json", b"\xff\xfe"), ("record.json", b"[]"), ("units.parquet", b"PAR1"), ("units.parquet", None),
    ],
)  # fmt: skip
def test_a_broken_record_is_a_problem_and_the_others_are_there(
    tmp_path: Path, file: str, content: bytes | None
) -> None:
    write_neurons(tmp_path, 1)
    broken = write_neurons(tmp_path, 2)
    (broken / file).unlink() if content is None else (broken / file).write_bytes(content)
    shelf = Shelf.open(tmp_path)
    assert [volume.epoch for volume in shelf.volumes] == [1]
    assert [problem.where for problem in shelf.problems] == ["epoch=0002/neurons"]
    assert shelf.problems[0].what.startswith("left out: ")


def test_a_picture_that_is_missing_is_a_problem(tmp_path: Path) -> None:
    import numpy as np

    picture = np.zeros((2, 2, 3), np.uint8)
    folder = Record("drawn", 1, 0, images={"seen": picture}).save(tmp_path / "records")
    write_neurons(tmp_path, 1)
    (folder / "seen.png").unlink()
    assert [problem.where for problem in Shelf.open(tmp_path).problems] == ["epoch=0001/drawn"]


def test_a_volume_reads_the_columns_that_are_there(tmp_path: Path) -> None:
    volume = Volume.open(write_neurons(tmp_path, 1, confirmed=float("nan"), clarity=0.5))
    assert volume.has("units", "layer", "label")
    assert not volume.has("units", "nothing")
    assert not volume.has("nothing")
    assert volume.table("units", ["label", "nothing"]).column_names == ["label"]
    assert volume.scalar("confirmed") is None
    assert volume.scalar("clarity") == 0.5
    assert volume.scalar("nothing") is None
    with pytest.raises(ValueError, match="record 'neurons' of epoch 1 has no table 'maps'"):
        volume.table("maps")


def test_the_digest_changes_with_the_record_alone(tmp_path: Path) -> None:
    folder = write_neurons(tmp_path, 1)
    before = Volume.open(folder).digest
    assert Volume.open(folder).digest == before
    write_neurons(tmp_path, 1, labels=("sea",))
    assert Volume.open(folder).digest != before


def test_metrics_are_numbers_by_epoch(tmp_path: Path) -> None:
    write_neurons(tmp_path, 1)
    lines = "step,epoch,val/top1\n1,0,0.25\n2,0,0.5\n3,1,nan\n4,,0.9\n5,1,word\n6,2,0.75,too,many\n"
    (tmp_path / "metrics.csv").write_bytes(lines.encode() + b"\xff,3,0.8\n")
    shelf = Shelf.open(tmp_path)
    assert shelf.curve("val/top1") == [(0, 0.5), (2, 0.75), (3, 0.8)]
    assert shelf.curve("nothing") == []


def test_a_folder_of_records_without_a_run_will_do(tmp_path: Path) -> None:
    write_neurons(tmp_path, 1)
    assert Shelf.open(tmp_path / "records").epochs == [1]


def test_where_there_is_no_run_the_nearest_is_named(tmp_path: Path) -> None:
    write_neurons(tmp_path / "first", 1)
    write_neurons(tmp_path / "other", 1)
    with pytest.raises(ValueError, match=r"frist is no folder: wanted .*; nearest: \S*first"):
        Shelf.open(tmp_path / "frist")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="empty holds no records"):
        Shelf.open(tmp_path / "empty")


def test_a_table_with_no_rows_is_a_table(tmp_path: Path) -> None:
    table = pa.table({"layer": pa.array([], pa.string()), "unit": pa.array([], pa.int64())})
    folder = Record("none", 1, 0, tables={"units": table}).save(tmp_path / "records")
    assert len(Volume.open(folder).table("units")) == 0


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"epoch": 1.5}, "epoch and step are whole numbers, got 1.5"), ({"epoch": True}, "got True"),
        ({"step": "x"}, "epoch and step are whole numbers"), ({"settings": [1]}, "its settings have no names"),
        ({"files": {"tables": {"units": "../../../../../../../dev/zero"}, "images": {}}}, "wanted units.parquet"),
        ({"files": {"tables": {"../x": "../x.parquet"}, "images": {}}}, "cannot be the name of a file"),
        ({"files": {"tables": {}, "images": {"units": "units.parquet"}}}, "wanted units.png"),
    ],
)  # fmt: skip
def test_a_record_that_says_what_none_says_is_a_problem(tmp_path: Path, told: dict[str, object], said: str) -> None:
    write_neurons(tmp_path, 1)
    strange = write_neurons(tmp_path, 2) / "record.json"
    strange.write_text(json.dumps({**json.loads(strange.read_text()), **told}))
    shelf = Shelf.open(tmp_path)
    assert [volume.epoch for volume in shelf.volumes] == [1]
    assert said in shelf.problems[0].what


def test_brackets_without_end_are_a_problem(tmp_path: Path) -> None:
    write_neurons(tmp_path, 1)
    (write_neurons(tmp_path, 2) / "record.json").write_text("[" * 100_000)
    assert len(Shelf.open(tmp_path).problems) == 1


def test_a_copy_of_a_record_is_a_problem_and_the_first_stays(tmp_path: Path) -> None:
    first = write_neurons(tmp_path, 1)
    shutil.copytree(first, first.with_name("neurons_kept"))
    shutil.copytree(first.parent, first.parents[1] / "epoch=0007")
    shelf = Shelf.open(tmp_path)
    assert [volume.folder for volume in shelf.volumes] == [first]
    assert [problem.where for problem in shelf.problems] == [
        "epoch=0001/neurons_kept", "epoch=0007/neurons", "epoch=0007/neurons_kept"
    ]  # fmt: skip
    assert shelf.problems[1].what == "left out: it says that it is 'neurons' of epoch 1, as epoch=0001/neurons does"


def test_of_one_epoch_the_record_that_was_made_afterwards_is_the_last(tmp_path: Path) -> None:
    write_neurons(tmp_path, 1)
    write_neurons(tmp_path / "analyses", 1)
    last = Shelf.open(tmp_path).last("neurons")
    assert last is not None
    assert last.afterwards


@pytest.mark.parametrize("content", ["epoch,x\n" + "1" * 200_000 + ",2\n", None])
def test_metrics_that_cannot_be_read_are_a_problem(tmp_path: Path, content: str | None) -> None:
    write_neurons(tmp_path, 1)
    (tmp_path / "metrics.csv").write_text(content or "")
    if content is None:
        (tmp_path / "metrics.csv").unlink()
        (tmp_path / "metrics.csv").symlink_to("metrics.csv")
    shelf = Shelf.open(tmp_path)
    assert [problem.where for problem in shelf.problems] == (["metrics.csv"] if content else [])
    assert (len(shelf.volumes), shelf.curve("x")) == (1, [])
