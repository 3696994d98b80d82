"""Draws the pictures of prototypes in the docs from records, and prints the table of ``docs/naturalness.md``.

    python docs/prototypes_by_network.py runs/prototypes-*

Folders are what ``rivalry prototypes --out`` or ``rivalry analyze --out`` has left, called ``prototypes-PICTURES-…``.
Networks of the same pictures and kind share a panel of ``naturalness.png``; of the first network of each a sheet is
drawn, ``prototypes_PICTURES_KIND.png``. Whether units compete is read from the record.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from pathlib import Path
from statistics import mean
from typing import NamedTuple

from PIL import Image

from rivalry.lens.naturalness_by_network import Studied, naturalness_by_network
from rivalry.lens.network_kind import network_kind
from rivalry.lens.prototype_sheet import prototype_sheet
from rivalry.records import Record, find_records

PICTURES = {"picturebook": "PictureBook", "cifar": "CIFAR-10", "deit": "ImageNet, DeiT-tiny"}
SHOWN = {"picturebook": ("car", "bus", "house", "boat", "rocket", "balloon", "umbrella", "flower", "fish", "snail")}
"""Classes of a sheet; all where none are named."""


class Found(NamedTuple):
    """A record, and of which pictures it is."""

    record: Record
    pictures: str

    @property
    def network(self) -> str:
        """Pictures and kind."""
        kind = "" if self.pictures == "deit" else f", {network_kind(self.record)}"
        return PICTURES[self.pictures] + kind

    @property
    def sheet(self) -> str:
        """Name of the file of its sheet."""
        return "_".join(
            ["prototypes", *re.findall(r"[a-z0-9]+", f"{self.pictures} {network_kind(self.record)}".lower())]
        )


def read(folder: Path) -> Found:
    """A folder's last record of prototypes."""
    name = folder.absolute().name
    pictures = name.removeprefix("prototypes-").partition("-")[0]
    if pictures not in PICTURES or not name.startswith("prototypes-"):
        raise ValueError(f"{folder} does not say its pictures; wanted prototypes-{{{','.join(PICTURES)}}}-…")
    found = find_records(folder / "records", "prototypes")
    if not found:
        raise ValueError(f"{folder} has no record of Prototypes; rivalry prototypes makes one")
    return Found(Record.load(found[-1]), pictures)


def table(runs: Sequence[Found]) -> str:
    """A row a network."""
    lines = [
        "| network | targets | value, natural | value, prototype | value, plain | naturalness | plain | layers above |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for run in runs:
        rows = [row for row in run.record.tables["prototypes"].to_pylist() if row["value"] is not None]
        ours, plain = ([row for row in rows if row["method"] == method] for method in ("prototype", "fourier"))
        layers = run.record.tables["naturalness_layers"].to_pylist()
        above = [row["above"] > 0 for row in layers if row["method"] == "prototype" and row["above"] is not None]
        numbers = [
            *(mean(row["natural_value"] for row in ours), mean(row["value"] for row in ours)),
            mean(row["value"] for row in plain),
        ]
        scalars = [run.record.scalars[name] for name in ("naturalness", "naturalness_plain")]
        cells = [run.network, str(len(ours)), *(f"{number:.1f}" for number in numbers)]
        cells += [*(f"{number:.2f}" for number in scalars), f"{sum(above)} of {len(above)}"]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def main(folders: Sequence[str]) -> None:
    """Print the table and draw."""
    runs = [read(Path(folder)) for folder in folders]
    print(table(runs))
    out = Path(__file__).with_name("pictures")
    Image.fromarray(naturalness_by_network([Studied(run.record, run.network) for run in runs])).save(
        out / "naturalness.png"
    )
    for sheet in dict.fromkeys(run.sheet for run in runs):
        run = next(one for one in runs if one.sheet == sheet)
        shown = [f"class:{name}" for name in SHOWN.get(run.pictures, ())]
        picture = Image.fromarray(prototype_sheet(run.record, shown or None))
        picture.quantize(128).save(out / f"{sheet}.png", optimize=True)  # a third of the size


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", help="What has been left of each network.")
    main(parser.parse_args().folders)
