"""A run and its folder: ``runs/<name>/{config.yaml, checkpoints/, records/, wandb/, metrics.csv}``."""

from __future__ import annotations

import os
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Which = Literal["last", "best"]

_AGREED = "RIVALRY_RUN_NAME"
_SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.=-]{0,119}")


@dataclass(frozen=True)
class RunFolder:
    """Where a run leaves what it makes.

    Attributes:
        root: The run's own folder.
    """

    root: Path

    @property
    def name(self) -> str:
        """The run's name."""
        return self.root.name

    @property
    def checkpoints(self) -> Path:
        """Lightning's checkpoints."""
        return self.root / "checkpoints"

    def checkpoint(self, which: Which) -> Path | None:
        """The checkpoint of the last epoch or of the best one, if the run has it."""
        found = sorted(self.checkpoints.glob("last.ckpt" if which == "last" else "best-*.ckpt"))
        return found[-1] if found else None

    @property
    def records(self) -> Path:
        """Records of the analyses, by epoch."""
        return self.root / "records"

    @property
    def configuration(self) -> Path:
        """All settings of the run; ``rivalry fit --config`` runs it again."""
        return self.root / "config.yaml"

    @property
    def metrics(self) -> Path:
        """Scalars by step."""
        return self.root / "metrics.csv"


def open_run(runs: Path, name: str | None, *, resuming: bool, default: str = "run") -> RunFolder:
    """Name a run's folder, and refuse a name that another run has.

    Args:
        runs: Folder of all runs.
        name: The run's name; by default ``default`` and the time.
        resuming: Whether the run goes on from a checkpoint, so that its folder may be there.
        default: Beginning of the name where none is given.

    Raises:
        ValueError: If the name is no file name, is taken, or the folder cannot be written; if processes that were
            started side by side (torchrun, SLURM) have no name to agree on.
    """
    name = name or _name_by_time(default)
    if not _SAFE_NAME.fullmatch(name):
        nearest = re.sub(r"[^A-Za-z0-9_.=-]+", "-", name).lstrip("-_.=")[:120] or "run"
        raise ValueError(f"{name!r} cannot be the name of a run's folder; {nearest!r} would do")
    folder = RunFolder(runs / name)
    if has_begun(folder.root) and not resuming:
        raise ValueError(
            f"there is a run {name!r} in {runs}; go on with it by --ckpt_path=last, "
            f"or choose another name, such as {name}-2"
        )
    try:
        folder.root.mkdir(parents=True, exist_ok=True)
        (folder.root / ".writable").touch()
        (folder.root / ".writable").unlink()
    except OSError as error:
        raise ValueError(f"the run's folder {folder.root} cannot be written: {error.strerror}") from error
    return folder


def has_begun(root: Path) -> bool:
    """Whether a folder is that of a run that has something to lose: a start that failed leaves settings at most."""
    folder = RunFolder(root)
    return folder.checkpoints.is_dir() or folder.records.is_dir()


def id_in_sweep() -> str | None:
    """The id that the agent of a W&B sweep has given to the run that it starts; None outside sweeps."""
    return os.environ.get("WANDB_RUN_ID") if os.environ.get("WANDB_SWEEP_ID") else None


def name_in_sweep(name: str | None, default: str) -> str | None:
    """The name of a run, with its id in a sweep behind it: all runs of a sweep are started by the same command."""
    run = id_in_sweep()
    return f"{name or default}-{run}" if run else name


def _name_by_time(default: str) -> str:
    """A name that all ranks share: processes that Lightning starts inherit the first one's environment."""
    if _AGREED in os.environ and "LOCAL_RANK" in os.environ:
        return os.environ[_AGREED]
    if "LOCAL_RANK" in os.environ or int(os.environ.get("SLURM_NTASKS", "1")) > 1:
        raise ValueError(
            "processes that are started side by side must agree on the run's folder; give the run a --name"
        )
    os.environ[_AGREED] = f"{default}-{time.strftime('%Y%m%d-%H%M%S')}"
    return os.environ[_AGREED]
