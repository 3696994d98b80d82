"""Trainings of a second: a network of timm's own tests learns noise of 8 px, without a run folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import Callback, Trainer

from rivalry.data.dataset import ImageDataset
from rivalry.recording.analysis import Analysis
from rivalry.training.analysis_callback import AnalysisCallback
from rivalry.training.classifier import SparseClassifier
from rivalry.training.data import Pictures
from rivalry.training.run import RunFolder
from rivalry.training.schedules import Schedule
from rivalry.training.settings import Backbone, Competition, Evaluation, Optimisation
from tests.recording.tiny import Tiles


def classifier(**arguments: Any) -> SparseClassifier:
    """A competing network of fixed first weights."""
    torch.manual_seed(0)
    settings: dict[str, Any] = {
        "backbone": Backbone("test_resnet", competitors=2),
        "num_classes": 2,
        "competition": Competition(sharpness=Schedule(1.0, 9.0, "geometric")),
        "optimisation": Optimisation("adamw", rate=0.01),
        "evaluation": Evaluation(samples=2),
    }
    return SparseClassifier(**{**settings, **arguments})


def pictures(validation: ImageDataset | None = None, **arguments: Any) -> Pictures:
    """Sixteen training pictures in two batches, and seven to validate with."""
    chosen = Tiles(7, seed=1, masks=True) if validation is None else validation
    return Pictures(Tiles(16), chosen, **{"batch_size": 8, **arguments})


def trainer(folder: Path, epochs: int = 2, callbacks: Sequence[Callback] = (), **arguments: Any) -> Trainer:
    """A trainer on one processor that writes and says nothing."""
    quiet = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False}
    return Trainer(
        max_epochs=epochs,
        callbacks=list(callbacks),
        default_root_dir=folder,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        **{"accelerator": "cpu", **quiet, **arguments},
    )


def listening(folder: Path, *analyses: Analysis, **arguments: Any) -> AnalysisCallback:
    """The callback that lets them listen."""
    return AnalysisCallback(analyses, RunFolder(folder), **arguments)
