"""Running jobs side by side, each on its own: whatever one of them meets, the others are made."""

from __future__ import annotations

import importlib
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context, parent_process, resource_tracker
from pathlib import Path
from typing import Any

import pyarrow as pa

from rivalry.lens.site.manifest import is_outside, write_file
from rivalry.lens.site.section import Job, Site
from rivalry.lens.site.sheets import File, Page, files_of
from rivalry.lens.site.shelf import Problem


@dataclass(frozen=True)
class Outcome:
    """What has become of a job.

    Attributes:
        job: The job.
        files: What it left, by address.
        problem: Why it has failed, or None.
    """

    job: Job
    files: list[str]
    problem: Problem | None = None


def run_jobs(site: Site, jobs: Sequence[Job], out: Path, workers: int) -> Iterator[Outcome]:
    """Run jobs, in any order, in so many processes; with one, in this one.

    A process that dies takes down no more than the job it was at: what is left is then run one at a time.
    """
    if workers < 2 or len(jobs) < 2:
        yield from (run_job(site, job, out) for job in jobs)
        return
    left = {(job.section, job.key): job for job in jobs}
    try:
        with _Pool(site, out, min(workers, len(jobs))) as pool:
            for outcome in pool.run(jobs):
                del left[outcome.job.section, outcome.job.key]
                yield outcome
    except BrokenProcessPool:
        yield from _one_at_a_time(site, list(left.values()), out)


def run_job(site: Site, job: Job, out: Path) -> Outcome:
    """Make the files of a job; where it fails, a page that says so."""
    files: list[str] = []
    try:
        for file in section(job.section).make(site, job):
            files.append(write(out, file))
    except Exception as error:  # whatever a stranger's record leads to: the other pages are worth having
        return failed(site, job, out, f"could not be drawn: {type(error).__name__}: {error}", files)
    return Outcome(job, files)


def failed(site: Site, job: Job, out: Path, why: str, files: Sequence[str] = ()) -> Outcome:
    """Leave pages that say why there are no others, but where the job has made its own."""
    problem = Problem(job.said, why)
    told = {**site.told(), "problem": problem}
    missing = {one for one in (job.address, *job.further) if one.endswith(".html")}.difference(files)
    pages = (Page(address, job.said, "failed.html") for address in sorted(missing))
    made = [write(out, file) for page in pages for file in files_of(page, {None: {}}, told)]
    return Outcome(job, [*files, *made], problem)


def section(name: str) -> Any:
    """A module of the site: a :class:`rivalry.lens.site.section.Section`."""
    return importlib.import_module(f"rivalry.lens.site.{name}")


def write(out: Path, file: File) -> str:
    """Write a file where it is not there already, just so; its address.

    Raises:
        ValueError: If the address leads out of the site's folder.
    """
    address, content = file
    if is_outside(address):
        raise ValueError(f"{address!r:.200} is no address within the site")
    place, written = out / address, content.encode("utf-8", "replace") if isinstance(content, str) else content
    if not place.is_file() or place.stat().st_size != len(written) or place.read_bytes() != written:
        write_file(place, written)
    return address


def _one_at_a_time(site: Site, jobs: Sequence[Job], out: Path) -> Iterator[Outcome]:
    """Each in a process that may die of it; in this one, where no process can be started."""
    waiting = list(jobs)
    while waiting:
        ready = False
        try:
            with _Pool(site, out, 1) as pool:
                ready = pool.is_ready()
                while waiting:
                    yield from pool.run(waiting[:1])
                    waiting.pop(0)
        except BrokenProcessPool:
            if not ready:
                yield from (run_job(site, job, out) for job in waiting)
                return
            job = waiting.pop(0)
            yield failed(site, job, out, "could not be drawn: its process died, perhaps for want of memory")


class _Pool:
    """Processes that know the site."""

    def __init__(self, site: Site, out: Path, workers: int) -> None:
        self._pool = ProcessPoolExecutor(workers, get_context("spawn"), _start, (site, out))

    def __enter__(self) -> _Pool:
        return self

    def __exit__(self, *error: object) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def is_ready(self) -> bool:
        """Whether a process has started; raises BrokenProcessPool where it has died of that."""
        with _unheard():
            ready = self._pool.submit(bool, 1)
        return ready.result()

    def run(self, jobs: Sequence[Job]) -> Iterator[Outcome]:
        """As they are done."""
        with _unheard():
            waiting = [self._pool.submit(_work, job) for job in jobs]
        for done in as_completed(waiting):
            yield done.result()


_in_worker: dict[str, Any] = {}


@contextmanager
def _unheard() -> Iterator[None]:
    """Processes that start meanwhile hear no Ctrl-C, from their first moment: the parent hears it, and ends them."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # which else begins with the first process, and has signals heard again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _start(site: Site, out: Path) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # where none could be held off
    threading.Thread(target=_end_with_parent, daemon=True).start()
    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    _in_worker.update(site=site, out=out)


def _end_with_parent() -> None:
    """Wait for the parent's end, however it comes: one that is killed tells nobody, and jobs would be waited for."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _work(job: Job) -> Outcome:
    return run_job(_in_worker["site"], job, _in_worker["out"])


Progress = Callable[[int, int, str], None]
"""Is told how many jobs are done, of how many, and what the last one has made."""
