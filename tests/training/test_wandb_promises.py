"""What docs/wandb.md promises is there, when offline runs are read back as they would be sent; and nothing twice."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import wandb

from rivalry.prototypes.naturalness import headline
from rivalry.records import Record, find_records
from rivalry.training.dashboard_sections import sections_of, usual
from rivalry.training.run import RunFolder
from rivalry.training.wandb.run_logger import log_record, logger_for
from tests.training.every_analysis import NAMES, write_settings_of_all
from tests.training.offline_runs import events_in, events_of, told_in
from tests.training.wandb_server import Server
from tests.training.written_run import rivalry, write_settings

DOCS = Path(__file__).parents[2] / "docs"


def promised() -> set[str]:
    """The keys of the table of figures."""
    page = (DOCS / "wandb.md").read_text(encoding="utf-8")
    table = page.partition("## The figures")[2].partition("## ")[0]
    cells = [line.split("|")[2] for line in table.splitlines() if line.startswith("|")]
    return {key for cell in cells for key in re.findall(r"`([^`]+)`", cell)}


def keys_of(events: list[dict[str, Any]]) -> set[str]:
    """The keys under which something was logged; what W&B says of a table or picture stands behind a dot."""
    return {key.partition(".")[0] for event in events for key in event if not key.startswith("_")}


def runs_in(root: Path) -> list[Path]:
    return sorted(root.glob("wandb/offline-run-*"))


def test_the_documentation_lists_what_the_workspace_shows() -> None:
    shown = [key for section in sections_of(usual()) for panel in section.panels for key in panel.keys]
    assert Counter(shown).most_common(1)[0][1] == 1
    assert promised() == set(shown)


@pytest.mark.slow
def test_every_figure_that_is_promised_is_there_and_none_for_a_unit(home: Path, tmp_path: Path) -> None:
    settings = write_settings_of_all(tmp_path / "all.yaml")
    assert rivalry("fit", "--config", settings, "--name", "all") == 0
    wandb.finish()
    root = tmp_path / "runs" / "all"
    events, records = events_of(root), find_records(root / "records")
    assert {folder.name for folder in records} == {*NAMES, "emergence"}
    there = keys_of(events)
    # Whether layers of so small a network tell how natural a path is, is chance; what is said where they do is known.
    scaled = {f"prototypes/{name}" for name in headline([])}
    assert promised() - there <= scaled
    assert {"concepts/picture", "prototypes/picture", "registers/table", "epoch"} <= there
    scalars = {f"{folder.name}/{name}" for folder in records for name in Record.load(folder, tables=()).scalars}
    trained = {key for key in there if key.partition("/")[0] in ("train", "val", "analyses", "trainer", "epoch")}
    beside = {f"{folder.name}/{name}" for folder in records for name in ("table", "picture")} | {
        "concepts/strategies_figure"
    }
    assert there - trained - scalars <= beside  # one table and one picture a record, and no key of a unit
    assert len(there) < 300
    assert all({"epoch", "trainer/global_step"} <= event.keys() for event in events)
    assert _twice(events) == []


def test_the_number_of_keys_does_not_depend_on_the_number_of_units(home: Path, tmp_path: Path) -> None:
    keys = []
    for units in (3, 3000):
        folder = RunFolder(tmp_path / "runs" / str(units))
        logger = logger_for(folder, "offline")
        assert logger is not None
        table = pa.table({"layer": ["a"] * units, "unit": range(units), "win_rate": [0.5] * units})
        log_record([logger], Record("activity", 0, 4, {"dead_units": 0.0}, {"units": table}))
        wandb.finish()
        keys.append(keys_of(events_of(folder.root)))
    assert keys[0] == keys[1] == {"activity/dead_units", "activity/table", "epoch", "trainer/global_step"}


def test_sections_are_drawn_over_epochs_and_the_training_over_steps(home: Path, tmp_path: Path) -> None:
    settings = write_settings(tmp_path / "tiles.yaml", wandb="offline", trainer__max_epochs=1)
    assert rivalry("fit", "--config", settings, "--name", "first") == 0
    wandb.finish()
    (run,) = runs_in(tmp_path / "runs" / "first")
    defined = [one["metric"] for one in told_in(run) if one["type"] == "metric"]
    axes = {one["glob_name"]: one["step_metric"] for one in defined if "glob_name" in one}
    assert axes == {
        "*": "trainer/global_step",  # Lightning's, for names without a section
        "train/*": "trainer/global_step",
        "val/*": "epoch", "activity/*": "epoch", "analyses/*": "epoch",
    }  # fmt: skip
    assert {"name": "epoch", "options": {"defined": True}} in defined
    (told,) = [event for event in events_in(run) if "val/top1" in event]
    summary = [one["summary"]["update"] for one in told_in(run) if one["type"] == "summary"]
    assert [one["val/best_top1"] for one in summary if "val/best_top1" in one][-1] == told["val/top1"]


@pytest.mark.slow
def test_an_epoch_that_is_made_anew_is_told_once(home: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    settings = write_settings(tmp_path / "tiles.yaml", wandb="offline")
    fit = ["fit", "--config", settings, "--name", "first"]
    root = tmp_path / "runs" / "first"
    assert rivalry(*fit, "--trainer.max_epochs", 1) == 0
    wandb.finish()
    shutil.copy(root / "checkpoints" / "last.ckpt", tmp_path / "early.ckpt")
    for again in ("last.ckpt", "early.ckpt"):  # the second as if the process had died before epoch 1 was kept
        checkpoint = tmp_path / again if again == "early.ckpt" else "last"
        assert rivalry(*fit, "--trainer.max_epochs", 2, "--ckpt_path", checkpoint) == 0
        wandb.finish()
    assert rivalry("validate", "--config", root / "config.yaml", "--ckpt_path", "last") == 0
    wandb.finish()
    events = [event for run in runs_in(root) for event in events_in(run)]
    assert len(runs_in(root)) >= 2
    assert _twice(events) == []
    assert [event["epoch"] for event in events if "val/top1" in event] == [0, 1]
    assert [event["epoch"] for event in events if "train/loss" in event] == [0, 1]
    assert [event["epoch"] for event in events if "activity/table.nrows" in event] == [0, 1]
    assert [one.getMessage() for one in caplog.records if "another value" in one.getMessage()] == []


@pytest.mark.slow
def test_one_line_tells_of_values_that_have_become_others(
    home: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = write_settings(tmp_path / "tiles.yaml", wandb="offline")
    fit = ["fit", "--config", settings, "--name", "first"]
    assert rivalry(*fit, "--trainer.max_epochs", 1) == 0
    wandb.finish()
    shutil.copy(tmp_path / "runs/first/checkpoints/last.ckpt", tmp_path / "early.ckpt")
    for rate in (0.01, 0.3):
        more = ["--ckpt_path", tmp_path / "early.ckpt", "--model.optimisation.rate", rate]
        assert rivalry(*fit, "--trainer.max_epochs", 2, *more) == 0
        wandb.finish()
    said = [one.getMessage() for one in caplog.records if "another value" in one.getMessage()]
    assert len(said) == 1
    assert "of epoch 1 was logged before, as another value" in said[0]
    events = [event for run in runs_in(tmp_path / "runs/first") for event in events_in(run)]
    assert _twice(events) == []


@pytest.mark.slow
def test_offline_starts_of_a_run_are_sent_one_behind_the_other(server: Server, tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "runs" / "first")
    for epoch in (0, 1):
        logger = logger_for(folder, "offline")
        assert logger is not None
        log_record([logger], Record("study", epoch, 4 * epoch, {"score": 0.5 + epoch}))
        wandb.finish()
        time.sleep(1)  # the folders are named by the second
    subprocess.run([sys.executable, "-m", "wandb", "sync", *runs_in(folder.root)], check=True, timeout=120)
    told = [(event["_step"], event["epoch"], event["study/score"]) for event in server.history]
    assert told == [(0, 0, 0.5), (1, 1, 1.5)]


@pytest.mark.slow
def test_online_a_run_goes_on_where_it_was_and_tells_no_epoch_twice(server: Server, tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "runs" / "first")
    for epochs in ((0, 1), (1, 2)):  # epoch 1 is made anew
        logger = logger_for(folder, "auto")
        assert logger is not None
        for epoch in epochs:
            log_record([logger], Record("study", epoch, 4 * epoch, {"score": 0.5 + epoch}))
        wandb.finish()
    told = [(event["_step"], event["epoch"], event["study/score"]) for event in server.history]
    assert told == [(0, 0, 0.5), (1, 1, 1.5), (2, 2, 2.5)]
    assert not runs_in(folder.root)


def _twice(events: list[dict[str, Any]]) -> list[tuple[str, int]]:
    """Keys of sections that were told more than once of an epoch."""
    told = Counter((key, event["epoch"]) for event in events for key in event if "/" in key and "trainer/" not in key)
    return [one for one, count in told.items() if count > 1]
