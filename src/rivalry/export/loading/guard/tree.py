"""The files of a folder: real ones, of the kinds that a dissected checkpoint has, and not too many."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from rivalry.export.folder.layout import LEFT_BESIDE, NEEDED, NETWORK_FOR_ONNX, SUMS, WEIGHTS

MOST_FILES = 100_000
"""Files in a folder."""

_KINDS = {".json", ".md", ".parquet", ".png"}
_NAMES = {WEIGHTS, NETWORK_FOR_ONNX, SUMS}


def check_tree(folder: Path) -> None:
    """Refuse a folder with links, devices, or files of other kinds than a dissected checkpoint's.

    What git and the hub's downloader leave beside (``LEFT_BESIDE``) is left alone: nothing reads it.

    Raises:
        ValueError: Naming the first file that will not do, or one that is missing.
    """
    if not folder.is_dir():
        raise ValueError(f"there is no folder {folder}; wanted a dissected checkpoint, as rivalry export writes it")
    seen = 0
    for place, folders, files in os.walk(folder):
        if Path(place) == folder:  # neither looked into nor looked at
            folders[:], files = ([one for one in names if one not in LEFT_BESIDE] for names in (folders, files))
        for name in sorted([*folders, *files]):
            seen += 1
            _check_file(Path(place) / name, folder)
        if seen > MOST_FILES:
            raise ValueError(f"{folder} holds more than {MOST_FILES} files; a dissected checkpoint has fewer")
    if missing := [name for name in NEEDED if not (folder / name).is_file()]:
        raise ValueError(f"{folder} lacks {', '.join(missing)}: it is no dissected checkpoint, or was not copied whole")


def _check_file(path: Path, folder: Path) -> None:
    mode = path.lstat().st_mode
    if stat.S_ISDIR(mode):
        return
    name = path.relative_to(folder).as_posix()
    if stat.S_ISLNK(mode):
        raise ValueError(f"{name!r} in {folder} is a link to another place; a dissected checkpoint holds its own files")
    if not stat.S_ISREG(mode):
        raise ValueError(f"{name!r} in {folder} is no plain file")
    if path.suffix not in _KINDS and name not in _NAMES:
        kinds = ", ".join(sorted(_KINDS | _NAMES))
        raise ValueError(f"{name!r} in {folder} is of a kind that no dissected checkpoint has; known are {kinds}")
