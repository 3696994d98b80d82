"""Two ways to do the same thing, timed in turns in one process: seconds, their ratio, and the memory that each takes.

Machines are noisy and other work only slows down, so the best time of each way counts, and turns are taken so that both
meet the same noise. Memory is the most that the process (on a GPU: the device) held above what it held before.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import platform
import re
import subprocess
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

RESULTS = Path(__file__).parent / "results"
LIKELY_SECONDS = 2.0

Work = Callable[[], object]


@dataclass(frozen=True)
class Comparison:
    """What is to be measured beside what.

    Attributes:
        measure: What is ours; begins with ``lwta``, ``step``, ``soft_wpmi``, ``quickstart_epoch``, ``shared_sweep``,
            ``sparse_inference``, ``growth``, ``clusters``, ``registers``, ``watermark``, ``detectors``,
            ``basis_update``, ``extraction``, ``importance``, ``concepts``, ``prototypes`` or ``site``.
        reference: What stands beside it.
        prepare: Makes ours and the reference, ready to be called again and again, for a device.
        rounds: Turns that each takes at least.
    """

    measure: str
    reference: str
    prepare: Callable[[torch.device], tuple[Work, Work]]
    rounds: int = 3


@dataclass(frozen=True)
class Row:
    """One result; ``ratio`` is ours over the reference, so below 1 is better. Memory in MB (10⁶ bytes)."""

    measure: str
    reference: str
    seconds: float
    reference_seconds: float
    ratio: float
    peak_mb: float
    reference_peak_mb: float
    machine: str
    commit: str


def measure(comparison: Comparison, device: torch.device) -> Row:
    """Time both in turns, after one call each that does not count."""
    ours, reference = comparison.prepare(device)
    peaks = [peak_mb(work, device) for work in (ours, reference)]
    best, rounds, began = [float("inf")] * 2, 0, time.perf_counter()
    while rounds < comparison.rounds or time.perf_counter() - began < LIKELY_SECONDS:
        best = [min(least, _seconds(work, device)) for least, work in zip(best, (ours, reference), strict=True)]
        rounds += 1
    return Row(
        comparison.measure,
        comparison.reference,
        *(float(f"{seconds:.4g}") for seconds in best),
        round(best[0] / best[1], 3),
        *(round(peak, 1) for peak in peaks),
        machine(device),
        commit(),
    )


def keep(rows: Iterable[Row]) -> Path:
    """Put rows into ``benchmarks/results/<machine>.json`` in place of older ones of the same name."""
    rows = list(rows)
    file = RESULTS / f"{re.sub(r'[^a-z0-9]+', '-', rows[0].machine.lower()).strip('-')}.json"
    known = {(row["measure"], row["reference"]): row for row in json.loads(file.read_text())} if file.is_file() else {}
    known |= {(row.measure, row.reference): asdict(row) for row in rows}
    lines = ",\n".join(json.dumps(known[key], ensure_ascii=False) for key in sorted(known))
    file.write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    return file


def peak_mb(work: Work, device: torch.device) -> float:
    """Most memory held while some work is done, above what was held before; on the CPU Linux alone tells it."""
    gc.collect()
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
        before = torch.cuda.memory_allocated(device)
        work()
        return (torch.cuda.max_memory_allocated(device) - before) / 1e6
    ctypes.CDLL(None).malloc_trim(0)  # or memory that was used before and is kept would hide what is used now
    Path("/proc/self/clear_refs").write_text("5")  # forgets the highest memory so far
    before = _status("VmRSS")
    work()
    return (_status("VmHWM") - before) / 1e6


def machine(device: torch.device) -> str:
    """What it runs on, in words."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    names = re.findall(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return f"{names[0] if names else platform.machine()}, {os.cpu_count()} cores"


def commit() -> str:
    """The commit that is measured, with a ``+`` where files differ from it."""
    here = Path(__file__).parent
    head = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=here, capture_output=True, text=True, check=True)
    changed = subprocess.run(["git", "status", "--porcelain", "../src"], cwd=here, capture_output=True, check=True)
    return head.stdout.strip() + ("+" if changed.stdout else "")


def _seconds(work: Work, device: torch.device) -> float:
    _wait(device)
    began = time.perf_counter()
    work()
    _wait(device)
    return time.perf_counter() - began


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _status(name: str) -> int:
    (kib,) = re.findall(rf"{name}:\s*(\d+) kB", Path("/proc/self/status").read_text())
    return int(kib) * 1024
