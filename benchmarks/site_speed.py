"""How long a site takes, how much memory, and how large it and its pages are; as a script at full size.

python benchmarks/site_speed.py                      the quickstart's size, and 100,000 units with 1,000 classes
python benchmarks/site_speed.py --run runs/first     and a run of your own

Each build is ``rivalry lens`` in a process of its own, timed from its start. Memory is what all its processes hold
together, what they share counted once. A *first view* is a page with its style, scripts and those pictures that it does
not leave for later.
"""

from __future__ import annotations

import atexit
import json
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import torch
from side_by_side import Comparison
from synthetic_run import write_run

from rivalry.lens.site import building, units
from rivalry.lens.site.section import Job, Site

RESULT = Path(__file__).parent / "results" / "site.json"
COMMAND = Path(sys.executable).with_name("rivalry")
QUICKSTART = {"layers": 2, "units": 288, "classes": 16, "epochs": 5, "pictures": 1000}
LARGE = {"layers": 16, "units": 100_000, "classes": 1000, "epochs": 3, "pictures": 50_000}
SMALL = {"layers": 2, "units": 128, "classes": 16, "epochs": 3, "pictures": 200}
PARSED = 200  # of the largest pages of a kind


def main(run: Path | None = None, workers: int = 2, large: bool = True) -> None:
    """Build sites, print what they took as JSON, and keep it in ``benchmarks/results``.

    Args:
        run: Folder of a run of your own, to build a site of as well.
        workers: Processes.
        large: Whether the large run is built too; it takes some minutes.
    """
    figures = {}
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder)
        write_run(made / "quickstart", **QUICKSTART)
        figures["a run of the quickstart's size with every analysis"] = {
            **QUICKSTART,
            **_built(made / "quickstart", workers),
        }
        if run is not None:
            figures[f"the run {run.name}"] = _built_aside(run, made / "own", workers)
        if large:
            figures["a large run"] = {**LARGE, **_grown(made / "large", workers)}
    about = {"cores": os.cpu_count(), "load": round(os.getloadavg()[0], 1), "python": platform.python_version()}
    result = {"benchmark": "site", "workers": workers, **about, "figures": figures}
    RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=2))


def batches(device: torch.device) -> tuple[Callable[[], object], Callable[[], object]]:
    """All unit pages of a small run: in batches, and one by one with nothing kept from one to the next."""
    site = building.open_site(_small_run(), None)

    def one_by_one() -> None:
        batch, units.BATCH = units.BATCH, 1
        try:
            for job in units.plan(site):
                _forget_all()
                _make(site, job)
        finally:
            units.BATCH = batch

    def in_batches() -> None:
        _forget_all()
        for job in units.plan(site):
            _make(site, job)

    return in_batches, one_by_one


def nothing_new(device: torch.device) -> tuple[Callable[[], object], Callable[[], object]]:
    """A site brought up to date where nothing is new, and the same built from nothing."""
    run = _small_run()
    kept = run / "lens"
    building.build(run, kept)

    def anew() -> None:
        building.build(run, run / "anew")
        shutil.rmtree(run / "anew")

    return lambda: building.build(run, kept), anew


COMPARISONS = [
    Comparison("site, pages of 128 units at 3 epochs", "one by one, everything read anew", batches, 2),
    Comparison("site of 128 units and 16 classes, nothing new", "the same built from nothing", nothing_new, 2),
]


def _grown(run: Path, workers: int) -> dict[str, Any]:
    """From nothing, with nothing new, and with the records of another epoch."""
    write_run(run, **LARGE)
    found = _built(run, workers)
    print("built:", json.dumps(found))
    found["nothing new"] = _timed(run, run / "lens", workers)
    write_run(run, **{**LARGE, "epochs": LARGE["epochs"] + 1}, first=LARGE["epochs"])
    found["one epoch more"] = _timed(run, run / "lens", workers)
    return found


def _built(run: Path, workers: int) -> dict[str, Any]:
    return _built_aside(run, run / "lens", workers)


