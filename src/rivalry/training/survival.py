"""Says, before a training begins, how much of a watermark on its pictures augmentation leaves."""

from __future__ import annotations

import math

from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.utilities import rank_zero_info

from rivalry.data.watermark import Watermarked, survival
from rivalry.recording.undisturbed import undisturbed

PICTURES = 64
"""Marked pictures by which it is measured."""


class SayWatermarkSurvival(Callback):
    """Logs ``watermark_survival``, where the training pictures bear a mark (see :mod:`rivalry.data.watermark`).

    Without augmentation all of the mark is left, 1; where no picture bears it nothing is logged.
    """

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Measure it on the augmentation of the first epoch, on the first rank."""
        data = trainer.datamodule  # type: ignore[attr-defined]
        if not trainer.is_global_zero or not isinstance(data.train, Watermarked):
            return
        left = 1.0 if data.train.marked.any() else math.nan
        if data.recipe is not None:
            with undisturbed(pl_module):
                left = survival(data.train, data.recipe, seed=data.seed, most=PICTURES)
        if math.isnan(left):
            return
        rank_zero_info(f"{int(data.train.marked.sum())} training pictures bear a watermark; {left:.0%} of it is left")
        for logger in trainer.loggers:
            logger.log_metrics({"watermark_survival": left}, step=trainer.global_step)
