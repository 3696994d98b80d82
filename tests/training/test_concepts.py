"""``rivalry concepts``."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from rivalry.lens.class_page import class_page
from rivalry.records import Record
from tests.lens.class_record import class_rows, concept_record
from tests.training.written_run import rivalry


@pytest.fixture
def run(tmp_path: Path) -> Path:
    record = concept_record(class_rows("tree"), class_rows("a/b ../<i>"), class_rows("tree", layer="layer3"))
    record.save(tmp_path / "first" / "records")
    Record("activity", 3, 60).save(tmp_path / "first" / "records")
    Record("activity", 3, 60).save(tmp_path / "bare" / "records")
    return tmp_path / "first"


def test_every_class_gets_a_page_and_a_line(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert rivalry("concepts", run) == 0
    said = capsys.readouterr().out
    assert re.search(r"layer4 +│ tree +│ +44 │ +75 % │ +2 │ +35 %", said)
    assert "a/b ../<i>" in said
    assert re.search(r"Least reliable concepts\s+┏", said)
    assert re.search(r"layer4 +│ tree:0 thing0 +│ +68 % │ +50 %", said)
    assert "Most shared" not in said
    pages = sorted(file.name for file in (run / "concepts" / "concepts").iterdir())
    assert pages == ["layer3-0000-tree.png", "layer4-0000-tree.png", "layer4-0001-a_b_.._i.png"]
    drawn = np.asarray(Image.open(run / "concepts" / "concepts" / "layer3-0000-tree.png"))
    assert np.array_equal(drawn, class_page(Record.load(run / "records" / "epoch=0003" / "concepts"), "layer3", "tree"))


def test_a_concept_that_decides_few_pictures_is_no_least_reliable_one(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = class_rows("tree", decided=(30, 10, 4))
    for row, right in zip(rows["concepts"], (0.7, 0.6, 0.0), strict=True):
        row["reliability"] = right
    concept_record(rows).save(run / "records")
    assert rivalry("concepts", run) == 0
    said = capsys.readouterr().out
    assert said.index("tree:1 thing1") < said.index("tree:0 thing0") < said.index("tree:2 thing2")


def test_what_classes_share_is_listed_for_those_that_are_drawn(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key = {"layer": "layer4", "concept": 1, "name": "bark", "other_concept": 2, "other_name": None}
    pairs = [("tree", "a/b ../<i>", 0.9), ("elsewhere", "there", 0.8), ("there", "tree", 0.7)]
    rows = [{**key, "class": one, "other_class": other, "cosine": cosine} for one, other, cosine in pairs]
    record = Record.load(run / "records" / "epoch=0003" / "concepts")
    Record("concepts", 4, 80, tables={**record.tables, "shared": pa.Table.from_pylist(rows)}).save(run / "records")
    assert rivalry("concepts", run, "tree") == 0
    said = capsys.readouterr().out
    assert re.search(r"tree:1 bark +│ a/b ../<i>:2 +│ +0.90", said)
    assert re.search(r"there:1 bark +│ tree:2 +│ +0.70", said)
    assert "elsewhere" not in said


def test_one_class_or_layer_and_elsewhere(run: Path, tmp_path: Path) -> None:
    assert rivalry("concepts", run, "tree", "--layer", "layer4", "--out", tmp_path / "pages") == 0
    assert [file.name for file in (tmp_path / "pages" / "concepts").iterdir()] == ["layer4-0000-tree.png"]
    assert not (run / "concepts").exists()


def test_of_several_records_one_must_be_chosen(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = concept_record(class_rows("tree"))
    Record("others", 3, 60, tables=rows.tables).save(run / "records")
    assert rivalry("concepts", run) == 2
    assert "several records hold concepts" in capsys.readouterr().err
    assert rivalry("concepts", run, "--of", "others") == 0
    assert [file.name for file in (run / "concepts").iterdir()] == ["others"]
    assert rivalry("concepts", run, "--of", "activity") == 2
    assert "there are concepts, others: choose one by --of" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere"], "no folder of records at nowhere/records"),
        (["bare"], "no record in bare/records holds concepts of classes: it takes a ConceptExtraction"),
        (["first", "trees"], "no concepts of class 'trees' in the record; nearest: tree"),
        (["first", "--layer", "layer5"], "no concepts of layer 'layer5' in the record; nearest: layer"),
    ],
)
def test_what_is_not_there_is_told_in_few_words(
    run: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    said: str,
) -> None:
    assert run.is_dir()
    monkeypatch.chdir(tmp_path)
    assert rivalry("concepts", *arguments) == 2
    assert said in capsys.readouterr().err
