"""Training a sparse classifier: a timm network with competing units, cross-entropy, and an honest evaluation.

The loss is ``(1 − s) · CE + s · distance to a teacher + λ · KL(q ‖ uniform)``; with ``s = 0`` and ``λ > 0`` it is the
evidence lower bound that DISCOVER (Panousis & Chatzis, NeurIPS 2023) intends. Evaluation is by argmax, on a copy whose
BatchNorm statistics are re-estimated in that mode, and by the average of the logits of several stochastic passes; of
the averaged weights, where there are such.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict
from typing import Any

import torch
from jaxtyping import Float, UInt8
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.utilities import rank_zero_info
from torch import Tensor, nn

from rivalry.lwta import competitions, set_competition
from rivalry.lwta.layer import collecting_kl
from rivalry.training.averaging import AveragedNetwork, take_raw_weights
from rivalry.training.backbone import build_network, describe, normalisation_of
from rivalry.training.distillation import FrozenTeacher
from rivalry.training.divergence import LossWatch, refuse_lost_weights, stopped
from rivalry.training.evaluation import average_of_draws, evaluation_copy
from rivalry.training.objective import classification_loss
from rivalry.training.optimisation import (
    check_names,
    freeze,
    hold_still,
    make_optimiser,
    make_schedule,
    options_of,
    tell_options,
)
from rivalry.training.randomness import draw_apart, random_states, restore_random_state
from rivalry.training.resuming import refuse_another_network, refuse_another_optimiser, remembered
from rivalry.training.schedules import value_at
from rivalry.training.scoring import Scoring
from rivalry.training.settings import Backbone, Competition, Evaluation, Optimisation, Regularisation, Teacher


class SparseClassifier(LightningModule):
    """A classifier whose units compete.

    Images come as ``uint8`` and are normalised here, as timm's configuration of the network says.

    Args:
        backbone: The network and where its units compete.
        num_classes: Number of classes; the command line takes it from the data. None: as timm knows the network.
        competition: How winners are drawn.
        optimisation: Optimiser, learning-rate schedule and what is frozen.
        regularisation: The loss, smoothing of its targets, and the average of the weights.
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
        regularisation: Regularisation | None = None,
        evaluation: Evaluation | None = None,
        teacher: Teacher | None = None,
        compile: bool = False,
        channels_last: bool = False,
    ) -> None:
        super().__init__()
        self.backbone = backbone
        self.competition = competition or Competition()
        self.optimisation = optimisation or Optimisation()
        self.regularisation = regularisation or Regularisation()
        self.evaluation = evaluation or Evaluation()
        check_names(self.optimisation)
        self.network = build_network(backbone, num_classes)
        self.num_classes = num_classes = int(self.network.num_classes)  # type: ignore[arg-type]
        self.still = freeze(self.network, self.optimisation.freeze)
        self._wanted_teacher = teacher
        # What follows is no module of this one, and enters no checkpoint by itself.
        self._teacher: FrozenTeacher | None = None
        self._average: AveragedNetwork | None = None
        self._evaluator: tuple[nn.Module, ...] = ()
        self._watch = LossWatch()
        self._random_states: list[dict[str, Any]] = []
        self._options: list[dict[str, Any]] = []
        self._loaded = (0, 0)
        mean, std = normalisation_of(self.network)
        self.register_buffer("mean", torch.tensor(mean).view(1, -1, 1, 1) * 255, persistent=False)
        self.register_buffer("std", torch.tensor(std).view(1, -1, 1, 1) * 255, persistent=False)
        self.scoring = Scoring(num_classes)
        set_competition(self.network, estimator=self.competition.estimator)
        self._set_competition(progress=0.0)
        self.save_hyperparameters({"backbone": asdict(backbone), "num_classes": num_classes}, logger=False)
        self._compile, self._channels_last = compile, channels_last

    # ------------------------------------------------------------------ the network

    def normalise(
        self, images: UInt8[Tensor, "batch 3 height width"] | Float[Tensor, "batch 3 height width"]
    ) -> Float[Tensor, "batch 3 height width"]:
        """Images of 0 to 255 as the network wants them."""
        normalised = (images.to(self.mean.dtype) - self.mean) / self.std
        return normalised.contiguous(memory_format=torch.channels_last) if self._channels_last else normalised

    def forward(self, images: UInt8[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch classes"]:
        """Logits of the network as it stands, in the mode of ``train()`` or ``eval()``."""
        return self.logits_of(self.network, images)

    def logits_of(
        self, network: nn.Module, images: UInt8[Tensor, "batch 3 height width"] | Float[Tensor, "batch 3 height width"]
    ) -> Float[Tensor, "batch classes"]:
        """Logits of a network that stands in this one's place, on images of 0 to 255, in the training's precision."""
        with self._precision():
            logits: Tensor = network(self.normalise(images))
        return logits.float()

    @property
    def averaged(self) -> nn.Module:
        """The network with the averaged weights, where an average is kept; else the network itself."""
        return self._average.network if self._average else self.network

    @property
    def evaluator(self) -> nn.Module:
        """The network that evaluation runs: the averaged one, or its copy with statistics of the mode."""
        return self._evaluator[0] if self._evaluator else self.averaged

    @property
    def moment(self) -> tuple[int, int]:
        """Epoch and optimiser steps: of the fit that goes on, else of the checkpoint that is evaluated."""
        return (self.trainer.current_epoch, self.trainer.global_step) if self._fitting else self._loaded

    # ------------------------------------------------------------------ fit

    def setup(self, stage: str) -> None:
        """Make what only a training needs: the teacher and the average."""
        if stage != "fit":
            return
        self._watch, self._random_states = LossWatch(), []
        if self._wanted_teacher:
            self._teacher = FrozenTeacher(self._wanted_teacher, self.num_classes)
        if self.regularisation.ema_decay:
            chosen = self.regularisation
            self._average = AveragedNetwork(self.network, chosen.ema_decay, warmup=chosen.ema_warmup)

    def on_fit_start(self) -> None:
        """Say what competes, bring teacher and average here, and compile."""
        rank_zero_info(describe(self.backbone.name, self.network))
        if self._teacher:
            self._teacher.to(self.device, compile=self._compile)
        if self._average:
            self._average.network.to(self.device)
        if self._compile:
            # Random numbers as they are without compilation, and so the same draws.
            self.network.compile(dynamic=False, options={"fallback_random": True})

    def on_train_start(self) -> None:
        """Go on with the checkpoint's draws, but with the rates and schedules that are asked for now."""
        tell_options(self.trainer.optimizers[0], self._options)
        for one in self.trainer.lr_scheduler_configs:
            self.lr_scheduler_step(one.scheduler, None)
        if self._random_states:
            restore_random_state(self._random_states)
        else:
            draw_apart(self.trainer.global_rank)

    def on_train_epoch_start(self) -> None:
        """Keep still what is frozen."""
        hold_still(self.network, self.still)

    def training_step(self, batch: Mapping[str, Tensor], _batch_index: int) -> Float[Tensor, ""]:
        """Loss of one batch, after the schedules have moved."""
        self._set_competition(self.global_step / max(self.trainer.estimated_stepping_batches, 1))
        inputs = self.normalise(batch["image"])
        collect = collecting_kl(self.network) if self._kl_weight else nullcontext(list[Tensor]())
        try:
            with collect as divergences:
                logits = self.network(inputs).float()
        except ValueError as error:  # where activations are no numbers, competitions have no winner
            raise stopped(self.trainer, self.global_step, str(error)) from error
        chosen = self.regularisation
        loss = classification_loss(
            logits, batch["label"], batch.get("target"), loss=chosen.loss, smoothing=chosen.label_smoothing
        )
        if self._teacher:
            loss = self._teacher.loss(logits, inputs, loss)
        if divergences:
            kl = torch.stack(divergences).mean()
            self.log("train/kl", kl, on_step=False, on_epoch=True, sync_dist=True)
            loss = loss + self._kl_weight * kl
        self._watch.note(loss, self.trainer)
        self.log("train/loss", loss, prog_bar=True, on_step=False, on_epoch=True, sync_dist=True)
        return loss

    def on_train_batch_end(self, *_: Any) -> None:
        """Let the average follow every step of the optimiser."""
        if self._average:
            self._average.follow(self.network, self.global_step)

    def on_train_epoch_end(self) -> None:
        """Log where the schedules stand."""
        rate = max(group["lr"] for group in self.trainer.optimizers[0].param_groups)
        now = {"rate": rate, **self._competition_now()}
        if competitions(self.network):
            now["kl_weight"] = self._kl_weight
        self.log_dict({f"train/{name}": value for name, value in now.items()}, sync_dist=True)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keep where schedules and random states are; of an average, keep it as the weights and the raw ones too."""
        self._watch.look(self.trainer)
        refuse_lost_weights(self.network, self.trainer)
        checkpoint["competition"] = self._competition_now()
        checkpoint["optimisation"] = remembered(self.optimisation)
        checkpoint["random_states"] = random_states()
        if self._average:
            self._average.save_into(checkpoint)

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Draw as at the moment of the checkpoint, and know when it was; a training goes on from its raw weights.

        Raises:
            ValueError: If it is of another network, or of another optimiser where the training goes on.
        """
        refuse_another_network(checkpoint, self, self.backbone, self.num_classes)
        self._loaded = (checkpoint["epoch"], checkpoint["global_step"])
        self._set_drawing(**checkpoint.get("competition", {}))
        if not self._fitting:
            self.still = freeze(self.network, checkpoint.get("optimisation", {}).get("freeze", []))
            return
        refuse_another_optimiser(checkpoint, self.optimisation)
        self._random_states = checkpoint.get("random_states", [])
        checkpoint["lr_schedulers"] = []  # functions of the step and of the settings, which may be others now
        if self._average:
            self._average.load_from(checkpoint)
        take_raw_weights(checkpoint)

    def configure_optimizers(self) -> Any:
        """Optimiser and learning-rate schedule of timm, the latter moved every step."""
        optimiser = make_optimiser(self.network, self.optimisation)
        self.trainer.fit_loop.setup_data()  # or the batches of an epoch are not yet known where steps are the limit
        steps = int(self.trainer.estimated_stepping_batches)
        steps_per_epoch = math.ceil(self.trainer.num_training_batches / self.trainer.accumulate_grad_batches)
        scheduler = make_schedule(optimiser, self.optimisation, steps, steps_per_epoch)
        self._options = options_of(optimiser, self.optimisation)
        if scheduler is None:
            return {"optimizer": optimiser}
        return {"optimizer": optimiser, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}

    def lr_scheduler_step(self, scheduler: Any, _metric: Any) -> None:
        """Schedulers of timm count updates."""
        scheduler.step_update(self.global_step)

    # ------------------------------------------------------------------ evaluation

    def on_validation_start(self) -> None:
        """Prepare the copy that is evaluated by argmax, and count anew."""
        if self._fitting:
            self._watch.look(self.trainer)
            refuse_lost_weights(self.network, self.trainer)
        self.scoring.begin()
        self._evaluator = (self.evaluation_copy(self.trainer.datamodule),)  # type: ignore[attr-defined]

    def validation_step(self, batch: Mapping[str, Tensor], _batch_index: int) -> Float[Tensor, "batch classes"]:
        """Score the batch by argmax, and by averaged draws if asked for; returns the logits of argmax."""
        inputs = self.normalise(batch["image"])
        logits: Tensor = self.evaluator(inputs).float()
        drawn = None
        if self._samples:
            seed = self.evaluation.seed + int(batch["index"][0])
            drawn = average_of_draws(self.averaged, inputs, self._samples, seed)
        loader = self.trainer.test_dataloaders if self.trainer.testing else self.trainer.val_dataloaders
        self.scoring.update(batch["label"], logits, drawn, len(loader.dataset))  # type: ignore[union-attr]
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
        return evaluation_copy(self.averaged, batches, self.normalise, precision=self._precision(), keep=self.still)

    def _precision(self) -> AbstractContextManager[object]:
        """The autocast context of the training, where there is one."""
        return self.trainer.precision_plugin.forward_context() if self._trainer else nullcontext()

    def _set_competition(self, progress: float) -> None:
        sharpness, temperature = self.competition.sharpness.at(progress), self.competition.temperature.at(progress)
        self._kl_weight = value_at(self.competition.kl_weight, progress)
        self._set_drawing(sharpness=sharpness, temperature=temperature)

    def _set_drawing(self, *, sharpness: float | None = None, temperature: float | None = None) -> None:
        for network in {self.network, self.averaged}:
            set_competition(network, sharpness=sharpness, temperature=temperature)

    def _competition_now(self) -> dict[str, float]:
        for layer in competitions(self.network).values():
            return {"sharpness": float(layer.sharpness), "temperature": float(layer.temperature)}
        return {}

    @property
    def _fitting(self) -> bool:
        return self._trainer is not None and self._trainer.state.fn == "fit"

    @property
    def _samples(self) -> int:
        """Draws to average in this pass."""
        due = not self._fitting or is_last_epoch(self.trainer) or self.evaluation.every_epoch
        return self.evaluation.samples if due and competitions(self.network) else 0

    def _log_scores(self, split: str) -> None:
        for name, value in self.scoring.compute(split, draws=bool(self._samples)).items():
            self.log(name, value, prog_bar=name.endswith("top1"), sync_dist=True)
        if not self._fitting:  # else it would be logged at step 0, and not beside its epoch of the fit
            epoch, step = self.moment
            self.log_dict({"epoch": float(epoch), "step": float(max(step - 1, 0))}, sync_dist=True)


def is_last_epoch(trainer: Trainer) -> bool:
    """Whether a fit ends with this epoch by its number of epochs or steps; an early stop is not foreseen."""
    return trainer.current_epoch + 1 == trainer.max_epochs or 0 <= trainer.max_steps <= trainer.global_step
