"""A record as one event: which table is shown, figures as they are, and outside words that do nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import wandb

from rivalry.lens.site.kinds import KINDS
from rivalry.records import Record
from rivalry.training.run import RunFolder
from rivalry.training.wandb.record_event import TABLE_ROWS, TABLES, event_of, table_to_show
from rivalry.training.wandb.run_logger import log_record, logger_for

HOSTILE = "<script>alert('x')</script>"


def test_every_kind_of_record_has_a_table_to_show() -> None:
    assert set(TABLES) == set(KINDS)


def test_layers_are_shown_of_activity_though_units_come_first() -> None:
    units = pa.table({"layer": ["a"], "unit": [0], "win_rate": [0.5], "dead": [False]})
    layers = pa.table({"layer": ["a"], "competitors": [2], "active_fraction": [0.5]})
    assert table_to_show(Record("wins", 0, 0, tables={"units": units, "layers": layers})) == "layers"


def test_clusters_are_shown_by_their_scores_or_by_depth() -> None:
    maps = pa.table({"index": [0], "layer": ["all"], "labels": pa.array([b"\x00"], pa.binary())})
    depths = pa.table({"layer": ["a"], "ari_all": [0.5]})
    tables = {"maps": maps, "depths": depths}
    assert table_to_show(Record("clusters", 0, 0, tables=tables)) == "depths"
    scores = pa.table({"method": ["clusters"], "miou": [0.3]})
    assert table_to_show(Record("clusters", 0, 0, tables={**tables, "scores": scores})) == "scores"


def test_of_another_analysis_the_first_table_is_shown_that_is_shown_whole() -> None:
    long, short = pa.table({"x": range(TABLE_ROWS + 1)}), pa.table({"x": [1]})
    assert table_to_show(Record("own", 0, 0, tables={"long": long, "short": short})) == "short"
    assert table_to_show(Record("own", 0, 0, tables={"long": long})) == "long"
    assert table_to_show(Record("own", 0, 0)) is None
    assert event_of(Record("own", 3, 0, {"x": 1.0})) == {"own/x": 1.0, "epoch": 3}


def test_names_from_outside_are_text_in_the_table(home: Path, tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "runs" / "first")
    logger = logger_for(folder, "offline")
    assert logger is not None
    table = pa.table({"class": [HOSTILE], "seen": [[HOSTILE, "cat"]]})
    log_record([logger], Record("own", 0, 1, tables={"classes": table}))
    wandb.finish()
    (file,) = folder.root.glob("wandb/offline-run-*/files/media/table/own/*.json")
    assert "<" not in file.read_text()
    assert json.loads(file.read_text())["data"][0][1] == "&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt;"
