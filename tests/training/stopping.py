"""Callbacks that a YAML file can name: they end or spoil a training as the world does."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule, Trainer

from tests.recording.tiny import Tiles


class StopAt(Callback):
    """Somebody presses Ctrl-C before this step."""

    def __init__(self, step: int) -> None:
        self.step = step

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int) -> None:
        if trainer.global_step == self.step:
            raise KeyboardInterrupt


class Doze(Callback):
    """Every step takes some time."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int) -> None:
        time.sleep(self.seconds)


class SpoilAt(Callback):
    """A weight becomes NaN: before this step, or after it."""

    def __init__(self, step: int, *, after: bool = False) -> None:
        self.step, self.after = step, after

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int) -> None:
        if trainer.global_step == self.step and not self.after:
            self._spoil(pl_module)

    def on_train_batch_end(self, trainer: Trainer, pl_module: LightningModule, *_: Any) -> None:
        if trainer.global_step == self.step + 1 and self.after:
            self._spoil(pl_module)

    def _spoil(self, pl_module: LightningModule) -> None:
        with torch.no_grad():
            pl_module.get_parameter("network.fc.bias")[0] = float("nan")


class Rates(Callback):
    """Writes the rate and the size of the batch of every step into a file."""

    def __init__(self, file: str) -> None:
        self.file = file

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, *_: Any
    ) -> None:
        group = trainer.optimizers[0].param_groups[-1]
        with Path(self.file).open("a", encoding="utf-8") as out:
            out.write(f"{group['lr']} {group['weight_decay']} {len(batch['label'])}\n")


class ThreeClasses(Tiles):
    """Tiles whose classes are three."""

    def __init__(self, length: int = 7) -> None:
        super().__init__(length)
        self.classes = ("plain", "bright", "absent")
