"""The classifier between its parts and Lightning."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from torch.nn import functional

from rivalry.data.augmentation import Mixing, Recipe
from rivalry.lwta import competitions
from rivalry.training import classifier as classifier_module
from rivalry.training.classifier import SparseClassifier
from rivalry.training.schedules import Schedule
from rivalry.training.settings import Backbone, Competition, Evaluation, Optimisation, Regularisation
from tests.recording.tiny import Tiles
from tests.training.small_run import classifier, pictures, trainer


class Watch(Callback):
    """Notes the sharpness, temperature and rate of every step and the metrics of every epoch."""

    def __init__(self) -> None:
        self.steps: list[tuple[float, float, float]] = []
        self.epochs: list[dict[str, float]] = []

    def on_train_batch_end(self, run: Trainer, pl_module: LightningModule, *_: object) -> None:
        assert isinstance(pl_module, SparseClassifier)
        layers = competitions(pl_module.network).values()
        assert len({float(layer.sharpness) for layer in layers}) == 1
        layer = next(iter(layers))
        rate = run.optimizers[0].param_groups[0]["lr"]
        self.steps.append((float(layer.sharpness), float(layer.temperature), rate))

    def on_validation_end(self, run: Trainer, _: LightningModule) -> None:
        self.epochs.append({name: float(value) for name, value in run.callback_metrics.items()})


def watched(folder: Path, module: SparseClassifier, epochs: int = 2) -> Watch:
    watch = Watch()
    trainer(folder, epochs=epochs, callbacks=[watch]).fit(module, pictures())
    return watch


def test_competition_moves_with_every_step(tmp_path: Path) -> None:
    """Four steps in all: at the first 0/4 of the way is done, at the last 3/4."""
    competition = Competition(Schedule(1.0, 16.0, "geometric"), Schedule(5.0, 1.0, "linear"))
    steps = watched(tmp_path, classifier(competition=competition)).steps
    assert [one[0] for one in steps] == pytest.approx([1, 2, 4, 8], rel=1e-6)
    assert [one[1] for one in steps] == pytest.approx([5, 4, 3, 2], rel=1e-6)


def test_the_rate_falls_as_a_cosine_and_warms_up(tmp_path: Path) -> None:
    plain = watched(tmp_path, classifier(optimisation=Optimisation("sgd", rate=0.1))).steps
    assert [one[2] for one in plain] == pytest.approx([0.1 * (1 + math.cos(math.pi * k / 4)) / 2 for k in (1, 2, 3, 4)])
    warm = watched(tmp_path, classifier(optimisation=Optimisation("sgd", rate=0.1, warmup_epochs=1))).steps
    assert warm[0][2] == pytest.approx(0.055)
    assert max(one[2] for one in warm) <= 0.1


def test_schedules_end_with_the_number_of_steps_where_that_is_the_limit(tmp_path: Path) -> None:
    module = classifier(optimisation=Optimisation("sgd", rate=0.1))
    watch = Watch()
    trainer(tmp_path, epochs=-1, max_steps=4, callbacks=[watch]).fit(module, pictures())
    assert [one[2] for one in watch.steps] == pytest.approx(
        [0.1 * (1 + math.cos(math.pi * k / 4)) / 2 for k in (1, 2, 3, 4)]
    )
    assert [one[0] for one in watch.steps] == pytest.approx([9 ** (k / 4) for k in range(4)], rel=1e-5)
    assert "val/sampled_top1" in watch.epochs[-1]


def test_pictures_are_normalised_channel_by_channel() -> None:
    module = classifier()
    mean, std = (module.network.pretrained_cfg[name] for name in ("mean", "std"))
    images = torch.tensor([0, 128, 255], dtype=torch.uint8).view(1, 3, 1, 1).expand(2, 3, 4, 4)
    found = module.normalise(images)[0, :, 0, 0].tolist()
    assert found == pytest.approx(
        [(value / 255 - m) / s for value, m, s in zip((0, 128, 255), mean, std, strict=True)], abs=1e-5
    )


def test_the_loss_is_cross_entropy_and_kl_is_added_by_its_weight(tmp_path: Path) -> None:
    """With one batch, a rate of zero and the draws of a seed, both losses are those of the same forward pass."""
    found = {}
    for weight in (0.0, 0.5):
        module = classifier(competition=Competition(kl_weight=weight), optimisation=Optimisation("sgd", rate=0.0))
        torch.manual_seed(3)
        run = trainer(tmp_path, epochs=1)
        run.fit(module, pictures(batch_size=16))
        found[weight] = {name: float(value) for name, value in run.callback_metrics.items()}
    assert "train/kl" not in found[0.0]
    kl = found[0.5]["train/kl"]
    assert 0 < kl <= math.log(2)
    assert found[0.5]["train/loss"] == pytest.approx(found[0.0]["train/loss"] + 0.5 * kl, rel=1e-5)


def test_mixed_pictures_are_learnt_from_their_soft_targets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[torch.Tensor, float]] = []
    plain = classifier_module.classification_loss

    def spy(logits: torch.Tensor, labels: torch.Tensor, target: torch.Tensor | None, **how: Any) -> torch.Tensor:
        assert target is not None
        assert how == {"loss": "cross_entropy", "smoothing": 0.1}
        loss = plain(logits, labels, target, **how)
        told.append((target, loss.item()))
        return loss

    monkeypatch.setattr(classifier_module, "classification_loss", spy)
    run = trainer(tmp_path, epochs=1)
    module = classifier(regularisation=Regularisation(label_smoothing=0.1))
    run.fit(module, pictures(batch_size=16, augmentation=Recipe(mixing=Mixing(mixup=0.8, cutmix=0.0))))
    ((target, loss),) = told
    assert torch.allclose(target.sum(1), torch.ones(16))
    assert ((target > 0) & (target < 1)).any()
    assert float(run.callback_metrics["train/loss"]) == pytest.approx(loss)


def test_the_validation_loss_is_that_of_the_evaluated_copy(tmp_path: Path) -> None:
    module, data = classifier(), pictures()
    run = trainer(tmp_path)
    run.validate(module, data, verbose=False)
    tiles = Tiles(7, seed=1)
    with torch.no_grad():
        logits = module.evaluation_copy(data)(module.normalise(torch.stack([tiles[k]["image"] for k in range(7)])))
    labels = torch.tensor([k % 2 for k in range(7)])
    assert float(run.callback_metrics["val/loss"]) == pytest.approx(float(functional.cross_entropy(logits, labels)))
    assert float(run.callback_metrics["val/top1"]) == pytest.approx(float((logits.argmax(1) == labels).float().mean()))


@pytest.mark.parametrize(
    ("evaluation", "expected"),
    [
        (Evaluation(samples=2), [False, True]),
        (Evaluation(samples=2, every_epoch=True), [True, True]),
        (Evaluation(samples=0), [False, False]),
    ],
)
def test_draws_are_averaged_when_asked_for(tmp_path: Path, evaluation: Evaluation, expected: list[bool]) -> None:
    epochs = watched(tmp_path, classifier(evaluation=evaluation)).epochs
    assert ["val/sampled_top1" in one for one in epochs] == expected


def test_a_dense_network_has_no_draws_to_average(tmp_path: Path) -> None:
    module = SparseClassifier(Backbone("test_resnet", competitors=1), 2)
    run = trainer(tmp_path, epochs=1)
    run.fit(module, pictures())
    assert not any("sampled" in name or "sharpness" in name for name in run.callback_metrics)


def test_evaluation_leaves_weights_and_statistics_alone(tmp_path: Path) -> None:
    module = classifier()
    before = {key: value.clone() for key, value in module.state_dict().items()}
    trainer(tmp_path).validate(module, pictures(), verbose=False)
    assert all(torch.equal(value, before[key]) for key, value in module.state_dict().items())
    assert module.evaluator is module.network  # the copy is let go


def test_a_validation_alone_and_then_a_fit_count_anew(tmp_path: Path) -> None:
    """Lightning validates in inference mode, whose counts could not be added to in a fit."""
    module, data = classifier(optimisation=Optimisation("sgd", rate=0.0)), pictures(batch_size=4)
    alone = trainer(tmp_path)
    alone.validate(module, data, verbose=False)
    alone.validate(module, data, verbose=False)
    first = float(alone.callback_metrics["val/loss"])
    run = trainer(tmp_path, epochs=1)
    run.fit(module, data)
    assert float(run.callback_metrics["val/loss"]) == pytest.approx(first, rel=1e-5)


def test_a_vision_transformer_trains_too(tmp_path: Path) -> None:
    backbone = Backbone("test_vit", competitors=4, arguments={"img_size": 8, "patch_size": 4})
    module = SparseClassifier(backbone, 2, optimisation=Optimisation("adamw", rate=0.001))
    assert {layer.dim for layer in competitions(module.network).values()} == {-1}
    run = trainer(tmp_path, epochs=1)
    run.fit(module, pictures())
    assert math.isfinite(run.callback_metrics["val/loss"])
