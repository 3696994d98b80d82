"""What dissection adds to an epoch of the quickstart, and what several analyses save by sharing one sweep.

The data, the network and the analyses are those of configs/quickstart.yaml, but for the profiles of units, of which
docs/unit_profiles.md tells the time. Nothing that was found before counts: the cache of CLIP's features is a temporary
one, and warm after the first epoch or sweep, which is not timed.
"""

from __future__ import annotations

import atexit
import logging
import os
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from side_by_side import Comparison

from rivalry.data import PictureBook
from rivalry.dissection import NeuronDissection
from rivalry.recording import Activity, sweep
from rivalry.recording.analysis import Analysis
from rivalry.training.analysis_callback import AnalysisCallback
from rivalry.training.chatter import silence_idle_talk
from rivalry.training.classifier import SparseClassifier
from rivalry.training.data import Pictures, probe_loader
from rivalry.training.run import RunFolder
from rivalry.training.schedules import Schedule
from rivalry.training.settings import Backbone, Competition, Optimisation

CLIP = f"local-dir:{Path(__file__).parents[1] / 'checkpoints' / 'picturebook-clip'}"
LAYERS = ["layer3.0.act3", "layer4.0.act2"]
TRAINING, VALIDATION, BATCH = 4000, 1000, 64

_FOLDERS = ExitStack()
atexit.register(_FOLDERS.close)


class OneEpoch(Callback):
    """Ends a fit after an epoch that is not its last, so that it goes on when it is asked to."""

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Ask for the end."""
        trainer.should_stop = True


def quickstart_analyses() -> list[Analysis]:
    """What configs/quickstart.yaml lets listen, but for the profiles of units."""
    return [Activity(["*act?"]), NeuronDissection(LAYERS, CLIP, "picturebook", similarity="wpmi", top_k=10)]


def four_analyses() -> list[Analysis]:
    """Four that hear layers of their own and name them in ways of their own."""
    return [
        Activity(["*act?"]),
        NeuronDissection(LAYERS[:1], CLIP, "picturebook", similarity="wpmi", top_k=10, name="early"),
        NeuronDissection(LAYERS[1:], CLIP, "picturebook", similarity="wpmi", top_k=10, name="late"),
        NeuronDissection(LAYERS[1:], CLIP, "picturebook", similarity="soft_wpmi", top_k=20, name="soft"),
    ]


def epochs(device: torch.device) -> tuple[Callable[[], object], Callable[[], object]]:
    """An epoch of training and validation, heard and not heard."""
    silence_idle_talk()
    logging.getLogger("lightning.pytorch.utilities.rank_zero").setLevel(logging.WARNING)
    folder = _cache_of_its_own()
    heard = AnalysisCallback(quickstart_analyses(), RunFolder(folder / "run"))
    return _epoch(device, heard), _epoch(device)


def sweeps(device: torch.device) -> tuple[Callable[[], object], Callable[[], object]]:
    """One sweep of four analyses, and four sweeps of one."""
    _cache_of_its_own()
    classifier, book = _classifier().to(device).eval(), _validation()
    loader = probe_loader(book, BATCH)
    analyses = four_analyses()

    def show(*listening: Analysis) -> object:
        return sweep(classifier.network, loader, listening, forward=classifier.logits_of, progress=False)

    return lambda: show(*analyses), lambda: [show(one) for one in analyses]


def _epoch(device: torch.device, *callbacks: Callback) -> Callable[[], object]:
    """A fit that goes on by an epoch whenever it is called."""
    classifier = _classifier()
    data = Pictures(PictureBook(TRAINING, seed=0), _validation(), batch_size=BATCH)
    trainer = Trainer(
        accelerator="cuda" if device.type == "cuda" else "cpu",
        devices=1,
        max_epochs=1000,
        callbacks=[*callbacks, OneEpoch()],
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
    )
    return lambda: trainer.fit(classifier, data)


def _classifier() -> SparseClassifier:
    torch.manual_seed(0)
    return SparseClassifier(
        Backbone("test_resnet", competitors=4),
        len(PictureBook.classes),
        Competition(sharpness=Schedule(2.0, 12.0, "geometric")),
        Optimisation("adamw", rate=0.004, weight_decay=0.02, warmup_epochs=0.5),
    )


def _validation() -> PictureBook:
    return PictureBook(VALIDATION, seed=2, masks=True)


def _cache_of_its_own() -> Path:
    """A folder that lasts as long as this process, for the cache of features and for records."""
    folder = Path(_FOLDERS.enter_context(tempfile.TemporaryDirectory()))
    os.environ["RIVALRY_CACHE"] = str(folder / "cache")
    return folder


COMPARISONS = [
    Comparison(
        f"quickstart_epoch with dissection, {TRAINING} + {VALIDATION} pictures", "the same epoch without", epochs, 2
    ),
    Comparison(f"shared_sweep of four analyses, {VALIDATION} pictures", "four sweeps of one analysis", sweeps, 3),
]
