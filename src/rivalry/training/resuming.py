"""What may change when a run goes on, and what may not: rates and data may, the network and its optimiser may not."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.utilities import rank_zero_info
from torch import nn

from rivalry.training.metrics_table import MetricsTable
from rivalry.training.run import RunFolder
from rivalry.training.settings import Backbone, Optimisation

REMEMBERED = ("optimiser", "layer_decay", "freeze")
"""Settings of the optimisation that the state of the optimiser depends on."""

_STRUCTURAL = ("name", "competitors", "where")
_EPOCH = re.compile(r"epoch=(\d+)")


def refuse_another_network(checkpoint: Mapping[str, Any], module: nn.Module, backbone: Backbone, classes: int) -> None:
    """Raise a ``ValueError`` that names how the checkpoint's network differs from the one that was asked for."""
    stored: Mapping[str, Any] = checkpoint.get("hyper_parameters", {})
    then, now = stored.get("backbone", {}), asdict(backbone)
    differences = [
        f"backbone.{key} is {then[key]!r} there and {now[key]!r} here"
        for key in _STRUCTURAL
        if key in then and _plain(then[key]) != _plain(now[key])
    ]
    if stored.get("num_classes", classes) != classes:
        differences.append(f"it has {stored['num_classes']} classes there and {classes} here")
    if not differences:
        differences = _unlike(checkpoint["state_dict"], module.state_dict())
    if differences:
        raise ValueError(
            f"the checkpoint is of another network: {', '.join(differences)}. Give the settings of its own run "
            "(--config runs/NAME/config.yaml), or begin a new run from its weights (--model.backbone.weights FILE)"
        )


def remembered(chosen: Optimisation) -> dict[str, Any]:
    """What a checkpoint keeps of the settings of the optimisation."""
    return {key: getattr(chosen, key) for key in REMEMBERED}


def refuse_another_optimiser(checkpoint: Mapping[str, Any], chosen: Optimisation) -> None:
    """Raise a ``ValueError`` where the optimiser's state in the checkpoint is another optimiser's."""
    then, now = checkpoint.get("optimisation", {}), remembered(chosen)
    different = [f"{key} is {then[key]!r} there and {now[key]!r} here" for key in then if then[key] != now[key]]
    if different:
        raise ValueError(
            f"the checkpoint's optimiser cannot go on: optimisation.{', optimisation.'.join(different)}. The rate, "
            "schedule and weight decay may change; for the rest begin a new run from its weights "
            "(--model.backbone.weights FILE)"
        )


class GoOn(Callback):
    """Where a run goes on from an epoch, nothing stays of later ones: they are made anew.

    Args:
        folder: The run's folder.
    """

    def __init__(self, folder: RunFolder) -> None:
        self.folder = folder

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Remove records and rows that come after the checkpoint."""
        if trainer.ckpt_path and trainer.is_global_zero:
            forget_records_from(self.folder, trainer.current_epoch)
            for logger in trainer.loggers:
                if isinstance(logger, MetricsTable):
                    logger.forget_from(trainer.global_step)

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        """Say how a run that was stopped from outside goes on."""
        if isinstance(exception, KeyboardInterrupt | SystemExit):
            kept = self.folder.checkpoint("last")
            rank_zero_info(
                f"Stopped in epoch {trainer.current_epoch}; go on after the last whole one by: rivalry fit --config "
                f"{self.folder.configuration} --ckpt_path last"
                if kept
                else f"Stopped in epoch {trainer.current_epoch}, before there was a checkpoint."
            )


def forget_records_from(folder: RunFolder, epoch: int) -> None:
    """Remove the records of this epoch and of those after it."""
    if not folder.records.is_dir():
        return
    numbered = [(path, _EPOCH.fullmatch(path.name)) for path in folder.records.iterdir()]
    later = [path for path, found in numbered if found and int(found[1]) >= epoch]
    for path in later:
        shutil.rmtree(path)
    if later:
        rank_zero_info(f"Going on with epoch {epoch}: records of {len(later)} epochs that come after it are removed.")


def _plain(value: Any) -> Any:
    """One glob and a list of one glob say the same."""
    return [value] if isinstance(value, str) else value


def _unlike(there: Mapping[str, Any], here: Mapping[str, Any]) -> list[str]:
    shapes = [
        f"{key} is {tuple(there[key].shape)} there and {tuple(here[key].shape)} here"
        for key in here
        if key in there and there[key].shape != here[key].shape
    ]
    lacking = [f"{key} is only here" for key in here if key not in there]
    surplus = [f"{key} is only there" for key in there if key not in here]
    found = [*shapes, *lacking, *surplus]
    return [*found[:3], f"and {len(found) - 3} more"] if len(found) > 3 else found
