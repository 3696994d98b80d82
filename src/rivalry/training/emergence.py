"""``rivalry emergence``: follow the labels of a run's units over its epochs, from its records alone.

A training leaves the same records after every epoch; this command makes them for runs that lack them, and anew.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from jsonargparse import ArgumentError, ArgumentParser
from PIL import Image
from rich.console import Console
from rich.table import Table

from rivalry.dissection.emergence import emergence_in, names_units
from rivalry.help_text import command_parser
from rivalry.lens.pictures import picture_of
from rivalry.lens.titled import titled
from rivalry.records import Record, find_records
from rivalry.training.run import RunFolder

EPILOGUE = """\
For every dissection of the run, and every epoch that has one, it leaves the record `emergence` in records/epoch=…/
(`NAME-emergence` for a dissection that is not called `neurons`): which concepts are new, which are lost, how many
labels stayed. The streams of concepts up to the last epoch are drawn into emergence.png beside them. What the numbers
mean is told in docs/emergence.md.

examples
  rivalry emergence runs/first                     every dissection of the run
  rivalry emergence runs/first --of neurons        one of them
  rivalry emergence runs/first --out elsewhere     leave the run as it is
"""


def emergence_from_arguments(arguments: Sequence[str]) -> list[Record]:
    """Parse the command's arguments, write the records and the pictures, and print what came and went.

    Returns:
        The records of the last epoch of each dissection.

    Raises:
        ValueError: Where there is no such run, or no dissection in it.
    """
    try:
        options = _parser().parse_args(list(arguments))
    except ArgumentError as error:
        raise ValueError(str(error)) from error
    run = RunFolder(Path(options.run))
    out = RunFolder(Path(options.out)) if options.out else run
    followed = {name: follow(run.records, name, out.records) for name in dissections_in(run.records, options.of)}
    console = Console()
    for name, records in followed.items():
        console.print(_table(name, records))
        picture = picture_of(records[-1])
        if picture is not None:
            path = out.root / f"{records[-1].name}.png"
            Image.fromarray(picture).save(path)
            console.print(f"  {path}  {records[-1].name}, as a picture", soft_wrap=True, highlight=False)
    return [records[-1] for records in followed.values()]


def follow(records: Path, dissection: str, out: Path) -> list[Record]:
    """Make the emergence of every epoch of a dissection, as a training does, and save it under ``out``."""
    epochs = [Record.load(folder, tables=()).epoch for folder in find_records(records, dissection)]
    found = [emergence_in(records, dissection, epoch) for epoch in epochs]
    for record in found:
        record.save(out)
    return found


def dissections_in(records: Path, wanted: str | None = None) -> list[str]:
    """Names of the analyses under ``records`` that name units, or the one that is wanted.

    Raises:
        ValueError: If there is none.
    """
    last = {folder.name: folder for folder in find_records(records)}
    there = sorted(name for name, folder in last.items() if names_units(Record.load(folder, tables=("units",))))
    if not there or (wanted is not None and wanted not in there):
        raise ValueError(
            f"no dissection {wanted!r} in {records}; there are {', '.join(there) or 'none'}"
            if wanted
            else f"no analysis in {records} names units; to follow labels takes a NeuronDissection"
        )
    return there if wanted is None else [wanted]


def _table(name: str, records: Sequence[Record]) -> Table:
    table = titled(f"What came and went ({name})", (), ("epoch", "concepts", "new", "lost", "labels unchanged"))
    for record in records:
        counts = [record.scalars[f"{kind}_concepts"] for kind in ("distinct", "new", "lost")]
        share = record.scalars["labels_unchanged"]
        said = "" if math.isnan(share) else f"{100 * share:.1f} %"
        table.add_row(str(record.epoch), *(f"{count:.0f}" for count in counts), said)
    return table


def _parser() -> ArgumentParser:
    parser = command_parser("emergence", __doc__, EPILOGUE)
    parser.add_argument("run", type=str, help="A run's folder.")
    parser.add_argument("--of", type=str | None, default=None, help="Name of one dissection; by default all.")
    parser.add_argument("--out", type=str | None, default=None, help="Folder to write to; by default the run's own.")
    return parser
