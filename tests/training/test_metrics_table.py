"""``metrics.csv``."""

import csv
from pathlib import Path

import pytest

from rivalry.training.metrics_table import MetricsTable


def rows_of(file: Path) -> list[dict[str, str]]:
    with file.open(newline="") as rows:
        return list(csv.DictReader(rows))


def test_what_is_logged_at_one_step_stands_in_one_row(tmp_path: Path) -> None:
    table = MetricsTable(tmp_path / "metrics.csv")
    table.log_metrics({"train/loss": 2.5, "epoch": 0}, step=10)
    table.log_metrics({"val/top1": 0.25, "epoch": 0}, step=10)
    table.log_metrics({"val/top1": 0.5, "epoch": 1}, step=20)
    table.save()
    assert rows_of(tmp_path / "metrics.csv") == [
        {"step": "10", "epoch": "0.0", "train/loss": "2.5", "val/top1": "0.25"},
        {"step": "20", "epoch": "1.0", "train/loss": "", "val/top1": "0.5"},
    ]


def test_a_resumed_run_goes_on_in_the_same_table(tmp_path: Path) -> None:
    first = MetricsTable(tmp_path / "metrics.csv")
    first.log_metrics({"epoch": 0, "a": 1}, step=5)
    first.finalize("success")
    second = MetricsTable(tmp_path / "metrics.csv")
    second.log_metrics({"epoch": 1, "b, with a comma": 2}, step=9)
    second.finalize("success")
    assert rows_of(tmp_path / "metrics.csv") == [
        {"step": "5", "epoch": "0.0", "a": "1.0", "b, with a comma": ""},
        {"step": "9", "epoch": "1.0", "a": "", "b, with a comma": "2.0"},
    ]


def test_the_file_is_whole_or_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = MetricsTable(tmp_path / "metrics.csv")
    table.log_metrics({"epoch": 0, "a": 1}, step=5)
    table.save()
    before = (tmp_path / "metrics.csv").read_text()

    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(csv.DictWriter, "writerow", fail)
    table.log_metrics({"epoch": 1, "a": 2}, step=9)
    with pytest.raises(OSError, match="disk full"):
        table.save()
    assert (tmp_path / "metrics.csv").read_text() == before


def test_nothing_is_written_before_anything_is_logged(tmp_path: Path) -> None:
    table = MetricsTable(tmp_path / "metrics.csv")
    table.save()
    table.finalize("success")
    assert list(tmp_path.iterdir()) == []
