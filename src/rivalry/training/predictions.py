"""``predictions.csv``: what ``rivalry predict`` leaves in the run's folder, one row an image."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch.distributed
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.utilities import rank_zero_info
from torch import Tensor

from rivalry.recording.ranks import rank_and_world
from rivalry.training.run import RunFolder


class KeepPredictions(Callback):
    """Writes index, predicted class and its probability of every image, by index, once for all ranks.

    Args:
        folder: The run's folder.
    """

    def __init__(self, folder: RunFolder) -> None:
        self.folder = folder
        self._found: dict[int, tuple[int, float]] = {}

    def on_predict_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Forget an earlier pass."""
        self._found = {}

    def on_predict_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Mapping[str, Tensor],
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Keep a batch; images that pad a rank's share are known by their index."""
        columns = (outputs[name].tolist() for name in ("index", "predicted", "probability"))
        for index, predicted, probability in zip(*columns, strict=True):
            self._found[index] = (predicted, probability)

    def on_predict_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Collect all ranks' rows, and write them on the first."""
        rank, world = rank_and_world()
        if world > 1:
            parts: list[dict[int, tuple[int, float]]] = [{} for _ in range(world)]
            torch.distributed.all_gather_object(parts, self._found)
            self._found = {index: row for part in parts for index, row in part.items()}
        if rank == 0:
            file = self.folder.root / "predictions.csv"
            _write(file, self._found, trainer.datamodule.classes)  # type: ignore[attr-defined]
            rank_zero_info(f"{file}: the predicted classes of {len(self._found)} images")


def _write(file: Path, found: Mapping[int, tuple[int, float]], classes: tuple[str, ...]) -> None:
    draft = file.with_suffix(".csv.new")
    with draft.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(["index", "class", "probability"])
        for index in sorted(found):
            predicted, probability = found[index]
            writer.writerow([index, classes[predicted], f"{probability:.6f}"])
    draft.replace(file)
