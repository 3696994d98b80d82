"""Training a sparse classifier: a timm network with competing units, cross-entropy, and an honest evaluation.

The loss is ``(1 − s) · CE + s · distance to a teacher + λ · KL(q ‖ uniform)``; with ``s = 0`` and ``λ > 0`` it is the
evidence lower bound that DISCOVER (Panousis & Chatzis, NeurIPS 2023) intends. Evaluation is by argmax, on a copy whose
BatchNorm statistics are re-estimated in that mode, and by the average of the logits of several stochastic passes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import asdict
from typing import Any

import torch
from jaxtyping import Bool, Float, UInt8
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.utilities import rank_zero_info
from timm.optim._optim_factory import create_optimizer_v2
from timm.scheduler.scheduler_factory import create_scheduler_v2
from torch import Tensor, nn
from torch.nn import functional

from rivalry.lwta import competitions, set_competition
from rivalry.lwta.layer import collecting_kl
from rivalry.recording.ranks import keep_once, rank_and_world
from rivalry.training.backbone import build_network, describe, normalisation_of
from rivalry.training.distillation import FrozenTeacher
from rivalry.training.evaluation import average_of_draws, evaluation_copy
from rivalry.training.score import Score
from rivalry.training.settings import Backbone, Competition, Evaluation, Optimisation, Teacher


class SparseClassifier(LightningModule):
    """A classifier whose units compete.

    Images come as ``uint8`` and are normalised here, as timm's configuration of the network says.

    Args:
        backbone: The network and where its units compete.
        num_classes: Number of classes; the command line takes it from the data. None: as timm knows the network.
        competition: How winners are drawn.
        optimisation: Optimiser and learning-rate schedule.
        evaluation: How it is evaluated.
        teacher: A dense network to learn from, or none.
        compile: Whether to compile the network for training (``torch.compile``): a minute or two at the start, then
            about half the time a step on the CPU.
        channels_last: Whether feature maps lie in memory with channels last.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        backbone: Backbone,
        num_classes: int | None,
        competition: Competition | None = None,
        optimisation: Optimisation | None = None,
        evaluation: Evaluation | None = None,
        teacher: Teacher | None = None,
        compile: bool = False,
        channels_last: bool = False,
    ) -> None:
        super().__init__()
        self.backbone = backbone
        self.competition = competition or Competition()
        self.optimisation = optimisation or Optimisation()
        self.evaluation = evaluation or Evaluation()
        self.network = build_network(backbone, num_classes)
        self.num_classes = num_classes = int(self.network.num_classes)  # type: ignore[arg-type]
        self._teacher = FrozenTeacher(teacher, num_classes) if teacher else None
        self._evaluator: tuple[nn.Module, ...] = ()  # a tuple, so that it is no submodule and enters no checkpoint
        self._shown = 0
        self._loaded = (0, 0)
        mean, std = normalisation_of(self.network)
        self.register_buffer("mean", torch.tensor(mean).view(1, -1, 1, 1) * 255, persistent=False)
        self.register_buffer("std", torch.tensor(std).view(1, -1, 1, 1) * 255, persistent=False)
        self.score, self.sampled_score = Score(num_classes), Score(num_classes)
        self._set_competition(progress=0.0)
        self.save_hyperparameters({"backbone": asdict(backbone), "num_classes": num_classes}, logger=False)
        self._compile, self._channels_last = compile, channels_last

    # ------------------------------------------------------------------ the network

    def normalise(self, images: UInt8[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch 3 height width"]:
        """Images of 0 to 255 as the network wants them."""
        normalised = (images.to(self.mean.dtype) - self.mean) / self.std
        return normalised.contiguous(memory_format=torch.channels_last) if self._channels_last else normalised

    def forward(self, images: UInt8[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch classes"]:
        """Logits of the network as it stands, in the mode of ``train()`` or ``eval()``."""
        logits: Tensor = self.network(self.normalise(images))
        return logits.float()

    @property
    def evaluator(self) -> nn.Module:
        """The network that evaluation runs: the network itself, or its copy with statistics of the mode."""
        return self._evaluator[0] if self._evaluator else self.network

    @property
    def moment(self) -> tuple[int, int]:
        """Epoch and optimiser steps: of the fit that goes on, else of the checkpoint that is evaluated."""
        trainer = self._trainer
        if trainer is not None and trainer.state.fn == "fit":
            return trainer.current_epoch, trainer.global_step
        return self._loaded

    # ------------------------------------------------------------------ fit

    def on_fit_start(self) -> None:
        """Say what competes, bring the teacher here, and compile."""
        rank_zero_info(describe(self.backbone.name, self.network))
        if self._teacher:
            self._teacher.to(self.device, compile=self._compile)
        if self._compile:
            self.network.compile(dynamic=False)

    def training_step(self, batch: Mapping[str, Tensor], _batch_index: int) -> Float[Tensor, ""]:
        """Loss of one batch, after the schedules have moved."""
        self._set_competition(self.global_step / max(self.trainer.estimated_stepping_batches, 1))
        inputs = self.normalise(batch["image"])
        collect = collecting_kl(self.network) if self.competition.kl_weight else nullcontext(list[Tensor]())
        with collect as divergences:
            logits = self.network(inputs).float()
        loss = functional.cross_entropy(logits, batch["label"])
        if self._teacher:
            loss = self._teacher.loss(logits, inputs, loss)
        if divergences:
            kl = torch.stack(divergences).mean()
            self.log("train/kl", kl, on_step=False, on_epoch=True, sync_dist=True)
            loss = loss + self.competition.kl_weight * kl
        self.log("train/loss", loss, prog_bar=True, on_step=False, on_epoch=True, sync_dist=True)
        return loss

    def on_train_epoch_end(self) -> None:
        """Log where the schedules stand."""
        rate = max(group["lr"] for group in self.trainer.optimizers[0].param_groups)
        now = {"rate": rate, **self._competition_now()}
        self.log_dict({f"train/{name}": value for name, value in now.items()}, sync_dist=True)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keep where the schedules stand: later draws are to be those of this moment."""
        checkpoint["competition"] = self._competition_now()

    def on_load_checkpoint(self, checkpoint: Mapping[str, Any]) -> None:
        """Draw as at the moment of the checkpoint, and know when it was."""
        set_competition(self.network, **checkpoint["competition"])
        self._loaded = (checkpoint["epoch"], checkpoint["global_step"])

    def configure_optimizers(self) -> Any:
        """Optimiser and learning-rate schedule of timm, the latter moved every step."""
        chosen = self.optimisation
        optimiser = create_optimizer_v2(
            self.network,
            opt=chosen.optimiser,
            lr=chosen.rate,
            weight_decay=chosen.weight_decay,
            momentum=chosen.momentum,
            **chosen.optimiser_arguments,
        )
        self.trainer.fit_loop.setup_data()  # or the batches of an epoch are not yet known where steps are the limit
        steps = int(self.trainer.estimated_stepping_batches)
        epochs = math.ceil(steps * self.trainer.accumulate_grad_batches / self.trainer.num_training_batches)
        scheduler, _ = create_scheduler_v2(
            optimiser,
            sched=chosen.schedule,
            num_epochs=epochs,
            warmup_epochs=chosen.warmup_epochs,  # type: ignore[arg-type]  # fractions work
            warmup_lr=chosen.rate / 10,
            step_on_epochs=False,
            updates_per_epoch=max(steps // epochs, 1),
            **chosen.schedule_arguments,
        )
        if scheduler is None:
            return {"optimizer": optimiser}
        return {"optimizer": optimiser, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}

    def lr_scheduler_step(self, scheduler: Any, _metric: Any) -> None:
        """Schedulers of timm count updates."""
        scheduler.step_update(self.global_step)

    # ------------------------------------------------------------------ evaluation

    def on_validation_start(self) -> None:
        """Prepare the copy that is evaluated by argmax, and count anew."""
        self._shown = 0
        with torch.inference_mode(False):  # else the counts of a validation alone could not go on in a fit
            self.score.reset()
            self.sampled_score.reset()
        self._evaluator = (self.evaluation_copy(self.trainer.datamodule),)  # type: ignore[attr-defined]

    def validation_step(self, batch: Mapping[str, Tensor], _batch_index: int) -> Float[Tensor, "batch classes"]:
        """Score the batch by argmax, and by averaged draws if asked for; returns the logits of argmax."""
        inputs, labels, own = self.normalise(batch["image"]), batch["label"], self._no_padding(len(batch["label"]))
        logits: Tensor = self.evaluator(inputs).float()
        self.score.update(logits[own], labels[own])
        if self._samples:
            seed = self.evaluation.seed + int(batch["index"][0])
            drawn = average_of_draws(self.network, inputs, self._samples, seed)
            self.sampled_score.update(drawn[own], labels[own])
        return logits

    def on_validation_epoch_end(self) -> None:
        """Log the scores; every rank takes part."""
        self._log_scores("val")

    def on_validation_end(self) -> None:
        """Let the copy go."""
        self._evaluator = ()

    def on_test_epoch_end(self) -> None:
        """Log the scores of the test images."""
        self._log_scores("test")

    on_test_start, test_step, on_test_end = on_validation_start, validation_step, on_validation_end

    def predict_step(self, batch: Mapping[str, Tensor], _batch_index: int) -> dict[str, Tensor]:
        """Indexes, predicted classes and their probabilities, by argmax."""
        chance = self.evaluator(self.normalise(batch["image"])).float().softmax(1)
        probability, predicted = chance.max(1)
        return {"index": batch["index"], "predicted": predicted, "probability": probability}

    on_predict_start, on_predict_end = on_validation_start, on_validation_end

    def evaluation_copy(self, data: Any) -> nn.Module:
        """The network as evaluation and analyses see it: its statistics come from ``data``'s calibration images."""
        batches = data.calibration_batches() if hasattr(data, "calibration_batches") else None
        autocast = self.trainer.precision_plugin.forward_context() if self._trainer else None
        return evaluation_copy(self.network, batches, self.normalise, precision=autocast)

    def _set_competition(self, progress: float) -> None:
        sharpness, temperature = self.competition.sharpness.at(progress), self.competition.temperature.at(progress)
        set_competition(self.network, sharpness=sharpness, temperature=temperature)

    def _competition_now(self) -> dict[str, float]:
        for layer in competitions(self.network).values():
            return {"sharpness": float(layer.sharpness), "temperature": float(layer.temperature)}
        return {}

    @property
    def _samples(self) -> int:
        """Draws to average in this pass."""
        trainer = self._trainer
        fitting = trainer is not None and trainer.state.fn == "fit"
        last = trainer is None or is_last_epoch(trainer)
        due = not fitting or last or self.evaluation.every_epoch
        return self.evaluation.samples if due and competitions(self.network) else 0

    def _no_padding(self, rows: int) -> Bool[Tensor, " batch"]:
        """Which rows a DistributedSampler did not add."""
        loader = self.trainer.test_dataloaders if self.trainer.testing else self.trainer.val_dataloaders
        own = keep_once(self._shown, rows, *rank_and_world(), len(loader.dataset))  # type: ignore[union-attr]
        self._shown += rows
        return own.to(self.device)

    def _log_scores(self, split: str) -> None:
        scores = {f"{split}/{name}": value for name, value in self.score.compute().items()}
        if self._samples:
            scores |= {f"{split}/sampled_{name}": value for name, value in self.sampled_score.compute().items()}
        for name, value in scores.items():
            self.log(name, value, prog_bar=name.endswith("top1"), sync_dist=True)
        if self.trainer.state.fn != "fit":  # else it would be logged at step 0, and not beside its epoch of the fit
            epoch, step = self.moment
            self.log_dict({"epoch": float(epoch), "step": float(max(step - 1, 0))}, sync_dist=True)


def is_last_epoch(trainer: Trainer) -> bool:
    """Whether a fit ends with this epoch by its number of epochs or steps; an early stop is not foreseen."""
    return trainer.current_epoch + 1 == trainer.max_epochs or 0 <= trainer.max_steps <= trainer.global_step
