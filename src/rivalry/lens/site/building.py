"""Building the site: the jobs whose records have changed, side by side; what is as it was is left alone.

``.lens.json`` in the site's folder says of every job what it was made from and which files it left. A job that fails
leaves a page that says so; the build goes on.
"""

from __future__ import annotations

import hashlib
import importlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from rivalry.lens.site.addresses import OVERVIEW
from rivalry.lens.site.section import Job, Site
from rivalry.lens.site.sheets import File, Page, files_of
from rivalry.lens.site.shelf import Problem, Shelf

SECTIONS = (
    "assets", "overview", "layers", "units", "classes", "concepts", "probes", "comparison", "pictures", "search",
)  # fmt: skip

_MANIFEST = ".lens.json"


@dataclass(frozen=True)
class Built:
    """What a build has done.

    Attributes:
        out: The site's folder.
        made: Jobs that were run.
        kept: Jobs whose pages were left as they were.
        problems: What could not be shown.
    """

    out: Path
    made: int
    kept: int
    problems: Sequence[Problem]


def build(
    run: Path,
    out: Path,
    *,
    beside: Path | None = None,
    workers: int = 1,
    progress: Callable[[int, int, str], None] = lambda done, whole, said: None,
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
    before = _read_manifest(out)
    jobs = [job for section in SECTIONS for job in _section(section).plan(site)]
    kept, due = {}, []
    for job in jobs:
        old = before.get(_name(job))
        if old and old["inputs"] == _inputs(job) and all((out / file).is_file() for file in old["files"]):
            kept[_name(job)] = old
        else:
            due.append(job)
    made, problems = {}, [*site.shelf.problems]
    for done, (job, files, problem) in enumerate(_run(site, due, out, workers), start=1):
        made[_name(job)] = {"inputs": "" if problem else _inputs(job), "files": files}
        problems += [problem] if problem else []
        progress(done, len(due), job.said)
    _forget(out, before, {**kept, **made})
    (out / _MANIFEST).write_text(json.dumps({**kept, **made}), encoding="utf-8")
    return Built(out, len(made), len(kept), problems)


def open_site(run: Path, beside: Path | None) -> Site:
    """The shelves that a site is made from."""
    return Site(Shelf.open(run), None if beside is None else Shelf.open(beside))


def _section(name: str) -> Any:
    return importlib.import_module(f"rivalry.lens.site.{name}")


def _name(job: Job) -> str:
    return "/".join(map(str, (job.section, *job.key)))


def _inputs(job: Job) -> str:
    return f"{job.inputs} {_own_code()}"


def _own_code() -> str:
    """Changes where the site's code, templates or style do."""
    known = hashlib.blake2b(digest_size=8)
    for file in sorted(Path(__file__).parent.rglob("*")):
        if file.is_file() and file.suffix in (".py", ".html", ".css", ".js"):
            known.update(file.read_bytes())
    return known.hexdigest()


def _run(site: Site, jobs: Sequence[Job], out: Path, workers: int) -> Iterator[tuple[Job, list[str], Problem | None]]:
    if workers < 2 or len(jobs) < 2:
        yield from (_do(site, job, out) for job in jobs)
        return
    places = (site.shelf.root, None if site.beside is None else site.beside.root, out)
    opened = partial(_open_in_worker, *places)
    with ProcessPoolExecutor(workers, get_context("spawn"), opened) as pool:
        yield from pool.map(_do_in_worker, jobs)


_in_worker: dict[str, Any] = {}


def _open_in_worker(run: Path, beside: Path | None, out: Path) -> None:
    _in_worker.update(site=open_site(run, beside), out=out)


def _do_in_worker(job: Job) -> tuple[Job, list[str], Problem | None]:
    return _do(_in_worker["site"], job, _in_worker["out"])


def _do(site: Site, job: Job, out: Path) -> tuple[Job, list[str], Problem | None]:
    """Make the files of a job; where it fails, a page that says so."""
    try:
        return job, [_write(out, file) for file in _section(job.section).make(site, job)], None
    except Exception as error:  # whatever a stranger's record leads to: the other pages are worth having
        problem = Problem(job.said, f"could not be drawn: {type(error).__name__}: {error}")
    page = Page(job.address, job.said, "failed.html")
    told = {**site.told(), "problem": problem}
    return job, [_write(out, file) for file in files_of(page, {None: {}}, told)], problem


def _write(out: Path, file: File) -> str:
    """Write a file where it is not there already, just so."""
    address, content = file
    place, written = out / address, content.encode() if isinstance(content, str) else content
    if not place.is_file() or place.read_bytes() != written:
        place.parent.mkdir(parents=True, exist_ok=True)
        draft = place.with_name(f".{place.name}.new")
        draft.write_bytes(written)
        draft.replace(place)
    return address


def _read_manifest(out: Path) -> dict[str, Any]:
    if (out / _MANIFEST).is_file():
        kept: dict[str, Any] = json.loads((out / _MANIFEST).read_text(encoding="utf-8"))
        return kept
    if out.is_dir() and any(out.iterdir()):
        raise ValueError(f"{out} holds files that are no site of Rivalry; name an empty folder, such as {out}/lens")
    out.mkdir(parents=True, exist_ok=True)
    return {}


def _forget(out: Path, before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Take away files that no job makes any more."""
    stale = {file for one in before.values() for file in one["files"]}
    for file in stale - {file for one in now.values() for file in one["files"]} - {OVERVIEW}:
        (out / file).unlink(missing_ok=True)
