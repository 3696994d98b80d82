"""Small runs by hand: a few units, two epochs, as records on disk."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from rivalry.records import Record

WEBP = b"RIFF\x1a\x00\x00\x00WEBPVP8L" + bytes(14)
PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)


def write_neurons(
    run: Path, epoch: int, labels: Sequence[str | None] = ("car", "boat", "car"), name: str = "neurons",
    **scalars: float,
) -> Path:  # fmt: skip
    """Units of one layer with labels."""
    rows = [
        {
            "layer": "layer4",
            "unit": unit,
            "label": label,
            "runner_up": "house",
            "margin": 0.5,
            "clarity": 0.9 - unit / 10,
        }
        for unit, label in enumerate(labels)
    ]
    told = {"units": float(len(labels)), "dead_units": 0.0, **scalars}
    return Record(name, epoch, 10 * epoch, told, {"units": pa.Table.from_pylist(rows)}).save(run / "records")


def write_profiles(run: Path, epoch: int, pictures: dict[int, bytes], name: str = "profiles") -> Path:
    """Pictures of a probe set; unit 0 of layer4 saw them all."""
    units = [{"layer": "layer4", "unit": 0, "edges": [0.0, 1.0], "counts": [3]}]
    samples = [{"layer": "layer4", "unit": 0, "kind": "top", "rank": rank, "index": index}
               for rank, index in enumerate(pictures)]  # fmt: skip
    shown = [{"index": index, "thumbnail": picture} for index, picture in pictures.items()]
    tables = {"units": units, "samples": samples, "pictures": shown}
    made = {name: pa.Table.from_pylist(rows) for name, rows in tables.items()}
    return Record(name, epoch, 0, {}, made, settings={"dataset": "abc"}).save(run / "records")


def write_scalars(run: Path, epoch: int, name: str, scalars: dict[str, float], **settings: Any) -> Path:
    """A record of single numbers, as an analysis of the user's own leaves it."""
    return Record(name, epoch, 0, scalars, settings=settings).save(run / "records")


def files_in(folder: Path) -> dict[str, bytes]:
    """All files of a site by address, but for what builds keep for themselves."""
    files = (file for file in sorted(folder.rglob("*")) if file.is_file() and not file.name.startswith("."))
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in files}
