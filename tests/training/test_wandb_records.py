"""A record as one event: which table is shown, figures as they are, and outside words that do nothing."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import wandb

from rivalry.lens.site.kinds import KINDS
from rivalry.records import Record
from rivalry.training.run import RunFolder
from rivalry.training.wandb import record_event
from rivalry.training.wandb.record_event import HTML_BYTES, TABLE_ROWS, TABLES, event_of, table_to_show
from rivalry.training.wandb.run_logger import log_record, logger_for
from tests.training.offline_runs import events_of

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


def test_columns_of_any_type_end_no_training(home: Path, tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "runs" / "first")
    logger = logger_for(folder, "offline")
    assert logger is not None
    given = {
        "took": pa.array([timedelta(days=1)]), "when": pa.array([datetime(2020, 1, 2)]), "cost": pa.array([Decimal(2)]),
        "how": pa.array([{"name": HOSTILE}]), "file": pa.array([b"x"], pa.large_binary()),
        "vector": pa.array([[1.0, 2.0]], pa.list_(pa.float64(), 2)), "x": pa.array([1]),
    }  # fmt: skip
    table = pa.Table.from_arrays([*given.values(), pa.array([2])], names=[*given, "x"])
    log_record([logger], Record("own", 3, 1, tables={"rows": table}))
    wandb.finish()
    (file,) = folder.root.glob("wandb/offline-run-*/files/media/table/own/*.json")
    told = json.loads(file.read_text())
    assert told["columns"] == ["epoch", "took", "when", "cost", "how", "x", "x"]
    escaped = "{&#x27;name&#x27;: &quot;&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt;&quot;}"
    assert told["data"] == [[3, "1 day, 0:00:00", "2020-01-02 00:00:00", "2", escaped, 1, 2]]


def test_interactive_figures_arrive_as_they_are(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    page = "<!doctype html><html><head><title>é</title></head><body><svg></svg></body></html>"
    large = "<html>" + "x" * HTML_BYTES
    monkeypatch.setattr(record_event, "interactive_of", lambda record: {"strategies": page, "huge": large})
    folder = RunFolder(tmp_path / "runs" / "first")
    logger = logger_for(folder, "offline")
    assert logger is not None
    for epoch in (0, 1):
        log_record([logger], Record("concepts", epoch, 1 + epoch, {"classes": 2.0}))
    wandb.finish()
    files = list(folder.root.glob("wandb/offline-run-*/files/media/html/concepts/strategies_figure*.html"))
    assert {file.read_text(encoding="utf-8") for file in files} == {page}  # with no style sheet from elsewhere
    events = events_of(folder.root)
    assert [event["concepts/strategies_figure._type"] for event in events] == ["html-file"] * 2
    assert all("concepts/huge" not in key for event in events for key in event)
    said = [one.getMessage() for one in caplog.records if "concepts/huge" in one.getMessage()]
    assert len(said) == 1
