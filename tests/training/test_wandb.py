"""Weights & Biases without a login, without a network and within the run's folder."""

from __future__ import annotations

import json
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import wandb
import yaml

from rivalry.training.metrics_table import MetricsTable
from rivalry.training.run import RunFolder
from rivalry.training.wandb.checkpoint import log_checkpoint
from rivalry.training.wandb.login import logged_in
from rivalry.training.wandb.record_event import TABLE_ROWS
from rivalry.training.wandb.run_logger import log_record, logger_for
from tests.training.offline_runs import events_in, events_of, record, told_in
from tests.training.written_run import rivalry, write_settings


def exported(folder: Path) -> Path:
    """A folder as an export leaves it, as far as W&B looks at it."""
    (folder / "records").mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    (folder / "records" / "units.parquet").write_bytes(b"PAR1")
    return folder


def test_each_record_becomes_one_event_within_the_folder(home: Path, tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "runs" / "first")
    logger = logger_for(folder, "auto")
    assert logger is not None
    for epoch in (0, 1):
        log_record([logger], record(epoch))
    logger.finalize("success")
    wandb.finish()
    events = events_of(folder.root)
    assert [(one["epoch"], one["study/score"], one["trainer/global_step"]) for one in events] == [
        (0, 0.5, 9), (1, 1.5, 19),
    ]  # fmt: skip
    assert [one["_step"] for one in events] == [0, 1]
    assert all(one["study/table.nrows"] == 2 for one in events)
    tables = sorted(folder.root.glob("wandb/offline-run-*/files/media/table/study/*.json"))
    contents = [json.loads(file.read_text()) for file in tables]
    assert [one["columns"] for one in contents] == [["epoch", "layer", "unit", "label", "top"]] * 2
    assert sorted(one["data"] for one in contents) == [
        [[epoch, "a", 0, "&lt;b&gt;bold&lt;/b&gt; &amp; co", "3 1"], [epoch, "a", 1, "cat", "2"]] for epoch in (0, 1)
    ]
    assert {path.name for path in tmp_path.iterdir()} == {"home", "runs"}
    assert {path.name for path in folder.root.iterdir()} == {"wandb"}
    assert [path for path in home.rglob("*") if path.is_file() and "wandb" in str(path)] == []


