"""``SHA256SUMS``: the sum of every other file, in GNU's form, so that ``sha256sum -c SHA256SUMS`` checks a folder."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path, PurePosixPath

from rivalry.export.folder.layout import LEFT_BESIDE, SUMS

_LINE = re.compile(r"([0-9a-f]{64})  (.+)")


def sum_of(file: Path) -> str:
    """SHA-256 of a file's bytes, as 64 hex digits."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def files_of(folder: Path) -> list[str]:
    """All files below a folder but its sums and what git left there, seen from it, with slashes, sorted."""
    names = (path.relative_to(folder) for path in folder.rglob("*") if not path.is_dir() and path != folder / SUMS)
    return sorted(name.as_posix() for name in names if name.parts[0] not in LEFT_BESIDE)


def write_sums(folder: Path) -> None:
    """Write the sums of all files of a folder into it."""
    lines = [f"{sum_of(folder / name)}  {name}\n" for name in files_of(folder)]
    (folder / SUMS).write_text("".join(lines), encoding="utf-8", newline="\n")


def read_sums(text: str) -> dict[str, str]:
    """The sums by name of file, from the text of ``SHA256SUMS``.

    Raises:
        ValueError: For a line of another form, a name that leads out of the folder, or one that stands there twice.

    >>> read_sums("0" * 64 + "  config.json")
    {'config.json': '0000000000000000000000000000000000000000000000000000000000000000'}
    """
    sums: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        match = _LINE.fullmatch(line)
        if not match:
            raise ValueError(f"{SUMS}, line {number}: wanted 64 hex digits, two spaces and a file; given {line[:80]!r}")
        name = PurePosixPath(match[2])
        if name.is_absolute() or ".." in name.parts or "\\" in match[2] or str(name) != match[2] or match[2] == SUMS:
            raise ValueError(f"{SUMS}, line {number}: {match[2][:80]!r} is no file of the folder")
        if match[2] in sums:
            raise ValueError(f"{SUMS}, line {number}: {match[2][:80]!r} stands there twice")
        sums[match[2]] = match[1]
    return sums


def check_sums(folder: Path) -> None:
    """Refuse a folder whose files are not, to the last one and bit by bit, those of its sums.

    Raises:
        ValueError: Naming a file that is missing, that is not listed, or that was changed.
    """
    if not (folder / SUMS).is_file():
        raise ValueError(f"{folder} has no {SUMS}: it is no dissected checkpoint, or not copied whole")
    sums = read_sums((folder / SUMS).read_text(encoding="utf-8"))
    there = set(files_of(folder))
    if missing := sorted(sums.keys() - there):
        raise ValueError(f"{folder} lacks {_named(missing)}, which {SUMS} lists; it was not copied whole")
    if strange := sorted(there - sums.keys()):
        raise ValueError(f"{folder} holds {_named(strange)}, which {SUMS} does not list")
    for name, wanted in sums.items():
        if sum_of(folder / name) != wanted:
            raise ValueError(
                f"{name!r} in {folder} is not the file that was exported: its sum is another than in {SUMS}"
            )


def _named(files: list[str]) -> str:
    """Some of them, quoted: a stranger's file may be called by what terminals obey."""
    return ", ".join(map(repr, files[:3]))
