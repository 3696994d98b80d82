"""``rivalry compare``: tables, JSON, a picture, and nothing that trains."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from rivalry.export.comparing.command import compare_from_arguments
from tests.export.comparing.two import FIRST, SECOND, write_checkpoint, write_run


@pytest.fixture
def two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.chdir(tmp_path)
    write_checkpoint(tmp_path / "relu")
    write_run(tmp_path / "lwta", {**SECOND, "act1": ["sky", "[red]sea[/red]\x1b[2J", "car", "car"]}, top1=0.5)
    return tmp_path


def test_tables_say_what_changed_and_show_words_as_they_are(two: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = compare_from_arguments(["relu", "lwta"])
    assert len(found.changed) == 2
    said = capsys.readouterr().out
    for line in ("A: relu", "B: lwta", "75.0 % │ 50.0 %", "[red]sea[/red]�[2J", "2 of 6", "1, 0"):
        assert line in said, line
    assert "\x1b" not in said
    assert {path.name for path in two.iterdir()} == {"relu", "lwta"}  # nothing is left


def test_no_more_rows_than_are_asked_for_and_the_rest_is_counted(two: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_run(two / "many", {"act1": [f"word {number}" for number in range(30)]})
    write_run(two / "other", {"act1": [f"thing {number}" for number in range(30)]})
    compare_from_arguments(["many", "other", "--rows", "3"])
    said = capsys.readouterr().out
    assert said.count("│ gained │") == said.count("│ lost   │") == 4
    assert said.count("… 27 more, of a unit each") == 2
    assert "(3 of 30)" in said


def test_json_alone_is_printed_and_all_of_it(two: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = compare_from_arguments(["relu", "lwta", "--json"])
    assert json.loads(capsys.readouterr().out) == found.to_json()


def test_a_picture_is_drawn_where_it_is_asked_for(two: Path) -> None:
    compare_from_arguments(["relu", "lwta", "--json", "--picture", "new/comparison.png"])
    with Image.open(two / "new" / "comparison.png") as drawn:
        assert np.asarray(drawn).shape[1:] == (1100, 3)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["relu", "lwta", "--picture", "here.jpg"], "a PNG file, got 'here.jpg'; here.png would do"),
        (["relu", "lwta", "--rows", "0"], "--rows is 1 or more, got 0"),
        (["relu"], "second"),
        (["relu", "lwta", "--row", "3"], "row"),
        (["relu", "nothing"], "there is no folder nothing; nearest: "),
    ],
)
def test_what_is_wrong_is_one_error_before_any_work(arguments: list[str], said: str, two: Path) -> None:
    with pytest.raises(ValueError, match=said):
        compare_from_arguments(arguments)
    assert not (two / "here.jpg").exists()


@pytest.mark.slow
def test_it_knows_nothing_of_training() -> None:
    told = "import sys, rivalry.export.comparing.command; print(sorted({name.split('.')[0] for name in sys.modules}"
    told += " & {'lightning', 'lightning_fabric', 'pytorch_lightning'}), 'rivalry.training' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True, timeout=120)
    assert said.stdout.strip() == "[] False"


def test_a_network_compared_with_itself_has_short_tables(two: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_checkpoint(two / "again", FIRST)
    compare_from_arguments(["relu", "again"])
    said = capsys.readouterr().out
    assert "0 of 7" in said
    assert "Units whose labels changed" not in said
    assert "gained │" not in said
