"""Building the site: the jobs whose records have changed, side by side; what is as it was is left alone.

A :mod:`~rivalry.lens.site.manifest` in the site's folder says of every job what it was made from and which files it
left. It is kept while the build runs, so that one that is broken off goes on where it was. A job that fails leaves a
page that says so; the build goes on.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from rivalry.lens.site import addresses
from rivalry.lens.site.manifest import Done, forget, is_whole, read_manifest, write_manifest
from rivalry.lens.site.problems import problems_page
from rivalry.lens.site.section import Job, Site
from rivalry.lens.site.shelf import Problem, Shelf
from rivalry.lens.site.working import Progress, failed, run_jobs, section, write

SECTIONS = {
    "probes": addresses.PROBES, "classes": addresses.CLASSES, "comparison": addresses.COMPARISON,
    "overview": addresses.OVERVIEW, "concepts": addresses.CONCEPTS, "layers": addresses.LAYERS, "units": "",
    "pictures": "", "search": "", "assets": "",
}  # fmt: skip
"""The site's sections, those with the longest jobs first, and their main pages."""

_SECONDS = 10  # between two writings of the manifest


@dataclass(frozen=True)
class Built:
    """What a build has done.

    Attributes:
        out: The site's folder.
        made: Jobs that were run.
        kept: Jobs whose pages were left as they were.
        problems: What could not be shown.
        pages: Pages of the site.
    """

    out: Path
    made: int
    kept: int
    problems: Sequence[Problem]
    pages: int = 0


def build(
    run: Path,
    out: Path,
    *,
    beside: Path | None = None,
    workers: int = 1,
    progress: Progress = lambda done, whole, said: None,
) -> Built:
    """Build a site, or bring it up to date.

    Args:
        run: Folder of a run.
        out: The site's folder; made where it is missing.
        beside: Folder of another run, to compare.
        workers: Processes.
        progress: Is told how many jobs are done, of how many, and what the last one has made.

    Raises:
        ValueError: If the run holds no records, or ``out`` holds files that no build has left.
    """
    site = open_site(run, beside)
    before = read_manifest(out)
    out.mkdir(parents=True, exist_ok=True)
    jobs, unplanned = _planned(site)
    problems = [*site.shelf.problems, *(site.beside.problems if site.beside else ())]
    due = [job for job in jobs if not _is_done(site, job, before, out)]
    now = {_name(job): before[_name(job)] for job in set(jobs).difference(due)}
    made = 0
    with _Keeping(out, before, now) as keeping:
        for job, why in unplanned:
            outcome = failed(site, job, out, why)
            keeping.add(_name(job), Done("", outcome.files))
            problems += [outcome.problem] if outcome.problem else []
        for made, outcome in enumerate(run_jobs(site, due, out, workers), start=1):
            done = Done("" if outcome.problem else _inputs(site, outcome.job), outcome.files)
            keeping.add(_name(outcome.job), done)
            problems += [outcome.problem] if outcome.problem else []
            progress(made, len(due), outcome.job.said)
        keeping.add("problems", Done("", [write(out, file) for file in problems_page(site, problems)]))
    files = {file for one in now.values() for file in one.files}
    forget(out, {file for one in before.values() for file in one.files} - files)
    pages = sum(file.endswith(".html") for file in files)
    return Built(out, made, len(jobs) - len(due), problems, pages)


def open_site(run: Path, beside: Path | None) -> Site:
    """The shelves that a site is made from."""
    return Site(Shelf.open(run), None if beside is None else Shelf.open(beside))


class _Keeping:
    """Keeps the manifest while a build runs, and when it ends, however it ends."""

    def __init__(self, out: Path, before: dict[str, Done], now: dict[str, Done]) -> None:
        self._out, self._now, self._written = out, now, time.monotonic()
        unfinished = {name: replace(done, inputs="") for name, done in before.items() if name not in now}
        self._unfinished = unfinished  # their files are known, that they may be taken away one day

    def __enter__(self) -> _Keeping:
        self._write()
        return self

    def __exit__(self, kind: type[BaseException] | None, *error: object) -> None:
        if kind is None:
            self._unfinished = {}
        self._write()

    def add(self, name: str, done: Done) -> None:
        self._now[name] = done
        self._unfinished.pop(name, None)
        if time.monotonic() - self._written > _SECONDS:
            self._write()

    def _write(self) -> None:
        write_manifest(self._out, {**self._unfinished, **self._now})
        self._written = time.monotonic()


def _planned(site: Site) -> tuple[list[Job], list[tuple[Job, str]]]:
    """The jobs of all sections; and of each that fails to plan a job that stands for it, with the reason."""
    jobs: list[Job] = []
    unplanned = []
    for name, address in SECTIONS.items():
        try:
            jobs += list(section(name).plan(site))
        except Exception as error:  # as with jobs: the other sections are worth having
            job = Job(name, (), "", f"all of the section {name}", address)
            unplanned.append((job, f"could not be planned: {type(error).__name__}: {error}"))
    return jobs, unplanned


def _is_done(site: Site, job: Job, before: dict[str, Done], out: Path) -> bool:
    old = before.get(_name(job))
    return old is not None and old.inputs == _inputs(site, job) and is_whole(out, old)


def _name(job: Job) -> str:
    return json.dumps([job.section, *job.key])


def _inputs(site: Site, job: Job) -> str:
    known = [job.inputs, _own_code(), site.shelf.name, site.beside.name if site.beside else ""]
    return hashlib.blake2b("\n".join(known).encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


@cache
def _own_code() -> str:
    """Changes where what draws pages does: code, templates or style."""
    known = hashlib.blake2b(digest_size=8)
    for file in _own_files():
        known.update(file.read_bytes())
    return known.hexdigest()


def _own_files() -> Iterator[Path]:
    for file in sorted(Path(__file__).parents[1].rglob("*")):
        if file.is_file() and file.suffix in (".py", ".html", ".css", ".js"):
            yield file
