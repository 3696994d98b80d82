"""A run that was stopped goes on as if it never had, unless it is told otherwise."""

from __future__ import annotations

import csv
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from rivalry.records import Record, find_records
from rivalry.training.metrics_table import MetricsTable
from rivalry.training.resuming import forget_records_from
from rivalry.training.run import RunFolder
from tests.training.written_run import rivalry, write_settings

ROOT = Path(__file__).parents[2]
STOP = "tests.training.stopping"
RANDOM: dict[str, Any] = {
    "model__backbone": {"name": "test_resnet", "competitors": 2, "arguments": {"drop_path_rate": 0.2}},
    "model__competition": {
        "sharpness": {"start": 1, "end": 9, "shape": "geometric"},
        "kl_weight": {"start": 0.1, "end": 0, "shape": "linear"},
    },
    "model__regularisation": {"ema_decay": 0.9, "label_smoothing": 0.1},
    "data__augmentation": {
        "class_path": "rivalry.data.augmentation.Recipe",
        "init_args": {
            "image": [{"class_path": "torchvision.transforms.v2.RandomHorizontalFlip"}],
            "batch": {"class_path": "rivalry.data.augmentation.CropAndFlip"},
            "mixing": {"class_path": "rivalry.data.augmentation.Mixing"},
        },
    },
    "trainer__max_epochs": 4,
    "model__evaluation": {"samples": 2, "every_epoch": True},
}


def callback(name: str, **arguments: object) -> list[dict[str, Any]]:
    return [{"class_path": f"{STOP}.{name}", "init_args": arguments}]


def rows_of(name: str) -> list[dict[str, str]]:
    with (Path("runs") / name / "metrics.csv").open(newline="") as rows:
        return [{k: v for k, v in row.items() if k != "analyses/seconds"} for row in csv.DictReader(rows)]


def records_of(name: str) -> list[Record]:
    return [Record.load(folder) for folder in find_records(Path("runs") / name / "records")]


def stored(name: str) -> dict[str, Any]:
    return torch.load(f"runs/{name}/checkpoints/last.ckpt", weights_only=True)


def assert_same(one: Any, other: Any) -> None:
    if isinstance(one, torch.Tensor):
        assert torch.equal(one, other)
    elif isinstance(one, dict):
        assert one.keys() == other.keys()
        for key, value in one.items():
            assert_same(value, other[key])
    elif isinstance(one, list | tuple):
        for ours, theirs in zip(one, other, strict=True):
            assert_same(ours, theirs)
    else:
        assert one == other


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def first(place: Path) -> Path:
    """A run of one epoch."""
    settings = write_settings(place / "tiles.yaml", trainer__max_epochs=1)
    assert rivalry("fit", "--config", settings, "--name", "first") == 0
    return settings


def go_on(settings: Path, *more: object) -> int:
    return rivalry("fit", "--config", settings, "--name", "first", "--ckpt_path", "last",
                   "--trainer.max_epochs", 2, *more)  # fmt: skip


