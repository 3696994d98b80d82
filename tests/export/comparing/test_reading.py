"""What folders and runs are known by, and what is refused before anything is compared."""

import csv
import json
import math
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from rivalry.export.comparing import compare, read_side
from rivalry.export.folder.sums import write_sums
from rivalry.records import Record
from tests.export.comparing.two import FIRST, MADE, SECOND, neurons, write_checkpoint, write_run


def test_a_dissected_checkpoint_is_known_without_its_weights(tmp_path: Path) -> None:
    side = read_side(write_checkpoint(tmp_path / "lwta", SECOND))
    assert side.name == str(tmp_path / "lwta")
    assert side.neurons.equals(neurons(SECOND))
    assert side.competitors == {"act1": 2, "act2": 2}
    assert (side.scores, side.pictures) == ({"val/top1": 0.75}, {"validation": "p"})
    assert (side.labels, side.settings["neurons"]) == ({"act1": "neurons", "act2": "neurons"}, MADE)
    assert [record.epoch for record in side.records.values()] == [3]  # the last of the two that are there
    assert compare(side, side).bases[0].s1 == (2.0, 2.0)


def test_a_run_is_known_by_its_last_records_and_last_scores(tmp_path: Path) -> None:
    side = read_side(write_run(tmp_path / "run"))
    assert sorted(set(side.neurons["label"].to_pylist())) == ["", "car", "roof", "sky", "wheel"]  # no moon
    assert side.competitors == {"act1": 1, "act2": 2}
    assert side.scores == {"test/top1": 0.625, "val/top1": 0.75}
    assert side.labels == {"act1": "neurons", "act2": "neurons"}
    assert side.pictures == {}
    (tmp_path / "run" / "metrics.csv").unlink()
    assert read_side(tmp_path / "run").scores == {}


def test_a_run_and_a_checkpoint_of_it_differ_in_nothing(tmp_path: Path) -> None:
    found = compare(read_side(write_run(tmp_path / "run")), read_side(write_checkpoint(tmp_path / "out")))
    assert (found.changed, found.gained, found.lost, found.otherwise) == ([], [], [], {})
    assert [(one.name, one.first, one.second) for one in found.scores] == [("top1", 0.75, 0.75)]


def test_two_dissections_of_one_layer_are_told_apart_by_name(tmp_path: Path) -> None:
    run = write_run(write_run(tmp_path / "run"), SECOND, name="words")
    with pytest.raises(ValueError, match=r"neurons and words in .* both name units of layer act1: choose one by --of"):
        read_side(run)
    assert read_side(run, "words").neurons["label"].to_pylist() == neurons(SECOND)["label"].to_pylist()
    with pytest.raises(ValueError, match=r"no dissection 'word' in .*; there are neurons, words"):
        read_side(run, "word")


def test_directions_that_an_analysis_found_are_no_units_of_the_network(tmp_path: Path) -> None:
    run = write_run(write_run(tmp_path / "run"), {"act2@basis": ["wheel", "roof"]}, name="directions")
    assert set(read_side(run).labels) == {"act1", "act2"}


def test_what_is_neither_is_refused(tmp_path: Path) -> None:
    write_run(tmp_path / "first")
    with pytest.raises(ValueError, match=r"there is no folder .*frist; nearest: .*first"):
        read_side(tmp_path / "frist")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match=r"no dissected checkpoint .* and no run with records"):
        read_side(tmp_path / "empty")
    write_run(tmp_path / "run" / "analyses")
    with pytest.raises(ValueError, match=r"no run with records .*; wanted is perhaps .*run/analyses$"):
        read_side(tmp_path / "run")
    Record("activity", 0, 0).save(tmp_path / "unnamed" / "records")
    with pytest.raises(ValueError, match=r"no analysis in .* names units"):
        read_side(tmp_path / "unnamed")


def change_text(file: Path) -> None:
    file.write_text(file.read_text().replace("0.75", "0.99"))


def change_json(file: Path, key: str, value: object) -> None:
    """Write something else, with right sums, as somebody who means harm would."""
    told = json.loads(file.read_text())
    told[key] = value
    file.write_text(json.dumps(told))
    write_sums(file.parent)


def lose_record(folder: Path) -> None:
    for file in (folder / "records/epoch=0003/basis").iterdir():
        file.unlink()
    write_sums(folder)


def spoil_record(folder: Path, **changes: object) -> None:
    file = folder / "records/epoch=0003/basis/record.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))
    write_sums(folder)


def spoil_bases(folder: Path) -> None:
    (folder / "records/epoch=0003/basis/bases.parquet").write_bytes(b"PAR1")
    write_sums(folder)


def name_a_strange_layer(folder: Path) -> None:
    pq.write_table(neurons({**FIRST, "other": ["sky"]}), folder / "neurons.parquet")
    write_sums(folder)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda folder: change_text(folder / "provenance.json"), "its sum is another"),
        (lambda folder: (folder / "README.md").unlink(), "lacks README.md"),
        (lambda folder: change_json(folder / "provenance.json", "labels", {}), "does not say what the labels of layer"),
        (lambda folder: change_json(folder / "provenance.json", "labels", {"act1": [1]}), "is a text; given"),
        (lambda folder: change_json(folder / "provenance.json", "records", {"neurons": 3}), "is an object; given 3"),
        (lambda folder: change_json(folder / "provenance.json", "scores", {"val/top1": "x"}), "is a finite number"),
        (lose_record, "speaks of a record in .*, and there is none"),
        (lambda folder: spoil_record(folder, scalars={"s1_natural": "much"}), "not as one is written"),
        (
            lambda folder: spoil_record(folder, files={"tables": {"bases": "../../x.parquet"}, "images": {}}),
            "cannot be",
        ),
        (spoil_bases, "claims a footer of"),
        (name_a_strange_layer, "speaks of layer 'other'"),
    ],
)
def test_a_checkpoint_that_was_tampered_with_is_refused(
    change: Callable[[Path], object], said: str, tmp_path: Path
) -> None:
    folder = write_checkpoint(tmp_path / "out")
    change(folder)
    with pytest.raises(ValueError, match=said) as refusal:
        read_side(folder)
    assert "\n" not in str(refusal.value)


def test_metrics_of_a_run_are_read_as_they_are_written(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run")
    with (run / "metrics.csv").open("a", newline="") as file:
        csv.writer(file).writerow(["39", "3", "", "nan", ""])
    assert math.isnan(read_side(run).scores["val/top1"])  # what came out last, though it is no number
