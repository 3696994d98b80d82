"""Which records go with a checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rivalry.export.writing.records import FoundRecord, copy_records, find_fitting, last_of_each
from rivalry.records import Record


def save(root: Path, name: str, epoch: int, weights: str = "others", **settings: Any) -> None:
    Record(name, epoch, epoch, settings={"weights": weights, "root": root.name, **settings}).save(root)


def said(records: list[FoundRecord]) -> list[tuple[str, int, object]]:
    return [(one.header.name, one.header.epoch, one.header.settings["root"]) for one in records]


def test_the_last_of_each_that_is_not_younger(tmp_path: Path) -> None:
    for epoch in range(4):
        save(tmp_path / "own", "neurons", epoch)
    save(tmp_path / "own", "basis", 1)
    found = find_fitting([tmp_path / "own", tmp_path / "absent"], 2, "these")
    assert said(found) == [("neurons", 0, "own"), ("basis", 1, "own"), ("neurons", 1, "own"), ("neurons", 2, "own")]
    assert said(last_of_each(found)) == [("basis", 1, "own"), ("neurons", 2, "own")]


@pytest.mark.parametrize(
    ("own", "later", "wanted"),
    [
        ("others", "others", "later"),
        ("these", "others", "own"),
        ("others", "these", "later"),
        ("these", "these", "later"),
    ],
)
def test_of_two_of_one_epoch_that_of_these_weights_counts(tmp_path: Path, own: str, later: str, wanted: str) -> None:
    save(tmp_path / "own", "neurons", 2, own)
    save(tmp_path / "later", "neurons", 2, later)
    (found,) = find_fitting([tmp_path / "own", tmp_path / "later"], 2, "these")
    assert found.header.settings["root"] == wanted
    assert found.same_weights == ("these" in (own, later))
    other = {"own": "later", "later": "own"}[wanted]
    assert found.instead_of == (tmp_path / other / "epoch=0002" / "neurons",)


def test_what_heard_directions_alone_never_takes_the_place_of_what_heard_the_network(tmp_path: Path) -> None:
    save(tmp_path / "own", "neurons", 2, layers=["act", "act@basis"])
    save(tmp_path / "later", "neurons", 2, "these", layers=["act@basis"])
    found = find_fitting([tmp_path / "own", tmp_path / "later"], 2, "these")
    assert said(found) == [("neurons", 2, "own")]
    assert found[0].instead_of == (tmp_path / "later/epoch=0002/neurons",)
    save(tmp_path / "later", "neurons", 1, "these", layers=["act@basis"])
    assert said(last_of_each(find_fitting([tmp_path / "own", tmp_path / "later"], 2, "these"))) == said(found)


def test_records_are_copied_byte_by_byte_and_nothing_else(tmp_path: Path) -> None:
    save(tmp_path / "own", "neurons", 2)
    folder = tmp_path / "own" / "epoch=0002" / "neurons"
    (folder / "notes.txt").write_text("mine")
    before = (folder / "record.json").read_bytes()
    copy_records(find_fitting([tmp_path / "own"], 2, ""), tmp_path / "out")
    copied = tmp_path / "out" / "records" / "epoch=0002" / "neurons"
    assert [file.name for file in copied.iterdir()] == ["record.json"]
    assert (copied / "record.json").read_bytes() == before
