"""``rivalry emergence``."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rivalry.records import Record, find_records
from tests.dissection.test_emergence import EPOCHS, dissection
from tests.training.written_run import rivalry


@pytest.fixture
def run(tmp_path: Path) -> Path:
    for record in [*EPOCHS, dissection(3, "xyxyxy", name="late"), Record("activity", 3, 40)]:
        record.save(tmp_path / "first" / "records")
    return tmp_path / "first"


def test_every_dissection_of_a_run_is_followed(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {folder: Record.load(folder) for folder in find_records(run / "records")}
    assert rivalry("emergence", run) == 0
    said = capsys.readouterr().out
    assert re.search(r"3 │ +3 │ +0 │ +1 │ +60.0 %", said)
    assert re.search(r"0 │ +3 │ +3 │ +0 │ +│", said)
    assert [Record.load(one).epoch for one in find_records(run / "records", "emergence")] == [0, 1, 3]
    assert [Record.load(one).epoch for one in find_records(run / "records", "late-emergence")] == [3]
    assert all(Record.load(folder) == record for folder, record in before.items())
    assert (run / "emergence.png").is_file()
    assert not (run / "late-emergence.png").exists()  # of one epoch there are no streams


def test_it_can_be_done_again_and_elsewhere(run: Path, tmp_path: Path) -> None:
    assert rivalry("emergence", run) == rivalry("emergence", run) == 0
    first = [Record.load(one) for one in find_records(run / "records", "emergence")]
    assert rivalry("emergence", run, "--of", "neurons", "--out", tmp_path / "there") == 0
    again = [Record.load(one) for one in find_records(tmp_path / "there" / "records")]
    assert [one.tables for one in again] == [one.tables for one in first]
    assert (tmp_path / "there" / "emergence.png").is_file()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere"], "no folder of records at nowhere/records"),
        (["first", "--of", "early"], "no dissection 'early' in first/records; there are late, neurons"),
        (["bare"], "no analysis in bare/records names units"),
        (["first", "--off", "late"], "--off"),
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
    Record("activity", 0, 0).save(tmp_path / "bare" / "records")
    monkeypatch.chdir(tmp_path)
    assert rivalry("emergence", *arguments) == 2
    error = capsys.readouterr().err
    assert said in error
    assert "Traceback" not in error
    assert len(error.splitlines()) <= 3


def test_help_teaches(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        rivalry("emergence", "--help")
    assert left.value.code == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "rivalry emergence runs/first" in said
    assert "--of" in said