def test_a_fit_is_recorded_offline_with_one_line_and_all_inside(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    settings = write_settings(tmp_path / "tiles.yaml", wandb="auto", trainer__max_epochs=1)
    assert rivalry("fit", "--config", settings, "--name", "first") == 0
    said = [one.getMessage() for one in caplog.records if "W&B" in one.getMessage()]
    assert said == ["W&B: no login found, so the run is recorded offline; `wandb login` and `wandb sync` send it."]
    folder = tmp_path / "runs" / "first"
    assert {path.name for path in folder.iterdir()} == {
        "config.yaml", "checkpoints", "records", "wandb", "metrics.csv", "activity.png",
    }  # fmt: skip
    assert {path.name for path in tmp_path.iterdir()} == {"home", "runs", "tiles.yaml"}
    wandb.finish()
    events = events_of(folder)
    named = [one for one in events if "activity/winner_entropy" in one]
    assert len(named) == 1  # one event a record, its scalars nowhere else
    assert named[0]["activity/table.nrows"] > 0
    assert named[0]["activity/picture._type"] == "image-file"
    assert [one["val/top1"] for one in events if "val/top1" in one] != []
    # Going on is going on with the same run.
    kept = (folder / "wandb" / "run-id.txt").read_text()
    again = logger_for(RunFolder(folder), "offline")
    assert again is not None
    assert again.version == kept.strip()


def test_a_run_that_goes_on_is_the_same_run_with_each_epoch_once(home: Path, tmp_path: Path) -> None:
    analyses = [{"class_path": "rivalry.recording.Activity", "init_args": {"layers": ["act1"]}}]
    settings = write_settings(tmp_path / "tiles.yaml", wandb="offline", analyses=analyses)
    assert rivalry("fit", "--config", settings, "--name", "first", "--trainer.max_epochs", 1) == 0
    wandb.finish()
    again = ["--name", "first", "--ckpt_path", "last", "--trainer.max_epochs", 2]
    assert rivalry("fit", "--config", settings, *again) == 0
    wandb.finish()
    runs = sorted((tmp_path / "runs/first/wandb").glob("offline-run-*"))
    kept = (tmp_path / "runs/first/wandb/run-id.txt").read_text().strip()
    assert {run.name.rsplit("-", 1)[1] for run in runs} == {kept}
    events = [one for run in runs for one in events_in(run)]
    for name in ("train/sharpness", "train/temperature", "train/kl_weight", "train/rate", "val/calibration_error"):
        assert [one["epoch"] for one in events if name in one] == [0, 1], name
    assert [one["epoch"] for one in events if "activity/winner_entropy" in one] == [0, 1]


def test_off_leaves_no_folder(home: Path, tmp_path: Path) -> None:
    assert logger_for(RunFolder(tmp_path / "run"), "off") is None
    assert not (tmp_path / "run").exists()


def test_scalars_go_to_every_other_logger_beside_those_of_their_epoch(tmp_path: Path) -> None:
    table = MetricsTable(tmp_path / "metrics.csv")
    log_record([table], record(epoch=1))
    table.save()
    assert (tmp_path / "metrics.csv").read_text().splitlines() == ["step,epoch,study/score", "19,1.0,1.5"]


def test_a_long_table_is_cut_for_wandb(home: Path, tmp_path: Path) -> None:
    from rivalry.training.wandb.record_event import _as_wandb_table

    long = pa.table({"unit": list(range(TABLE_ROWS + 5))})
    assert len(_as_wandb_table(long, 3).data) == TABLE_ROWS
    assert _as_wandb_table(long, 3).data[1] == [3, 1]


def test_bytes_and_vectors_are_left_out_of_wandb(home: Path, tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "runs" / "first")
    logger = logger_for(folder, "offline")
    assert logger is not None
    packed = pa.table({"index": [3], "labels": pa.array([b"\x00\xff"], pa.binary())})
    packed = packed.append_column("weights", pa.array([[0.5, 1.5]], pa.list_(pa.float32())))
    log_record([logger], record(tables={"maps": packed}))
    wandb.finish()
    (table,) = folder.root.glob("wandb/offline-run-*/files/media/table/study/*.json")
    content = json.loads(table.read_text())
    assert (content["columns"], content["data"]) == (["epoch", "index"], [[0, 3]])


def test_a_table_takes_no_scalar_of_its_name_away(home: Path, tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "runs" / "first")
    logger = logger_for(folder, "offline")
    assert logger is not None
    log_record([logger], record(scalars={"table": 0.25}))
    wandb.finish()
    (event,) = events_of(folder.root)
    assert event["study/table"] == 0.25
    assert event["study/table_shown.nrows"] == 2


def test_lists_are_written_out_and_their_words_escaped() -> None:
    from rivalry.training.wandb.record_event import _as_wandb_table

    lists = pa.table({"classes": [["fire truck", "<script>"], []], "concepts": [[4, 7], None]})
    assert _as_wandb_table(lists, 0).data == [[0, "fire truck, &lt;script&gt;", "4 7"], [0, "", None]]


def test_a_login_is_found_where_wandb_keeps_it(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not logged_in()
    (home / ".netrc").write_text("machine elsewhere.org login user password abc\n")
    assert not logged_in()
    (home / ".netrc").write_text("machine 127.0.0.1 login user password abc\n")
    (home / ".netrc").chmod(0o600)
    assert logged_in()
    monkeypatch.setenv("WANDB_MODE", "offline")
    assert not logged_in()
    monkeypatch.delenv("WANDB_MODE")
    (home / ".netrc").unlink()
    monkeypatch.setenv("WANDB_API_KEY", "abc")
    assert logged_in()


def test_settings_reach_wandb(home: Path, tmp_path: Path) -> None:
    settings = write_settings(tmp_path / "tiles.yaml", wandb="offline", trainer__max_epochs=1, analyses=[])
    assert rivalry("fit", "--config", settings, "--name", "first") == 0
    wandb.finish()
    (run,) = (tmp_path / "runs/first").glob("wandb/offline-run-*")
    said = subprocess.run(
        [sys.executable, "-m", "wandb", "leet", "inspect", "--summary", "--json", str(run)],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert "test_resnet" in json.dumps(json.loads(said.stdout)["config"])
    assert (
        yaml.safe_load((tmp_path / "runs/first/config.yaml").read_text())["model"]["backbone"]["name"] == "test_resnet"
    )


def test_online_without_a_login_is_one_error(home: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no login found; run `wandb login`"):
        logger_for(RunFolder(tmp_path / "run"), "online")


def test_offline_a_checkpoint_is_an_artifact_of_its_run_and_one_line_says_so(
    home: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    run = RunFolder(tmp_path / "runs" / "first=1")
    logger = logger_for(run, "offline")  # the training
    assert logger is not None
    log_checkpoint(exported(tmp_path / "out"), run, "auto", described={"epoch": 3}, data={"train": "ab12"})
    assert [one.getMessage() for one in caplog.records if "W&B" in one.getMessage()] == [
        f"W&B: {tmp_path / 'out'} is recorded offline as an artifact; `wandb login` and "
        f"`wandb sync {run.root / 'wandb'}/offline-run-*` send it."
    ]
    (there,) = run.root.glob("wandb/offline-run-*")
    (artifact,) = [one["artifact"] for one in told_in(there) if one["type"] == "artifact"]
    assert (artifact["name"], artifact["type"]) == ("dissected-first-1", "model")
    assert artifact["run_id"] == logger.version  # an output of the run that has trained it
    assert json.loads(artifact["metadata"]) == {"epoch": 3, "data": {"train": "ab12"}}
    sent = {one["path"]: one["local_path"] for one in artifact["manifest"]["contents"]}
    assert sent == {name: str(tmp_path / "out" / name) for name in ("config.json", "records/units.parquet")}
    assert {path.name for path in tmp_path.iterdir()} == {"home", "runs", "out"}  # nothing was copied elsewhere
    assert list(run.root.rglob("units.parquet")) == []


class FakeRun:
    """A run at the server, which notes what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, wandb.Artifact]] = []

    def __enter__(self) -> "FakeRun":
        return self

    def __exit__(self, *_: object) -> None:
        self.told.append(("finish", wandb.Artifact("end", "none")))

    def use_artifact(self, artifact: wandb.Artifact) -> None:
        self.told.append(("use", artifact))

    def log_artifact(self, artifact: wandb.Artifact) -> None:
        self.told.append(("log", artifact))


def test_online_the_data_are_inputs_and_the_checkpoint_is_an_output(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("WANDB_API_KEY", "abc")
    asked, there = [], FakeRun()

    def pretend(folder: RunFolder, mode: str) -> Any:
        asked.append((folder.name, mode))
        return types.SimpleNamespace(experiment=there)

    monkeypatch.setattr("rivalry.training.wandb.checkpoint.logger_for", pretend)
    parts = {"train": "ab12", "validation": "cd34", "test": "ab12"}
    log_checkpoint(exported(tmp_path / "out"), RunFolder(tmp_path / "runs/first"), "auto", data=parts)
    assert asked == [("first", "online")]
    assert [what for what, _ in there.told] == ["use", "use", "use", "log", "finish"]
    used = [artifact for what, artifact in there.told if what == "use"]
    assert [(one.name, one.type) for one in used] == [
        (f"pictures-{parts[part]}", "dataset") for part in ("train", "validation", "test")
    ]
    assert used[0].digest == used[2].digest != used[1].digest  # the same pictures are one artifact
    assert [sorted(one.manifest.entries) for one in used] == [["fingerprint.txt"]] * 3
    model = there.told[3][1]
    assert sorted(model.manifest.entries) == ["config.json", "records/units.parquet"]
    assert model.metadata == {"data": parts}
    assert caplog.records[-1].getMessage() == f"W&B: {tmp_path / 'out'} was sent as an artifact of run first."


def test_a_checkpoint_is_not_sent_where_it_shall_not_or_cannot_be(home: Path, tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run")
    log_checkpoint(exported(tmp_path / "out"), run, "off")
    assert not run.root.exists()
    with pytest.raises(ValueError, match="no login found; run `wandb login`"):
        log_checkpoint(tmp_path / "out", run, "online")
