"""Where Rivalry keeps what it can make again: drawn pictures, features of images and texts, compiled code.

One folder a user, chosen by the environment variable ``RIVALRY_CACHE`` and else ``~/.cache/rivalry``. Everything in
it may be deleted at any time; it is made again when it is next needed.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


def cache_folder(part: str = "") -> Path:
    """Return the user's cache folder, or the folder of one part of it, making it where it is not there yet.

    Args:
        part: Name of the part, such as ``"picturebook"``; empty for the whole cache.

    Raises:
        ValueError: Where ``part`` is no plain folder name and would lead out of the cache.
    """
    if part and (Path(part).name != part or part == ".."):
        raise ValueError(f"a part of the cache is one plain folder name, such as 'clip'; given {part!r}")
    chosen = os.environ.get("RIVALRY_CACHE")
    root = Path(chosen).expanduser() if chosen else Path.home() / ".cache" / "rivalry"
    folder = root / part
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def written_file(file: Path) -> Iterator[IO[bytes]]:
    """Fill a file so that others see it either whole or not at all; one that is there already is replaced.

    Gives a file beside the wanted one and renames it when the block ends. After an exception nothing is left.

    Args:
        file: The file that shall exist afterwards; its parent must exist.

    Yields:
        The file to write into, opened for bytes.
    """
    handle, draft = tempfile.mkstemp(prefix=f".{file.stem}-", dir=file.parent)
    try:
        with os.fdopen(handle, "wb") as opened:
            yield opened
        Path(draft).replace(file)
    finally:
        Path(draft).unlink(missing_ok=True)


@contextmanager
def written_whole(folder: Path) -> Iterator[Path]:
    """Fill a folder so that others see it either whole or not at all.

    Gives an empty folder beside the wanted one and renames it when the block ends. Where another process was quicker,
    its folder stays and ours is dropped: both wrote the same. After an exception nothing is left.

    Args:
        folder: The folder that shall exist afterwards; its parent must exist.

    Yields:
        The folder to write into.
    """
    draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        yield draft
        try:
            draft.rename(folder)
        except OSError:
            if not folder.is_dir():
                raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)
