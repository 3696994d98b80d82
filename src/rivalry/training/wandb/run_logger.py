"""The logger of a run: all that W&B gets goes through it, drawn over epochs."""

from __future__ import annotations

import math
import os
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, final

from lightning.pytorch.loggers import Logger, WandbLogger
from lightning.pytorch.utilities import rank_zero_info, rank_zero_only

from rivalry.records import Record
from rivalry.training.run import RunFolder, id_in_sweep
from rivalry.training.wandb.ledger import Ledger
from rivalry.training.wandb.login import Place, check_login, logged_in
from rivalry.training.wandb.record_event import event_of

BEST = ("val/top1", "val/best_top1")
"""A metric, and the name in the run's summary of the best that it was; the metric's own is its last."""

_STEP = "trainer/global_step"
_TIMES = ("analyses/seconds",)  # never the same twice


def logger_for(folder: RunFolder, mode: Place, project: str = "rivalry") -> WandbLogger | None:
    """A logger that keeps everything it writes inside the run's folder.

    Args:
        folder: The run's folder. The run's id is kept in it, so that a resumed run goes on as the same.
        mode: ``auto`` is online where the user has logged in, else offline; ``off`` is none.
        project: W&B's project.

    Raises:
        ValueError: If the run is to be online and the user has not logged in.
    """
    if mode == "off":
        return None
    check_login(mode)
    offline = mode == "offline" or (mode == "auto" and not logged_in())
    if offline and mode == "auto":
        rank_zero_info("W&B: no login found, so the run is recorded offline; `wandb login` and `wandb sync` send it.")
    return RunLogger(folder, project, offline=offline)


def log_record(loggers: Sequence[Logger], record: Record) -> None:
    """Log a record's scalars to every logger; to W&B with a table and pictures, as one event."""
    step = max(record.step - 1, 0)  # Lightning counts steps from zero where it logs
    for logger in loggers:
        if isinstance(logger, RunLogger):
            logger.log_record(record, step)
        elif isinstance(logger, WandbLogger):
            logger.experiment.log({**event_of(record), _STEP: step})
        else:
            scalars = {f"{record.name}/{name}": value for name, value in record.scalars.items()}
            logger.log_metrics({**scalars, "epoch": record.epoch}, step=step)


@final
class RunLogger(WandbLogger):
    """Lightning's logger, which tells W&B nothing twice, however often the run is stopped and goes on.

    Names before the first ``/`` are sections. Their axis is the epoch; that of ``train`` is the optimiser's steps.

    Args:
        folder: The run's folder.
        project: W&B's project.
        offline: Whether all stays in the folder.
    """

    def __init__(self, folder: RunFolder, project: str, *, offline: bool) -> None:
        place = folder.root / "wandb"
        place.mkdir(parents=True, exist_ok=True)
        inside = str(place.resolve())
        os.environ.update(WANDB_DATA_DIR=inside, WANDB_CACHE_DIR=inside, WANDB_SILENT="true")
        super().__init__(name=folder.name, save_dir=folder.root, project=project, offline=offline, id=_run_id(place))
        self._wandb_init.pop("anonymous", None)  # W&B warns of this option, which Lightning always gives
        self._ledger = Ledger(place / "told.jsonl")
        self._sections: set[str] = set()
        self._has_said = False

    @rank_zero_only
    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Log what is new of these; what is known of ``epoch`` at this step is left out."""
        if "epoch" not in metrics or step is None:
            super().log_metrics(metrics, step)
            return
        epoch = int(metrics["epoch"])
        named = {name: float(value) for name, value in metrics.items() if name != "epoch"}
        told = {name for name in named if self._ledger.told(name, epoch, step)}
        self._say_if_another({name: named[name] for name in told}, epoch)
        new = {name: value for name, value in named.items() if name not in told}
        if not new:
            return
        self._draw_axes(new)
        super().log_metrics({**new, "epoch": epoch}, step)
        self._ledger.add(epoch, step, new)
        metric, best = BEST
        if metric in new and self._ledger.values(metric):
            self.experiment.summary[best] = max(self._ledger.values(metric))

    @rank_zero_only
    def log_record(self, record: Record, step: int) -> None:
        """Log a record as one event, unless it is known."""
        scalars = {f"{record.name}/{name}": float(value) for name, value in record.scalars.items()}
        itself = f"{record.name}/"  # a record may have no scalar
        if self._ledger.told(itself, record.epoch, step):
            known = {name: value for name, value in scalars.items() if self._ledger.told(name, record.epoch, step)}
            self._say_if_another(known, record.epoch)
            return
        event = event_of(record)
        self._draw_axes(event)
        self.experiment.log({**event, _STEP: step})
        self._ledger.add(record.epoch, step, {itself: math.nan, **scalars})

    def _draw_axes(self, names: Mapping[str, Any]) -> None:
        """Say what sections are drawn over. Lightning's ``*`` matches no name with a ``/`` in it."""
        run = self.experiment
        if not self._sections:
            run.define_metric("epoch")
        for section in dict.fromkeys(name.partition("/")[0] for name in names if "/" in name):
            if section not in self._sections and section != "trainer":
                run.define_metric(f"{section}/*", step_metric=_STEP if section == "train" else "epoch")
            self._sections.add(section)

    def _say_if_another(self, values: Mapping[str, float], epoch: int) -> None:
        """Say once that W&B holds other values than were found now."""
        others = [name for name, value in values.items() if self._ledger.differs(name, epoch, value)]
        names = [name for name in others if name not in _TIMES]
        if names and not self._has_said:
            self._has_said = True
            rank_zero_info(
                f"W&B: {names[0]} of epoch {epoch} was logged before, as another value. W&B takes nothing back and "
                "keeps the earlier ones; metrics.csv and records/ hold the later ones."
            )


def _run_id(place: Path) -> str:
    """The run's id in W&B, made once: by the agent of a sweep, or here, by whichever rank comes first."""
    kept = place / "run-id.txt"
    if not kept.exists():
        draft = place / f".run-id-{uuid.uuid4().hex}"
        draft.write_text((id_in_sweep() or uuid.uuid4().hex[:12]) + "\n", encoding="utf-8")
        with suppress(FileExistsError):
            os.link(draft, kept)
        draft.unlink()
    return kept.read_text(encoding="utf-8").strip()
