"""Evaluations and a training on several ranks: ``fit_on_ranks.py WORLD FOLDER``; Lightning starts the other ranks."""

import json
import sys
from pathlib import Path

import torch
from lightning.pytorch import Trainer

from rivalry.recording.activity import Activity
from rivalry.training.analysis_callback import AnalysisCallback
from rivalry.training.predictions import KeepPredictions
from rivalry.training.run import RunFolder
from tests.recording.tiny import Tiles
from tests.training.small_run import classifier, pictures


def fit_on_ranks(world: int, folder: Path) -> None:
    """Validate one network on 7 pictures, analyse it on them or on 5 of a probe set, predict; then train it."""
    for name, probe in (("shared", None), ("own", Tiles(5, seed=9))):
        trainer = trainer_of(world, RunFolder(folder / name))
        module, data = classifier(), pictures(Tiles(7, seed=1), batch_size=2, probe=probe)
        trainer.validate(module, data, verbose=False)
        metrics = {name: float(value) for name, value in trainer.callback_metrics.items()}
        (folder / name / f"metrics{trainer.global_rank}.json").write_text(json.dumps(metrics))
        trainer.predict(module, data, return_predictions=False)
    trainer = trainer_of(world, RunFolder(folder / "fit"))
    trainer.fit(module, data)
    torch.save(module.state_dict(), folder / f"weights{trainer.global_rank}.pt")


def trainer_of(world: int, place: RunFolder) -> Trainer:
    place.root.mkdir(parents=True, exist_ok=True)
    return Trainer(
        accelerator="cpu",
        max_epochs=1,
        devices=world,
        strategy="ddp" if world > 1 else "auto",
        callbacks=[AnalysisCallback([Activity(["*act?"])], place, batch_size=2), KeepPredictions(place)],
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
    )


if __name__ == "__main__":
    torch.set_num_threads(1)
    fit_on_ranks(int(sys.argv[1]), Path(sys.argv[2]))
