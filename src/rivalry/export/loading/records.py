"""The records of a dissected checkpoint by name, each read when it is first asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from rivalry.export.folder import StoredRecord
from rivalry.export.folder.plain import entry, mapping, text
from rivalry.export.loading.guard.documents import read_json
from rivalry.export.loading.guard.images import read_png
from rivalry.export.loading.guard.tables import read_table
from rivalry.numerics.nearest import nearest
from rivalry.records import Record


class StoredRecords(Mapping[str, Record]):
    """The last record of every analysis.

    Args:
        folder: The checkpoint's.
        stored: What lies in it.

    Raises:
        ValueError: If one of them does not lie in it. When one is asked for: if a file of it is too large or damaged.
        KeyError: When one is asked for that is not there, with the nearest names.
    """

    def __init__(self, folder: Path, stored: tuple[StoredRecord, ...]) -> None:
        self._folders: dict[str, Path] = {}
        self._read: dict[str, Record] = {}
        for record in sorted(stored, key=lambda one: one.epoch):
            self._folders[record.name] = folder / record.path
            _check_there(self._folders[record.name])

    def __getitem__(self, name: str) -> Record:
        if name not in self._folders:
            raise KeyError(f"no record is called {name!r}; the nearest are {nearest(name, self._folders)}")
        if name not in self._read:
            self._read[name] = _read_record(self._folders[name])
        return self._read[name]

    def __contains__(self, name: object) -> bool:
        return name in self._folders

    def __iter__(self) -> Iterator[str]:
        return iter(self._folders)

    def __len__(self) -> int:
        return len(self._folders)


def _check_there(folder: Path) -> None:
    if not (folder / "record.json").is_file():
        raise ValueError(f"config.json speaks of a record in {folder}, and there is no record.json")


def _read_record(folder: Path) -> Record:
    _check_there(folder)
    tables, images = _files(folder, "tables", ".parquet"), _files(folder, "images", ".png")
    try:
        header = Record.load(folder, tables=())
    except (AttributeError, LookupError, TypeError) as error:
        raise ValueError(f"the record in {folder} is not as one is written: {error!r}") from error
    return replace(
        header,
        tables={name: read_table(file) for name, file in tables.items()},
        images={name: read_png(file) for name, file in images.items()},
    )


def _files(folder: Path, kind: str, ending: str) -> dict[str, Path]:
    """The files of a kind that a record lists, each with the ending that this kind has."""
    place = str(folder / "record.json")
    listed = mapping(entry(mapping(read_json(folder / "record.json"), place), "files", place), f"{place}: files")
    files = mapping(entry(listed, kind, f"{place}: files"), f"{place}: files.{kind}")
    for name, file in files.items():
        if not text(file, f"{place}: files.{kind}[{name!r}]").endswith(ending):
            raise ValueError(f"{place}: {kind} lie in files that end in {ending!r}; given {file[:80]!r}")
    return {name: folder / file for name, file in files.items()}