def test_a_stopped_run_goes_on_to_the_bits_of_one_that_never_stopped(
    place: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Ctrl-C in the middle of the third epoch; with draws, augmentation, stochastic depth and an average."""
    settings = write_settings(place / "four.yaml", **RANDOM)
    stopping = write_settings(place / "stopping.yaml", **RANDOM, trainer__callbacks=callback("StopAt", step=5))
    assert rivalry("fit", "--config", settings, "--name", "whole") == 0
    with pytest.raises(SystemExit):
        rivalry("fit", "--config", stopping, "--name", "parts")
    assert "Stopped in epoch 2; go on" in caplog.text
    said = re.findall(r"rivalry fit --config (\S+) --ckpt_path last", caplog.text)[-1]
    assert stored("parts")["global_step"] == 4
    torch.rand(99)  # whatever else was drawn
    assert rivalry("fit", "--config", said, "--ckpt_path", "last", "--trainer.callbacks", "null") == 0
    parts, whole = stored("parts"), stored("whole")
    for key in ("state_dict", "raw_state_dict", "optimizer_states", "random_states", "competition"):
        assert_same(parts[key], whole[key])
    assert not torch.equal(whole["state_dict"]["network.fc.weight"], whole["raw_state_dict"]["network.fc.weight"])
    assert rows_of("parts") == rows_of("whole")
    assert [row["epoch"] for row in rows_of("parts")] == ["0.0", "1.0", "2.0", "3.0"]
    ours, theirs = records_of("parts"), records_of("whole")
    assert [one.epoch for one in ours] == [0, 1, 2, 3]
    for one, other in zip(ours, theirs, strict=True):
        assert one.scalars == other.scalars
        assert all(table.equals(other.tables[name]) for name, table in one.tables.items())


def test_schedules_are_seen_in_the_table(place: Path) -> None:
    """λ falls from 0.1 in a straight line: at the last step of epoch 1 of two, three of four steps are done."""
    settings = write_settings(place / "two.yaml", **{**RANDOM, "trainer__max_epochs": 2})
    assert rivalry("fit", "--config", settings, "--name", "two") == 0
    first, second = rows_of("two")
    assert float(first["train/kl_weight"]) == pytest.approx(0.1 * 3 / 4)
    assert float(second["train/kl_weight"]) == pytest.approx(0.1 / 4)
    for name in ("train/kl", "train/sharpness", "train/temperature", "train/rate", "val/calibration_error",
                 "val/sampled_calibration_error"):  # fmt: skip
        assert float(first[name]) >= 0, name


def test_the_command_line_beats_what_the_checkpoint_remembers(first: Path, place: Path) -> None:
    rates = callback("Rates", file=str(place / "rates.txt"))
    changed = write_settings(
        place / "changed.yaml", trainer__callbacks=rates, data__batch_size=4, model__optimisation__rate=0.5,
        model__optimisation__weight_decay=0.25, model__optimisation__schedule="constant",
        analyses=[{"class_path": "rivalry.recording.Activity", "init_args": {"layers": ["act1"], "name": "other"}}],
    )  # fmt: skip
    assert go_on(changed) == 0
    steps = [line.split() for line in (place / "rates.txt").read_text().splitlines()]
    assert [[float(one) for one in step] for step in steps] == [[0.5, 0.25, 4]] * 4
    assert [(one.epoch, one.name) for one in records_of("first")] == [(0, "activity"), (1, "other")]
    assert [row["step"] for row in rows_of("first")] == ["1", "5"]
    assert yaml.safe_load(Path("runs/first/config.yaml").read_text())["model"]["optimisation"]["rate"] == 0.5


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--model.backbone.name", "test_resnet.r160_in1k"], "backbone.name is 'test_resnet' there and"),
        (["--model.backbone.competitors", "4"], "backbone.competitors is 2 there and 4 here"),
        (["--model.optimisation.optimiser", "sgd"], "optimisation.optimiser is 'adamw' there and 'sgd' here"),
        (["--model.optimisation.freeze", "[conv1]"], "optimisation.freeze is [] there and ['conv1'] here"),
        (["--model.backbone.arguments", "{stem_width: 32}"], "conv1.0.weight is"),
    ],
)  # fmt: skip
def test_what_cannot_change_is_one_error_before_the_training(
    first: Path, place: Path, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = rows_of("first"), Path("runs/first/checkpoints/last.ckpt").read_bytes()
    assert go_on(first, *arguments) == 2
    error = capsys.readouterr().err.split("rivalry fit: ")[-1]
    assert said in error
    assert len(error.splitlines()) == 1
    assert (rows_of("first"), Path("runs/first/checkpoints/last.ckpt").read_bytes()) == before


def test_another_number_of_classes_is_one_error(first: Path, capsys: pytest.CaptureFixture[str]) -> None:
    three = {"class_path": "tests.training.stopping.ThreeClasses", "init_args": {"length": 16}}
    settings = write_settings(first.with_name("three.yaml"), data__train=three, data__validation=three, data__test=None)
    assert go_on(settings) == 2
    assert "it has 2 classes there and 3 here" in capsys.readouterr().err


def test_from_an_earlier_checkpoint_the_later_epochs_are_made_anew(place: Path) -> None:
    every = {
        "class_path": "lightning.pytorch.callbacks.ModelCheckpoint",
        "init_args": {
            "dirpath": "all",
            "save_top_k": -1,
            "filename": "{epoch}",
            "auto_insert_metric_name": False,
        },
    }
    settings = write_settings(place / "tiles.yaml", trainer__max_epochs=3, trainer__callbacks=[every])
    assert rivalry("fit", "--config", settings, "--name", "first") == 0
    assert rivalry("fit", "--config", settings, "--name", "first", "--ckpt_path", "all/0.ckpt",
                   "--trainer.max_epochs", 2, "--trainer.callbacks", "null") == 0  # fmt: skip
    assert [one.epoch for one in records_of("first")] == [0, 1]
    assert [row["step"] for row in rows_of("first")] == ["1", "3"]


def test_checkpoints_of_earlier_versions_still_load(first: Path, place: Path) -> None:
    """They know neither random states nor options of the optimiser."""
    old = stored("first")
    for key in ("random_states", "optimisation"):
        del old[key]
    torch.save(old, "runs/first/checkpoints/last.ckpt")
    assert rivalry("test", "--config", "runs/first/config.yaml", "--ckpt_path", "last") == 0
    assert go_on(first) == 0


@pytest.mark.slow
def test_a_run_that_the_cluster_stops_goes_on(place: Path) -> None:
    """SIGTERM, as SLURM and sweeps send it, in the middle of an epoch of a process of its own."""
    slow = callback("Doze", seconds=0.3)
    settings = write_settings(place / "tiles.yaml", trainer__max_epochs=3, trainer__callbacks=slow, data__batch_size=2)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "src")])}
    command = [sys.executable, "-m", "rivalry.cli", "fit", "--config", str(settings), "--name", "first"]
    run = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    last = Path("runs/first/checkpoints/last.ckpt")
    for _ in range(2400):
        if last.exists():
            break
        time.sleep(0.1)
    time.sleep(0.5)
    run.send_signal(signal.SIGTERM)
    _, said = run.communicate(timeout=120)
    assert run.returncode == 143
    assert "go on after the last whole one by: rivalry fit" in said
    assert rivalry("fit", "--config", settings, "--name", "first", "--ckpt_path", "last") == 0
    assert [row["epoch"] for row in rows_of("first")] == ["0.0", "1.0", "2.0"]
    assert [one.epoch for one in records_of("first")] == [0, 1, 2]


def test_records_and_rows_are_forgotten_from_a_moment_on(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    forget_records_from(folder, 0)  # there are none
    for epoch in range(3):
        Record("study", epoch, 10 * (epoch + 1)).save(folder.records)
    (folder.records / "notes").mkdir()
    forget_records_from(folder, 1)
    assert [Record.load(path).epoch for path in find_records(folder.records)] == [0]
    assert (folder.records / "notes").is_dir()
    table = MetricsTable(folder.metrics)
    for step in (9, 19, 29):
        table.log_metrics({"a": step}, step)
    table.forget_from(20)
    table.save()
    assert [line.split(",")[0] for line in folder.metrics.read_text().splitlines()] == ["step", "9", "19"]
