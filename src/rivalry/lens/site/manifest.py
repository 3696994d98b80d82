"""What a build leaves behind for the next: of every job what it was made from, and which files it left.

It lies in the site's folder as ``.lens.json``, and is what tells such a folder from any other.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

FILE = ".lens.json"


@dataclass(frozen=True)
class Done:
    """A job that was run.

    Attributes:
        inputs: Digest of what it was made from; empty where it has failed, or was not finished.
        files: What it left, by address.
    """

    inputs: str
    files: list[str]


def read_manifest(out: Path) -> dict[str, Done]:
    """What earlier builds have left in a site's folder; nothing, where it is new or its manifest is broken.

    Raises:
        ValueError: If there are files that no build has left, or it is no folder.
    """
    if (out / FILE).is_file():
        try:
            return _done(json.loads((out / FILE).read_text(encoding="utf-8")))
        except (ValueError, TypeError, KeyError, AttributeError):
            return {}  # all is made anew
    if out.is_dir() and any(out.iterdir()):
        raise ValueError(f"{out} holds files that are no site of Rivalry; name an empty folder, such as {out / 'lens'}")
    if out.exists() and not out.is_dir():
        raise ValueError(f"{out} is a file; wanted a folder for the site, such as {out.with_name('lens')}")
    return {}


def write_manifest(out: Path, done: Mapping[str, Done]) -> None:
    """Write it in one go: it is the old one or the new one, never a part."""
    write_file(out / FILE, json.dumps({name: asdict(one) for name, one in done.items()}).encode())


def write_file(place: Path, content: bytes) -> None:
    """Put a file in its place in one go; several processes may do so at once."""
    place.parent.mkdir(parents=True, exist_ok=True)
    draft = place.with_name(f".{os.getpid()}.new")  # one process writes one file at a time
    draft.write_bytes(content)
    draft.replace(place)


def is_whole(out: Path, done: Done) -> bool:
    """Whether all files of a job are still there."""
    return all((out / file).is_file() for file in done.files)


def forget(out: Path, stale: Iterable[str]) -> None:
    """Take files away, and folders that nothing is left in."""
    folders = set()
    for file in stale:
        (out / file).unlink(missing_ok=True)
        folders |= {folder for folder in (out / file).parents if out in folder.parents}
    for folder in sorted(folders, key=lambda one: -len(one.parts)):
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


def is_outside(file: str) -> bool:
    """Whether an address may lie outside of the site's folder."""
    return not file or file.startswith("/") or "\\" in file or ":" in file or ".." in file.split("/")


def _done(kept: Mapping[str, Any]) -> dict[str, Done]:
    """What a manifest tells; of files outside the site's folder it may tell nothing."""
    told = {name: Done(str(one["inputs"]), [str(file) for file in one["files"]]) for name, one in kept.items()}
    if any(is_outside(file) for one in told.values() for file in one.files):
        raise ValueError("a file outside")
    return told
