"""Scores of an epoch out of ``metrics.csv``."""

from __future__ import annotations

from pathlib import Path

from rivalry.export.writing.scores import scores_of

TABLE = """\
step,epoch,neurons/units,test/top1,val/loss,val/top1
9,0.0,288.0,,2.5,0.25
19,1.0,288.0,,nan,0.75
19,1.0,,0.5,,
"""


def test_validation_and_test_of_the_epoch(tmp_path: Path) -> None:
    (tmp_path / "metrics.csv").write_text(TABLE)
    assert scores_of(tmp_path / "metrics.csv", 1) == {"val/top1": 0.75, "test/top1": 0.5}
    assert scores_of(tmp_path / "metrics.csv", 0) == {"val/loss": 2.5, "val/top1": 0.25}


def test_nothing_is_known_without_the_epoch_or_the_file(tmp_path: Path) -> None:
    assert scores_of(tmp_path / "metrics.csv", 1) == {}
    (tmp_path / "metrics.csv").write_text(TABLE)
    assert scores_of(tmp_path / "metrics.csv", 7) == {}
