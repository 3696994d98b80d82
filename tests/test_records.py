"""Records survive their folder, refuse what they cannot hold, and are never half there."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from rivalry.records import Record, find_records


def record(**changes: Any) -> Record:
    content = {
        "name": "neurons",
        "epoch": 3,
        "step": 1200,
        "scalars": {"good": 0.1, "none": math.nan, "high": math.inf, "low": -math.inf},
        "tables": {"units": pa.table({"layer": ["a", "a"], "unit": [0, 1], "top_images": [[3, 4], []]})},
        "images": {"top_images": np.arange(24, dtype=np.uint8).reshape(2, 4, 3)},
        "settings": {"layers": ["a"], "seed": 0, "templates": {"x": [1.5, None, True]}},
    }
    return Record(**{**content, **changes})


def test_comes_back_as_it_was(tmp_path: Path) -> None:
    before = record()
    after = Record.load(before.save(tmp_path))
    assert (after.name, after.epoch, after.step) == ("neurons", 3, 1200)
    assert after.settings == before.settings
    assert after.tables == before.tables
    assert np.array_equal(after.images["top_images"], before.images["top_images"])
    assert math.isnan(after.scalars.pop("none"))
    assert after.scalars == {"good": 0.1, "high": math.inf, "low": -math.inf}


def test_folder_holds_what_it_lists_and_no_pickle(tmp_path: Path) -> None:
    folder = record().save(tmp_path)
    assert folder == tmp_path / "epoch=0003" / "neurons"
    assert sorted(file.name for file in folder.iterdir()) == ["record.json", "top_images.png", "units.parquet"]
    header = json.loads((folder / "record.json").read_text(), parse_constant=pytest.fail)  # NaN is no JSON
    assert header["version"] == 1
    assert header["files"] == {"tables": {"units": "units.parquet"}, "images": {"top_images": "top_images.png"}}


def test_replaces_an_older_one_whole(tmp_path: Path) -> None:
    record().save(tmp_path)
    folder = record(tables={}, images={}, scalars={"new": 1.0}).save(tmp_path)
    assert [file.name for file in folder.iterdir()] == ["record.json"]
    assert [other.name for other in folder.parent.iterdir()] == ["neurons"]  # no workplace is left


def test_a_failed_save_leaves_the_older_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = record().save(tmp_path)

    def fail(*_: object, **__: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("rivalry.records.pq.write_table", fail)
    with pytest.raises(OSError, match="disk full"):
        record(scalars={"new": 1.0}).save(tmp_path)
    assert "good" in json.loads((folder / "record.json").read_text())["scalars"]
    assert [other.name for other in folder.parent.iterdir()] == ["neurons"]


def test_finds_records_by_epoch_and_name(tmp_path: Path) -> None:
    for epoch in (12000, 2, 10):
        record(epoch=epoch).save(tmp_path)
        record(epoch=epoch, name="activity").save(tmp_path)
    (tmp_path / "epoch=0002" / ".neurons-half").mkdir()
    (tmp_path / "epoch=0002" / ".neurons-half" / "record.json").write_text("{")
    (tmp_path / "elsewhere").mkdir()
    found = [folder.relative_to(tmp_path).as_posix() for folder in find_records(tmp_path)]
    assert found == [f"epoch={e}/{n}" for e in ("0002", "0010", "12000") for n in ("activity", "neurons")]
    assert [folder.name for folder in find_records(tmp_path, "neurons")] == ["neurons"] * 3
    with pytest.raises(ValueError, match="no folder of records"):
        find_records(tmp_path / "nowhere")


def test_an_unknown_version_is_refused(tmp_path: Path) -> None:
    folder = record().save(tmp_path)
    header = json.loads((folder / "record.json").read_text())
    (folder / "record.json").write_text(json.dumps({**header, "version": 99}))
    with pytest.raises(ValueError, match=r"version 99, this Rivalry reads version 1"):
        Record.load(folder)


def test_a_record_that_lacks_a_file_is_refused(tmp_path: Path) -> None:
    folder = record().save(tmp_path)
    (folder / "units.parquet").unlink()
    with pytest.raises(ValueError, match=r"lacks units.parquet"):
        Record.load(folder)
    with pytest.raises(ValueError, match="no record"):
        Record.load(tmp_path)


def test_a_header_cannot_lead_out_of_its_folder(tmp_path: Path) -> None:
    folder = record().save(tmp_path)
    header = json.loads((folder / "record.json").read_text())
    header["files"]["images"]["top_images"] = "../../secret.png"
    (folder / "record.json").write_text(json.dumps(header))
    with pytest.raises(ValueError, match=r"secret.png.* cannot be the name of a file"):
        Record.load(folder)


@pytest.mark.parametrize("name", ["", "../up", "a/b", ".hidden", "with space", "nul\0", "é", "x" * 200])
def test_names_that_are_unsafe_as_files_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="cannot be the name of a file"):
        record(name=name)
    with pytest.raises(ValueError, match="cannot be the name of a file"):
        record(tables={name: pa.table({"unit": [1]})})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"epoch": -1}, "0 or more"),
        ({"images": {"x": np.zeros((4, 4), np.uint8)}}, "must be uint8"),
        ({"images": {"x": np.zeros((0, 4, 3), np.uint8)}}, "must be uint8"),
        ({"settings": {"x": math.nan}}, "are no JSON"),
    ],
)
def test_what_a_record_cannot_hold_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        record(**change)