def _built_aside(run: Path, out: Path, workers: int) -> dict[str, Any]:
    return {**_timed(run, out, workers), **_size(out)}


def _timed(run: Path, out: Path, workers: int) -> dict[str, float]:
    """Seconds, those of all cores, and the most memory of the command and its workers together."""
    began, worked, most = time.perf_counter(), _worked(), 0
    command = [str(COMMAND), "lens", str(run), "--out", str(out), "--workers", str(workers)]
    with tempfile.TemporaryFile() as said, subprocess.Popen(command, stdout=said, stderr=said) as process:
        while process.poll() is None:
            most = max(most, sum(map(_memory, _family(process.pid))))
            time.sleep(0.1 if time.perf_counter() - began < 20 else 0.5)
        if process.returncode:
            said.seek(0)
            raise SystemExit(f"{' '.join(command)}: {said.read().decode()}")
    seconds = time.perf_counter() - began
    return {"seconds": round(seconds, 2), "core_seconds": round(_worked() - worked, 2), "peak_mb": round(most / 1e6)}


def _worked() -> float:
    """Seconds that cores have worked for all processes that have ended: what others do meanwhile is not in it."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _family(process: int) -> Iterator[int]:
    """A process and all below it (Linux tells)."""
    yield process
    try:
        children = [int(one) for file in Path(f"/proc/{process}/task").glob("*/children")
                    for one in file.read_text().split()]  # fmt: skip
    except OSError:  # it has just ended
        return
    for child in children:
        yield from _family(child)


def _memory(process: int) -> int:
    """Bytes that a process holds; of those that it shares its part."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return 1024 * next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def _size(out: Path) -> dict[str, Any]:
    """Files, their bytes, pages, and the page whose first view is largest, of those that are the largest of a kind."""
    sizes = {file: file.stat().st_size for file in out.rglob("*") if file.is_file()}
    kinds: dict[str, list[Path]] = {}
    for file in sizes:
        if file.suffix == ".html":
            kinds.setdefault(file.relative_to(out).parts[0], []).append(file)
    views = {}
    for pages in kinds.values():
        for page in sorted(pages, key=sizes.__getitem__)[-PARSED:]:
            views[page.relative_to(out).as_posix()] = first_view(page)
    largest = max(views, key=views.__getitem__)
    chunks = [size for file, size in sizes.items() if file.suffix == ".js"]
    return {
        "files": len(sizes), "mb": round(sum(sizes.values()) / 1e6, 1), "pages": sum(map(len, kinds.values())),
        "largest_first_view": largest, "largest_first_view_kb": round(views[largest] / 1e3, 1),
        "largest_chunk_kb": round(max(chunks, default=0) / 1e3, 1),
    }  # fmt: skip


def first_view(page: Path) -> int:
    """Bytes of a page and of all that a browser reads before it shows it."""
    asked = _Asked()
    asked.feed(page.read_text(encoding="utf-8"))
    files = {(page.parent / address).resolve() for address in asked.addresses if ":" not in address}
    return page.stat().st_size + sum(file.stat().st_size for file in files)


class _Asked(HTMLParser):
    """What a page asks for at once."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        lazy = known.get("loading") == "lazy"
        if tag in ("script", "img", "iframe") and known.get("src") and not lazy:
            self.addresses.append(str(known["src"]))
        if tag == "link" and known.get("rel") == "stylesheet":
            self.addresses.append(str(known["href"]))


def _small_run() -> Path:
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return write_run(folder / "small", **SMALL)


def _make(site: Site, job: Job) -> None:
    for _ in units.make(site, job):
        pass


def _forget_all() -> None:
    """Empty what the site's modules keep from one job to the next."""
    for name, module in list(sys.modules.items()):
        if name.startswith("rivalry.lens.site"):
            for kept in vars(module).values():
                if hasattr(kept, "cache_clear"):
                    kept.cache_clear()


if __name__ == "__main__":
    from jsonargparse import auto_cli

    auto_cli(main)
