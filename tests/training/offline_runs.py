"""Runs of Weights & Biases that were recorded offline, read back as they would be sent, and a record to log."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from rivalry.records import Record


def record(epoch: int = 0, **more: Any) -> Record:
    table = pa.table({"layer": ["a", "a"], "unit": [0, 1], "label": ["<b>bold</b> & co", "cat"], "top": [[3, 1], [2]]})
    picture = np.zeros((8, 8, 3), np.uint8)
    content: dict[str, Any] = {
        "scalars": {"score": 0.5 + epoch},
        "tables": {"units": table},
        "images": {"seen": picture},
    }
    return Record("study", epoch, 10 * (epoch + 1), **{**content, **more}, settings={})


def events_of(folder: Path) -> list[dict[str, Any]]:
    (run,) = folder.glob("wandb/offline-run-*")
    return events_in(run)


def events_in(run: Path) -> list[dict[str, Any]]:
    return [one["history"]["item"] for one in told_in(run) if one["type"] == "history"]


def told_in(run: Path) -> list[dict[str, Any]]:
    """All that an offline run will tell the server."""
    said = subprocess.run(
        [sys.executable, "-m", "wandb", "leet", "inspect", "--json", str(run)],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    return [json.loads(line) for line in said.stdout.splitlines()]
