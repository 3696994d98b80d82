"""A training whose loss is no number any more stops, and no checkpoint keeps its weights.

On the CPU every loss is looked at. On an accelerator that would make every step wait for the device, so the first bad
step is noted there, and looked up now and then, before every evaluation and before every checkpoint.
"""

from __future__ import annotations

import math
from pathlib import Path

import torch
from lightning.pytorch import Trainer
from lightning.pytorch.callbacks import ModelCheckpoint
from torch import Tensor, nn

STEPS_BETWEEN_LOOKS = 50


class LossWatch:
    """Notes the first step whose loss is NaN or infinite."""

    def __init__(self) -> None:
        self._first_bad: Tensor | None = None

    def note(self, loss: Tensor, trainer: Trainer) -> None:
        """Take in the loss of the step that is under way.

        Raises:
            ValueError: If a loss was no number, naming its step and the last good checkpoint.
        """
        step = trainer.global_step
        if loss.device.type == "cpu":
            if not math.isfinite(loss.detach()):
                raise stopped(trainer, step, f"the loss is {float(loss.detach())}")
            return
        bad = torch.where(loss.detach().isfinite(), -1, step)
        before = bad if self._first_bad is None else self._first_bad
        self._first_bad = torch.where(before < 0, bad, before)
        if step % STEPS_BETWEEN_LOOKS == 0:
            self.look(trainer)

    def look(self, trainer: Trainer) -> None:
        """Raise the error of :meth:`note` if any loss so far was no number."""
        step = -1 if self._first_bad is None else int(self._first_bad)
        if step >= 0:
            raise stopped(trainer, step, "the loss is NaN or infinite")


def refuse_lost_weights(network: nn.Module, trainer: Trainer) -> None:
    """Raise a ``ValueError`` if a weight is NaN or infinite: neither evaluate nor keep such a network."""
    named = list(network.named_parameters())
    finite = torch.stack([parameter.detach().isfinite().all() for _, parameter in named])
    if not finite.all():
        name = named[int(finite.logical_not().nonzero()[0, 0])][0]
        raise stopped(trainer, trainer.global_step, f"weights of {name} are NaN or infinite")


def stopped(trainer: Trainer, step: int, why: str) -> ValueError:
    """The error that ends a training, with what is left of it."""
    kept = _last_checkpoint(trainer)
    left = f"the last good checkpoint is {kept}" if kept else "there is no checkpoint yet"
    return ValueError(
        f"the training stops at step {step}, in epoch {trainer.current_epoch}: {why}; {left}. A smaller rate, a "
        "warm-up or --trainer.gradient_clip_val may help"
    )


def _last_checkpoint(trainer: Trainer) -> Path | None:
    callbacks = [one for one in trainer.checkpoint_callbacks if isinstance(one, ModelCheckpoint)]
    files = [Path(one.best_model_path) for one in callbacks if one.best_model_path]
    return max((file for file in files if file.is_file()), key=lambda file: file.stat().st_mtime, default=None)
