"""What two networks are known by: a dissected checkpoint's folder, or a run's."""

from __future__ import annotations

from pathlib import Path

from rivalry.export.comparing.checkpoints import read_checkpoint
from rivalry.export.comparing.runs import read_run
from rivalry.export.comparing.sides import Side
from rivalry.export.folder.layout import CONFIGURATION
from rivalry.numerics.nearest import nearest


def read_side(folder: Path, of: str | None = None) -> Side:
    """Read what a folder knows of a network.

    Args:
        folder: Of a dissected checkpoint, or of a run.
        of: As :func:`rivalry.export.comparing.runs.read_run` takes it; a dissected checkpoint names every unit once.

    Raises:
        ValueError: If it is neither.
    """
    if not folder.is_dir():
        beside = [str(one) for one in folder.parent.iterdir() if one.is_dir()] if folder.parent.is_dir() else []
        raise ValueError(f"there is no folder {folder}; nearest: {nearest(str(folder), beside)}")
    if (folder / CONFIGURATION).is_file():
        return read_checkpoint(folder)
    if (folder / "records").is_dir():
        return read_run(folder, of)
    inside = [str(one.parent) for one in sorted(folder.glob("*/records")) if one.is_dir()]
    raise ValueError(
        f"{folder} is no dissected checkpoint (it holds no {CONFIGURATION}) and no run with records (no folder records)"
        + (f"; wanted is perhaps {' or '.join(inside[:3])}" if inside else "")
    )
