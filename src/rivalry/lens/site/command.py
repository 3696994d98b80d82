"""``rivalry lens RUN``: a site of all that a run has found, from its records alone.

Pages for units, layers, classes, concepts and probes, epoch by epoch, with the verdict of each probe, a search, and
another run beside. They work from the folder and on any static host, and ask nothing of the outside.
"""

from __future__ import annotations

import os
import time
import webbrowser
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jsonargparse import ArgumentError, ArgumentParser
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from rivalry.help_text import command_parser
from rivalry.lens.site.addresses import OVERVIEW, PROBLEMS
from rivalry.lens.site.building import Built, build
from rivalry.lens.site.serving import SiteServer, state_of, watch
from rivalry.lens.site.shelf import holds_records
from rivalry.lens.words import printable

EPILOGUE = """\
RUN is a run's folder, or that of a dissected checkpoint: as that must stay as it is, its site lies in RUN-lens. Only
pages whose records have changed are made again, so the command may be run after every epoch; a build that was broken
off goes on where it was. A record that is broken, or of another version, is left out and told of. What the pages show,
and how to read them, is told in docs/lens.md.

examples
  rivalry lens runs/first                          the site lies in runs/first/lens
  rivalry lens runs/first --open                   and in your browser
  rivalry lens runs/first --serve                  look on while it trains: new records come by themselves
  rivalry lens runs/first --beside runs/twin       with a page that compares the two
  rivalry lens runs/first --out site               somewhere else, such as what a static host gives away
"""

_TOLD = 5  # problems in the terminal; the site's page has all


def lens_from_arguments(arguments: Sequence[str]) -> Built | None:
    """Parse the command's arguments, build the site, say where it is, and serve it where that is asked for.

    Returns:
        What was done; None after serving.

    Raises:
        ValueError: Where there is no run, or no place for the site.
    """
    try:
        options = _parser().parse_args(list(arguments))
    except ArgumentError as error:
        raise ValueError(str(error)) from error
    if options.workers is not None and options.workers < 1:
        raise ValueError(f"--workers is 1 or more, got {options.workers}; without it there is one a core")
    console = Console()
    making = _Making(options, console)
    if options.serve:
        _serve(making, options, console)
        return None
    built = making.build()
    making.tell(built)
    if options.open:
        _open((built.out / OVERVIEW).resolve().as_uri(), console)
    return built


class _Making:
    """Builds as the options say, and tells of it."""

    def __init__(self, options: Any, console: Console) -> None:
        self.run = Path(options.run)
        self.out = _usual_place(self.run) if options.out is None else Path(options.out)
        self._beside = None if options.beside is None else Path(options.beside)
        self.runs = [self.run] if self._beside is None else [self.run, self._beside]
        self._workers = options.workers or _cores()
        self._console = console

    def build(self) -> Built:
        """Build, with a bar.

        Raises:
            ValueError: Where there is no run, or the site cannot be written.
        """
        try:
            with _bar() as progress:
                return build(self.run, self.out, beside=self._beside, workers=self._workers, progress=progress)
        except OSError as error:
            raise ValueError(f"the site cannot be written to {self.out}: {error.strerror or error}") from error
        except KeyboardInterrupt:
            self._say("  broken off; the same command goes on where it was")
            raise SystemExit(130) from None

    def tell(self, built: Built) -> None:
        """Say where the site is, and what could not be shown."""
        made = f"{built.made} of {built.made + built.kept} parts made" if built.kept else "all made"
        self._say(f"  {printable(str(built.out / OVERVIEW))}  {built.pages} pages, {made}")
        if built.problems:
            count = len(built.problems)
            things = "thing" if count == 1 else "things"
            self._say(f"  {printable(str(built.out / PROBLEMS))}  {count} {things} could not be shown:")
            for one in built.problems[:_TOLD]:
                self._say(f"    {printable(one.where)}: {printable(one.what)}")

    def _say(self, line: str) -> None:
        self._console.print(line, soft_wrap=True, highlight=False, markup=False)


def _usual_place(run: Path) -> Path:
    """In the run's folder; beside that of a dissected checkpoint, which holds no file that its sums do not list."""
    whole = run.resolve()
    return whole.with_name(f"{whole.name}-lens") if (run / "SHA256SUMS").is_file() else run / "lens"


def _serve(making: _Making, options: Any, console: Console) -> None:
    """Serve until the user ends it."""
    seen = state_of(*making.runs)
    if not making.run.is_dir() or holds_records(making.run):
        making.tell(making.build())  # a wrong name is an error now, and not awaited
    with SiteServer(making.out, options.port) as server:
        console.print(f"  {server.url}  Ctrl-C ends it", soft_wrap=True, highlight=False, markup=False)
        if options.open:
            _open(server.url, console)

        def rebuild() -> None:
            if not holds_records(making.run):
                return
            try:
                built = making.build()
            except ValueError as error:  # a disk that is full, or records that are gone again: more will come
                console.print(f"  {printable(str(error))}", soft_wrap=True, highlight=False, markup=False)
                return
            if built.made:
                server.news.said = "The run has new records."
                server.news.stamp = str(time.time_ns())
                making.tell(built)

        try:
            watch(making.runs, rebuild, seen)
        except KeyboardInterrupt:
            console.print("  ended", highlight=False)


def _open(url: str, console: Console) -> None:
    if not webbrowser.open(url):
        console.print(f"  no browser could be opened; see {url}", soft_wrap=True, highlight=False, markup=False)


@contextmanager
def _bar() -> Iterator[Any]:
    columns = TextColumn("building"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}", markup=False)
    console = Console(stderr=True)
    with Progress(*columns, transient=True, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=None)

        def tell(done: int, whole: int, said: str) -> None:
            progress.update(task, completed=done, total=whole, description=printable(said)[:50])

        yield tell


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _parser() -> ArgumentParser:
    parser = command_parser("lens", __doc__, EPILOGUE)
    parser.add_argument("run", type=str, metavar="RUN", help="A run's folder, such as runs/first.")
    parser.add_argument(
        "--out", type=str | None, default=None, help="The site's folder; by default lens in RUN, or RUN-lens."
    )
    parser.add_argument("--beside", type=str | None, default=None, metavar="RUN", help="Another run, to compare with.")
    parser.add_argument("--workers", type=int | None, default=None, help="Processes; by default one a core.")
    parser.add_argument("--open", action="store_true", help="Show it in the browser.")
    parser.add_argument("--serve", action="store_true", help="Serve it to this machine, and follow the run.")
    parser.add_argument("--port", type=int, default=8000, help="Where it is served; 0 takes a free one.")
    return parser
