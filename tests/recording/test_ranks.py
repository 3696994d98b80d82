"""Two ranks find what one finds."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from torch.utils.data import DistributedSampler

from rivalry.recording.ranks import keep_once
from rivalry.records import Record, find_records
from tests.recording.sweep_on_rank import sweep_on_rank

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("world", [1, 2, 3, 5])
@pytest.mark.parametrize("total", [1, 6, 7])
@pytest.mark.parametrize("shuffle", [False, True])
def test_every_sample_is_kept_once(world: int, total: int, shuffle: bool) -> None:
    kept = []
    for rank in range(world):
        shard = list(DistributedSampler(range(total), world, rank, shuffle=shuffle))
        seen = 0
        for batch in (shard[:2], shard[2:]):
            keep = keep_once(seen, len(batch), rank, world, total)
            kept += [sample for sample, own in zip(batch, keep.tolist(), strict=True) if own]
            seen += len(batch)
    assert sorted(kept) == list(range(total))


@pytest.mark.distributed
def test_two_ranks_leave_the_records_of_one(tmp_path: Path) -> None:
    """Seven samples on two ranks are padded to eight; one sample leaves a rank with an empty batch."""
    sizes = ["7", "1"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    script, store = str(Path(__file__).with_name("sweep_on_rank.py")), str(tmp_path / "store")
    ranks = [
        subprocess.Popen(
            [sys.executable, script, str(rank), "2", store, str(tmp_path / f"rank{rank}"), *sizes],
            env=environment,
            cwd=ROOT,
        )
        for rank in range(2)
    ]
    for size in sizes:
        sweep_on_rank(0, 1, int(size), tmp_path / "one" / size)
    assert [rank.wait(timeout=300) for rank in ranks] == [0, 0]
    for size in sizes:
        expected = [Record.load(folder) for folder in find_records(tmp_path / "one" / size)]
        assert [record.name for record in expected] == ["activity", "strongest"]
        assert expected[1].settings["samples"] == int(size)
        for rank in range(2):
            found = [Record.load(folder) for folder in find_records(tmp_path / f"rank{rank}" / size)]
            for ours, theirs in zip(expected, found, strict=True):
                assert theirs.settings == ours.settings
                assert theirs.tables == ours.tables
                assert theirs.scalars == pytest.approx(ours.scalars, rel=1e-6, nan_ok=True)
