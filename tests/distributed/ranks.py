"""Two ranks, each a process of its own that runs a script: ``SCRIPT RANK WORLD STORE FOLDER ARGUMENTS …``."""

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import torch
import torch.distributed

ROOT = Path(__file__).parents[2]


def start_two(script: Path, folder: Path, *arguments: str, **environment: str) -> list[subprocess.Popen[bytes]]:
    """Start both; rank r writes to ``folder / "rank{r}"``."""
    known = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", **environment}
    return [
        subprocess.Popen(
            [
                sys.executable,
                str(script),
                str(rank),
                "2",
                str(folder / "store"),
                str(folder / f"rank{rank}"),
                *arguments,
            ],
            env=known,
            cwd=ROOT,
        )
        for rank in range(2)
    ]


def be_a_rank(work: Callable[[int, int, Path, list[str]], None]) -> None:
    """What such a script does: join the other, work on (rank, world, folder, arguments), and part."""
    rank, world, store, folder, *arguments = sys.argv[1:]
    torch.set_num_threads(1)
    torch.distributed.init_process_group(
        "gloo", f"file://{store}", timedelta(seconds=300), rank=int(rank), world_size=int(world)
    )
    work(int(rank), int(world), Path(folder), arguments)
    torch.distributed.destroy_process_group()
