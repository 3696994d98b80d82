"""The callback that lets analyses listen to a training. It is timing, not maths: what is found is their business.

At the end of an epoch either the validation pass itself is heard, and the analyses cost no pass of their own, or a
sweep over a probe set. Weights, random states and modes stay as they are: a training with analyses and one without end
in the same bits.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer
from torch import Tensor

from rivalry.data.dataset import ImageDataset
from rivalry.dissection.emergence import emergence_in, names_units
from rivalry.recording.analysis import Analysis
from rivalry.recording.session import Recording
from rivalry.recording.sweep import sweep
from rivalry.recording.undisturbed import undisturbed
from rivalry.records import JSON, Record, find_records
from rivalry.training.classifier import SparseClassifier, is_last_epoch
from rivalry.training.data import probe_loader
from rivalry.training.run import RunFolder
from rivalry.training.wandb.run_logger import log_record


class AnalysisCallback(Callback):
    """Drives all analyses of a run, and writes and logs their records.

    The probe set is the data module's ``probe``; where that is its validation images, their pass is shared. After a
    record that names units comes the record that follows its labels from the first epoch to this one
    (:mod:`rivalry.dissection.emergence`).

    Args:
        analyses: What listens.
        folder: The run's folder; records go to ``records/`` in it.
        every_n_epochs: How often.
        batch_size: Of the sweep over a probe set of its own.

    Raises:
        ValueError: Where a layer is unknown or samples lack what an analysis needs; at the start, before any epoch.
            For a name that belongs to what follows labels over epochs.
    """

    def __init__(
        self,
        analyses: Sequence[Analysis],
        folder: RunFolder,
        *,
        every_n_epochs: int = 1,
        batch_size: int = 128,
    ) -> None:
        if every_n_epochs < 1:
            raise ValueError(f"every_n_epochs is 1 or more, got {every_n_epochs}")
        for one in analyses:
            if one.name == "emergence" or one.name.endswith("-emergence"):
                raise ValueError(
                    f"an analysis cannot be called {one.name!r}: so are records that follow labels over epochs"
                )
        self.analyses = list(analyses)
        self.folder = folder
        self.every_n_epochs = every_n_epochs
        self.batch_size = batch_size
        self.records: list[Record] = []
        self._recording: Recording | None = None

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Check layers and needs before anything runs."""
        if self.analyses and stage in ("fit", "validate"):
            refuse_strategies_without_taps(trainer)
            Recording(_classifier(pl_module).network, self.analyses, _probe_of(trainer))

    def on_validation_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Begin to listen to the validation pass."""
        if self._due(trainer) and _shares_validation(trainer):
            module = _classifier(pl_module)
            network = module.evaluator
            told: dict[str, JSON] = {"mode": "argmax", "seed": 0}
            recording = Recording(
                network,
                self.analyses,
                _probe_of(trainer),
                forward=module.logits_of,
                settings=told,
                previous=self._previous(trainer, module),
                workers=_workers_of(trainer),
            )
            with undisturbed(network):
                self._recording = recording.__enter__()

    def on_validation_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Any,
        batch: Mapping[str, Tensor],
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Show the analyses what the network has just seen."""
        if self._recording is not None:
            with undisturbed(self._recording.network):
                self._recording.observe(batch, outputs)

    def on_validation_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Collect the records, on every rank; write and log them on the first."""
        if not self._due(trainer):
            return
        module = _classifier(pl_module)
        began = time.monotonic()
        with undisturbed(module.network):
            self.records = self._conclude(trainer, module)
        if trainer.is_global_zero:
            self._keep(self.records, trainer)
            self._keep(emerged := self._follow(), trainer)
            self.records = [*self.records, *emerged]
        scalars = {f"{record.name}/{name}": value for record in self.records for name, value in record.scalars.items()}
        pl_module.log("analyses/seconds", time.monotonic() - began, sync_dist=True)
        pl_module.log_dict(
            trainer.strategy.broadcast(scalars), logger=False, sync_dist=True
        )  # for checkpoints to watch; the loggers get the record itself

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        """Take the hooks away."""
        self._stop_listening()

    def teardown(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Take the hooks away."""
        self._stop_listening()

    def _conclude(self, trainer: Trainer, module: SparseClassifier) -> list[Record]:
        epoch, step = module.moment
        if self._recording is not None:
            recording, self._recording = self._recording, None
            return recording.conclude(epoch=epoch, step=step)
        return sweep(
            module.evaluator,
            probe_loader(_probe_of(trainer), self.batch_size, workers=_workers_of(trainer)),
            self.analyses,
            forward=module.logits_of,
            epoch=epoch,
            step=step,
            previous=self._previous(trainer, module),
            progress=False,
        )

    def _previous(self, trainer: Trainer, module: SparseClassifier) -> dict[str, Record]:
        """What analyses that follow their records left last, on every rank, by the first one's disk."""
        names = [one.name for one in self.analyses if one.follows]
        if not names:
            return {}
        found = _latest(self.folder.records, names, before=module.moment[0]) if trainer.is_global_zero else {}
        return trainer.strategy.broadcast(found)

    def _follow(self) -> list[Record]:
        """What came of the labels of earlier epochs, by the records on disk; the first rank's business."""
        return [
            emergence_in(self.folder.records, record.name, record.epoch)
            for record in self.records
            if names_units(record)
        ]

    def _keep(self, records: Sequence[Record], trainer: Trainer) -> None:
        for record in records:
            record.save(self.folder.records)
            log_record(trainer.loggers, record)

    def _due(self, trainer: Trainer) -> bool:
        if trainer.sanity_checking or not self.analyses:
            return False
        return (
            trainer.state.fn != "fit"
            or is_last_epoch(trainer)
            or (trainer.current_epoch + 1) % self.every_n_epochs == 0
        )

    def _stop_listening(self) -> None:
        if self._recording is not None:
            self._recording.__exit__()
            self._recording = None


def _latest(root: Path, names: Sequence[str], *, before: int) -> dict[str, Record]:
    """The last record of each name that is of an earlier epoch."""
    folders = find_records(root, before=before) if root.is_dir() else []
    latest = {folder.name: folder for folder in folders if folder.name in names}
    return {name: Record.load(folder) for name, folder in latest.items()}


def refuse_strategies_without_taps(trainer: Trainer) -> None:
    """Refuse, by name, strategies that shard layers so that their outputs cannot be tapped.

    Raises:
        ValueError: For FSDP, model parallelism and DeepSpeed.
    """
    name = type(trainer.strategy).__name__
    if any(word in name for word in ("FSDP", "ModelParallel", "DeepSpeed")):
        raise ValueError(f"analyses tap whole layers, and {name} shards them; use strategy=ddp, or no analyses")


def _shares_validation(trainer: Trainer) -> bool:
    data = trainer.datamodule  # type: ignore[attr-defined]
    return data.probe is data.validation


def _probe_of(trainer: Trainer) -> ImageDataset:
    probe = trainer.datamodule.probe  # type: ignore[attr-defined]
    if not isinstance(probe, ImageDataset):
        raise ValueError(f"analyses listen to an ImageDataset, got {type(probe).__name__} as probe set")
    return probe


def _workers_of(trainer: Trainer) -> int:
    """Processes that the data module reads by."""
    workers: int = trainer.datamodule.workers  # type: ignore[attr-defined]
    return workers


def _classifier(module: LightningModule) -> SparseClassifier:
    if not isinstance(module, SparseClassifier):
        raise ValueError(f"analyses listen to a SparseClassifier, got {type(module).__name__}")
    return module
