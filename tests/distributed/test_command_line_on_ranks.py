"""``rivalry fit`` on two ranks, as a user starts it: what it leaves is what one rank finds with the same weights."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import yaml

from rivalry.records import Record, find_records
from tests.clip.tiny_clip import write_tiny_clip
from tests.distributed.test_two_ranks import assert_same_rows
from tests.training.offline_runs import events_of
from tests.training.written_run import TILES, rivalry, write_settings

ROOT = Path(__file__).parents[2]
ON_TWO_RANKS = ["--trainer.devices", "2", "--trainer.strategy", "ddp", "--wandb", "offline"]
LAUNCHERS = {
    "lightning": ["-m", "rivalry.cli"],
    "torchrun": ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2", "-m", "rivalry.cli"],
}


@pytest.mark.slow
@pytest.mark.distributed
@pytest.mark.parametrize(("launcher", "competitors"), [("lightning", 1), ("torchrun", 2)])
def test_a_fit_on_two_ranks_leaves_one_run_that_one_rank_repeats(
    launcher: str, competitors: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 22, 7 and 5 pictures to learn, to validate and to analyse none shares out evenly in batches of four.

    Without competition the network is evaluated as it is, with the statistics that each rank has kept of its own
    batches; with it, on a copy with statistics of its own.
    """
    monkeypatch.setenv("RIVALRY_CACHE", str(tmp_path / "cache"))
    settings = _settings(tmp_path, competitors)
    fitted = _start(launcher, tmp_path, "fit", "--config", str(settings), "--name", "two", *ON_TWO_RANKS)
    assert fitted.returncode == 0, fitted.stderr[-4000:]

    two, one = tmp_path / "runs" / "two", tmp_path / "runs" / "one"
    _assert_written_once(two, fitted.stdout + fitted.stderr, tmp_path / "told.txt")
    command = ["validate", "--config", two / "config.yaml", "--ckpt_path", two / "checkpoints" / "last.ckpt"]
    alone = ["--trainer.devices", "1", "--trainer.strategy", "auto", "--wandb", "off", "--name", "one"]
    assert rivalry(*command, *alone) == 0
    ours, theirs = (_rows(run / "metrics.csv")[-1] for run in (one, two))
    apart = ("sampled", "seconds", "emergence")  # draws are seeded by batch; what emerges, the first run's epochs tell
    compared = {name for name, value in ours.items() if value and not any(word in name for word in apart)}
    assert {"epoch", "val/top1", "val/loss", "activity/winner_entropy", "neurons/dead_units"} <= compared
    for name in compared - {"step"}:
        assert float(theirs[name]) == pytest.approx(float(ours[name]), rel=1e-5, nan_ok=True), name
    expected, found = ([_last_record(run, name) for name in ("activity", "neurons")] for run in (one, two))
    for mine, yours in zip(expected, found, strict=True):
        assert (yours.epoch, yours.step, yours.settings) == (mine.epoch, mine.step, mine.settings)
        assert yours.settings["samples"] == 5
        assert yours.scalars == pytest.approx(mine.scalars, rel=1e-5, nan_ok=True)
        for table in mine.tables:
            assert_same_rows(yours.tables[table].to_pylist(), mine.tables[table].to_pylist())


def _assert_written_once(run: Path, said: str, told: Path) -> None:
    """One event a record, one row an epoch, one preparation of the pictures, one line to the user."""
    assert len(told.read_text().splitlines()) == 1
    assert said.count("What came out") == 1
    rows = _rows(run / "metrics.csv")
    assert [row["epoch"] for row in rows] == ["0.0", "1.0"]
    for name in ("activity", "neurons"):
        assert [path.parent.name for path in find_records(run / "records", name)] == ["epoch=0000", "epoch=0001"]
    assert sorted(path.name for path in (run / "checkpoints").iterdir())[1:] == ["last.ckpt"]
    (folder,) = run.glob("wandb/offline-run-*")
    assert folder.name.endswith((run / "wandb" / "run-id.txt").read_text().strip())
    events = events_of(run)
    for scalar in ("activity/winner_entropy", "neurons/dead_units", "val/top1"):
        assert len([event for event in events if scalar in event]) == 2, scalar
    assert yaml.safe_load((run / "config.yaml").read_text())["trainer"]["devices"] in (2, "2")
    assert torch.load(run / "checkpoints" / "last.ckpt", weights_only=True)["epoch"] == 1


def _last_record(run: Path, name: str) -> Record:
    return Record.load(find_records(run / "records", name)[-1])


def _settings(place: Path, competitors: int) -> Path:
    (place / "words.txt").write_text("bright left\nnothing\nzebra\n")
    probe = {"length": 5, "seed": 9, "masks": True, "told": str(place / "told.txt")}
    dissection = {
        "layers": ["layer4*act2"],
        "clip": f"local-dir:{write_tiny_clip(place / 'clip')}",
        "vocabulary": str(place / "words.txt"),
        "top_k": 3,
    }
    return write_settings(
        place / "tiles.yaml",
        model__backbone__competitors=competitors,
        data__batch_size=4,
        data__train={"class_path": TILES, "init_args": {"length": 22}},
        data__probe={"class_path": "tests.distributed.written_once.ToldTiles", "init_args": probe},
        analyses=[
            {"class_path": "rivalry.recording.Activity", "init_args": {"layers": ["*act?"]}},
            {"class_path": "rivalry.dissection.NeuronDissection", "init_args": dissection},
        ],
        runs=str(place / "runs"),
    )


def _start(launcher: str, place: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WANDB_")}
    return subprocess.run(
        [sys.executable, *LAUNCHERS[launcher], *arguments],
        env={**kept, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        cwd=place, timeout=900, capture_output=True, text=True,
    )  # fmt: skip


def _rows(file: Path) -> list[dict[str, str]]:
    with file.open(newline="") as rows:
        return list(csv.DictReader(rows))
