"""Two ranks of a Lightning trainer validate, analyse and predict as one does."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from rivalry.records import Record, find_records
from tests.distributed.test_two_ranks import assert_same_rows

ROOT = Path(__file__).parents[2]


@pytest.mark.distributed
def test_two_ranks_score_analyse_and_predict_as_one_and_keep_the_same_weights(tmp_path: Path) -> None:
    """Seven validation pictures and five of a probe set: two ranks see eight and six, and leave the padding out."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    script = str(Path(__file__).with_name("fit_on_ranks.py"))
    for world in ("1", "2"):
        done = subprocess.run(
            [sys.executable, script, world, str(tmp_path / world)],
            env=environment, cwd=ROOT, timeout=300, capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-4000:]
        assert "sync_dist" not in done.stderr
    for name in ("shared", "own"):
        one, two = tmp_path / "1" / name, tmp_path / "2" / name
        expected = json.loads((one / "metrics0.json").read_text())
        assert {"val/top1", "val/loss", "val/sampled_top1", "activity/winner_entropy"} <= set(expected)
        for rank in range(2):
            found = json.loads((two / f"metrics{rank}.json").read_text())
            for key in {name for name in expected if name != "analyses/seconds" and "sampled" not in name}:
                assert found[key] == pytest.approx(expected[key], rel=1e-5), key
        (ours,), (theirs,) = ([Record.load(path) for path in find_records(place / "records")] for place in (one, two))
        assert theirs.settings == ours.settings
        assert theirs.settings["samples"] == (7 if name == "shared" else 5)
        for table in ours.tables:
            assert_same_rows(theirs.tables[table].to_pylist(), ours.tables[table].to_pylist())
        assert (two / "predictions.csv").read_text() == (one / "predictions.csv").read_text()
    first, second = (torch.load(tmp_path / "2" / f"weights{rank}.pt", weights_only=True) for rank in range(2))
    assert all(torch.equal(value, second[key]) for key, value in first.items() if "running" not in key)
