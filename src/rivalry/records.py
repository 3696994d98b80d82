"""A record: what one analysis found at one moment, as plain data, and the folder in which it lies.

Records are all that is logged, drawn, compared over epochs and shipped. One folder a record::

    <root>/epoch=0003/<name>/record.json      version, name, epoch, step, scalars, settings, list of files
                             <table>.parquet  one a table
                             <image>.png      one an image

Nothing is pickled. Numbers that JSON has no word for (NaN, ±∞) are written as the strings ``"NaN"``, ``"Infinity"`` and
``"-Infinity"`` among the scalars, where only numbers stand, and come back as they were.

Tables join by their keys: unit tables hold ``layer`` and ``unit``, image tables ``index``, class tables ``class``,
concept tables ``concept``.
"""

from __future__ import annotations

import json
import math
import re
import shutil
import tempfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

VERSION = 1
"""Version of the folder's layout; a reader refuses any other."""

JSON: TypeAlias = "bool | int | float | str | list[JSON] | dict[str, JSON] | None"
Picture: TypeAlias = npt.NDArray[np.uint8]

_SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,119}")
_EPOCH_FOLDER = re.compile(r"epoch=(\d{4,})")
_WORDS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


@dataclass(frozen=True)
class Record:
    """What one analysis found.

    Args:
        name: Name of the analysis, and of the record's folder.
        epoch: Epoch of training, 0 or more.
        step: Optimiser steps done, 0 or more.
        scalars: Single numbers by name; NaN and infinities are allowed.
        tables: Tables by name.
        images: Pictures by name, ``uint8`` (height, width, 3).
        settings: All that is needed to repeat it, as JSON values (no NaN; tuples come back as lists).

    Raises:
        ValueError: Where a name cannot be a file's, a count is negative, a picture has another form, or the settings
            are no JSON.
    """

    name: str
    epoch: int
    step: int
    scalars: dict[str, float] = field(default_factory=dict)
    tables: dict[str, pa.Table] = field(default_factory=dict)
    images: dict[str, Picture] = field(default_factory=dict)
    settings: dict[str, JSON] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in (self.name, *self.tables, *self.images):
            check_record_name(name)
        if self.epoch < 0 or self.step < 0:
            raise ValueError(f"epoch and step are 0 or more, got epoch={self.epoch}, step={self.step}")
        for name, image in self.images.items():
            if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or not image.size:
                raise ValueError(f"image {name!r} must be uint8 (height, width, 3), got {image.dtype} {image.shape}")
        try:
            json.dumps(self.settings, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise ValueError(f"settings of record {self.name!r} are no JSON: {error}") from error

    def save(self, root: Path) -> Path:
        """Write the record under ``root`` and return its folder, replacing an older one of the same name and epoch.

        The folder is filled beside its place and then renamed, so a reader never meets half a record; where an older
        one is replaced there is, for an instant, none.
        """
        folder = root / f"epoch={self.epoch:04d}" / self.name
        folder.parent.mkdir(parents=True, exist_ok=True)
        workplace = Path(tempfile.mkdtemp(prefix=f".{self.name}-", dir=folder.parent))
        try:
            draft = workplace / "new"
            draft.mkdir()
            self._write(draft)
            if folder.exists():
                folder.rename(workplace / "old")
            draft.rename(folder)
        finally:
            shutil.rmtree(workplace, ignore_errors=True)
        return folder

    @classmethod
    def load(cls, folder: Path, *, tables: Collection[str] | None = None) -> Record:
        """Read a record back.

        Args:
            folder: Where :meth:`save` has put it.
            tables: Read only those of these tables that it has, and no pictures; all of both by default.

        Raises:
            ValueError: If the folder holds no record, one of an unknown version, or one that lacks a file.
        """
        header = read_header(folder)
        files = header["files"]
        listed = [*files["tables"].values(), *files["images"].values()]
        for file in listed:
            check_record_name(file)
        missing = [file for file in listed if not (folder / file).is_file()]
        if missing:
            raise ValueError(f"the record in {folder} lacks {', '.join(missing)}; it was not copied whole")
        return cls(
            name=header["name"],
            epoch=header["epoch"],
            step=header["step"],
            scalars={name: _number(value) for name, value in header["scalars"].items()},
            tables={
                name: pq.read_table(folder / file)
                for name, file in files["tables"].items()
                if tables is None or name in tables
            },
            images={name: _read_image(folder / file) for name, file in files["images"].items() if tables is None},
            settings=header["settings"],
        )

    def _write(self, folder: Path) -> None:
        tables = {name: f"{name}.parquet" for name in self.tables}
        images = {name: f"{name}.png" for name in self.images}
        for name, table in self.tables.items():
            pq.write_table(table, folder / tables[name], compression="zstd")
        for name, image in self.images.items():
            Image.fromarray(image).save(folder / images[name])
        header = {
            "version": VERSION,
            "name": self.name,
            "epoch": self.epoch,
            "step": self.step,
            "scalars": {name: _jsonable(value) for name, value in self.scalars.items()},
            "settings": self.settings,
            "files": {"tables": tables, "images": images},
        }
        (folder / "record.json").write_text(json.dumps(header, indent=2, allow_nan=False) + "\n", encoding="utf-8")


def find_records(root: Path, name: str | None = None, *, before: int | None = None) -> list[Path]:
    """Find the folders of records under ``root``, by epoch and then by name.

    Args:
        root: The folder that was given to :meth:`Record.save`.
        name: Only the records of this analysis; all by default.
        before: Only records of earlier epochs than this one.

    Raises:
        ValueError: If there is no such folder.
    """
    if not root.is_dir():
        raise ValueError(f"no folder of records at {root}")
    epochs = {folder: int(match[1]) for folder in root.iterdir() if (match := _EPOCH_FOLDER.fullmatch(folder.name))}
    return [
        file.parent
        for folder in sorted(epochs, key=lambda epoch: epochs[epoch])
        if before is None or epochs[folder] < before
        for file in sorted(folder.glob("[!.]*/record.json"))
        if name is None or file.parent.name == name
    ]


def read_header(folder: Path) -> Mapping[str, Any]:
    """What a record says of itself in its ``record.json``.

    Raises:
        ValueError: If the folder holds no record, or one of an unknown version.
    """
    file = folder / "record.json"
    if not file.is_file():
        raise ValueError(f"no record in {folder}: it holds no record.json")
    header: Mapping[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    if header.get("version") != VERSION:
        raise ValueError(
            f"the record in {folder} has version {header.get('version')!r}, this Rivalry reads version {VERSION}"
        )
    return header


def check_record_name(name: str) -> None:
    """Refuse what cannot be the name of a record, or of a file in its folder.

    Raises:
        ValueError: Naming a name that would do.

    >>> check_record_name("detectors_2020")
    """
    if not _SAFE_NAME.fullmatch(name):
        nearest = re.sub(r"[^A-Za-z0-9_.-]+", "_", name).lstrip("_.-")[:120] or "record"
        raise ValueError(
            f"{name!r} cannot be the name of a file: wanted 1 to 120 letters, digits, '_', '-' or '.', the first "
            f"a letter or digit; {nearest!r} would do"
        )


def _jsonable(value: float) -> float | str:
    number = float(value)
    if math.isfinite(number):
        return number
    return "NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity"


def _number(value: float | str) -> float:
    return _WORDS[value] if isinstance(value, str) else float(value)


def _read_image(file: Path) -> Picture:
    with Image.open(file) as image:
        return np.asarray(image.convert("RGB"))
