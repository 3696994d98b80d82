"""``rivalry concepts``: draw what classes are made of to a network, a page a class, from a run's records alone.

A page shows by which strategies pictures are taken for the class, how much each concept counts, and where it is seen.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jsonargparse import ArgumentError, ArgumentParser
from PIL import Image
from rich.console import Console
from rich.progress import track
from rich.table import Table

from rivalry.help_text import command_parser
from rivalry.lens.class_page import class_page
from rivalry.lens.class_view import COLOURED, explained_classes, shows_concepts
from rivalry.lens.titled import titled
from rivalry.lens.words import in_terminal
from rivalry.numerics.nearest import nearest
from rivalry.records import Record, find_records
from rivalry.training.run import RunFolder

_LISTED = 5

EPILOGUE = """\
The run must hold a record of a ConceptExtraction: train with one among `analyses`, or let `rivalry analyze` run one.
For every class a picture comes to concepts/ in the run's folder; the least reliable and the most shared concepts are
listed. How to read a page is told in docs/strategies.md.

examples
  rivalry concepts runs/first                                  every class, in every layer
  rivalry concepts runs/first car house --layer layer4.0.act2
  rivalry concepts analyses/mine --out pages                   of what `rivalry analyze --out` has left
"""


def concepts_from_arguments(arguments: Sequence[str]) -> list[Path]:
    """Parse the command's arguments, draw the pages, and print what the classes rest on.

    Returns:
        The files of the pages.

    Raises:
        ValueError: Where there is no such run, record, layer or class.
    """
    try:
        options = _parser().parse_args(list(arguments))
    except ArgumentError as error:
        raise ValueError(str(error)) from error
    run = RunFolder(Path(options.run))
    record = last_concepts(run.records, options.of)
    places = _wanted(record, options.layer, options.classes)
    folder = (Path(options.out) if options.out else run.root / "concepts") / record.name
    folder.mkdir(parents=True, exist_ok=True)
    numbers = {name: number for number, name in enumerate(record.tables["classes"]["class"].unique().to_pylist())}
    files = []
    for layer, class_ in track(places, "drawing", transient=True):
        files.append(folder / f"{_in_file(layer)}-{numbers[class_]:04d}-{_in_file(class_)}.png")
        Image.fromarray(class_page(record, layer, class_)).save(files[-1])
    console = Console()
    for table in (_classes(record, places), _least_reliable(record, places), _most_shared(record, places)):
        if table.row_count:
            console.print(table)
    console.print(f"  {len(files)} pages in {folder}", soft_wrap=True, highlight=False)
    return files


def last_concepts(records: Path, name: str | None = None) -> Record:
    """The last record of concepts in a folder of records.

    Args:
        records: The folder.
        name: Of the analysis; needed where several have left concepts.

    Raises:
        ValueError: If there is none, or several and no name.
    """
    last = {folder.name: folder for folder in find_records(records)}
    there = {one: record for one, folder in last.items() if shows_concepts(record := Record.load(folder))}
    if name is None and len(there) == 1:
        return next(iter(there.values()))
    if name not in there:
        if not there:
            raise ValueError(
                f"no record in {records} holds concepts of classes: it takes a ConceptExtraction, whose table "
                "`classes` says why a class has none"
            )
        said = "several records hold concepts" if name is None else f"no record {name!r} with concepts"
        raise ValueError(f"{said} in {records}; there are {', '.join(there)}: choose one by --of")
    return there[name]


def _wanted(record: Record, layer: str | None, classes: Sequence[str]) -> list[tuple[str, str]]:
    """Layers and classes of the pages that are asked for."""
    there = explained_classes(record)
    for asked, known, what in (
        ([layer] if layer else [], {one for one, _ in there}, "layer"),
        (classes, {one for _, one in there}, "class"),
    ):
        strange = [one for one in asked if one not in known]
        if strange:
            raise ValueError(
                f"no concepts of {what} {strange[0]!r} in the record; nearest: {nearest(strange[0], known)}"
            )
    wanted = set(classes)
    return [(one, class_) for one, class_ in there if layer in (None, one) and (not wanted or class_ in wanted)]


def _in_file(word: str) -> str:
    """A layer or class as part of a file's name: what comes from outside names no other folder."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "_", word).strip("_.-")[:60]


def _classes(record: Record, places: Sequence[tuple[str, str]]) -> Table:
    table = titled("What classes are made of", ("layer", "class"), ("pictures", "right", "strategies", "unexplained"))
    rows = {(row["layer"], row["class"]): row for row in record.tables["classes"].to_pylist()}
    for layer, class_ in places:
        row = rows[layer, class_]
        shares = [_percent(row[name]) for name in ("accuracy", "unexplained")]
        table.add_row(layer, in_terminal(class_), str(row["images"]), shares[0], str(row["strategies"]), shares[1])
    return table


def _least_reliable(record: Record, places: Sequence[tuple[str, str]]) -> Table:
    """The concepts that are most often wrong where they decide; none where all are right, or nobody knows.

    Those that decide many pictures come first: of one picture a concept is wrong by chance.
    """
    table = titled("Least reliable concepts", ("layer", "concept"), ("decides", "right"))
    rows = [
        row
        for row in record.tables["concepts"].to_pylist()
        if (row["layer"], row["class"]) in places and row["reliability"] is not None and row["reliability"] < 1
    ]
    images = {(row["layer"], row["class"]): row["images"] for row in record.tables["classes"].to_pylist()}

    def rank(row: dict[str, Any]) -> tuple[bool, float]:
        return round(row["prevalence"] * images[row["layer"], row["class"]]) < COLOURED, float(row["reliability"])

    for row in sorted(rows, key=rank)[:_LISTED]:
        said = _called(row["class"], row["concept"], row["name"])
        table.add_row(row["layer"], said, _percent(row["prevalence"]), _percent(row["reliability"]))
    return table


def _most_shared(record: Record, places: Sequence[tuple[str, str]]) -> Table:
    """The concepts of different classes that are most alike, the one of a page at least."""
    table = titled("Most shared concepts", ("layer", "concept", "and"), ("cosine",))
    shared = record.tables.get("shared")
    for row in [] if shared is None else shared.to_pylist():
        here = {(row["layer"], row["class"]), (row["layer"], row["other_class"])} & set(places)
        if here and table.row_count < _LISTED:
            both = [_called(row[f"{of}class"], row[f"{of}concept"], row[f"{of}name"]) for of in ("", "other_")]
            table.add_row(row["layer"], *both, f"{row['cosine']:.2f}")
    return table


def _called(class_: str, concept: int, name: str | None) -> str:
    return in_terminal(f"{class_}:{concept}{'' if name is None else f' {name}'}")


def _percent(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.0f} %"


def _parser() -> ArgumentParser:
    parser = command_parser("concepts", __doc__, EPILOGUE)
    parser.add_argument("run", type=str, help="A run's folder, or one that `rivalry analyze --out` has filled.")
    parser.add_argument("classes", type=str, nargs="*", default=[], help="Names of classes; by default all.")
    parser.add_argument("--layer", type=str | None, default=None, help="One of the layers; by default all.")
    parser.add_argument("--of", type=str | None, default=None, help="Name of the analysis, where there are several.")
    parser.add_argument("--out", type=str | None, default=None, help="Folder; by default concepts/ in the run's own.")
    return parser
