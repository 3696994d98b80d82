"""Optimisers, rates of layers and of time, and frozen parts."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import timm
import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from torch import nn

from rivalry.training.classifier import SparseClassifier
from rivalry.training.optimisation import check_names, freeze, make_optimiser, make_schedule
from rivalry.training.settings import Backbone, Competition, Evaluation, Optimisation, Regularisation, Teacher
from tests.training.small_run import classifier, pictures, trainer


def rates(optimiser: torch.optim.Optimizer) -> list[float]:
    return [group["lr"] for group in optimiser.param_groups]


def along(chosen: Optimisation, steps: int, steps_per_epoch: int) -> list[float]:
    """The rate after each step."""
    optimiser = make_optimiser(nn.Linear(2, 2), chosen)
    schedule = make_schedule(optimiser, chosen, steps, steps_per_epoch)
    assert schedule is not None
    found = []
    for step in range(1, steps + 1):
        schedule.step_update(step)
        found.append(rates(optimiser)[0])
    return found


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        (Optimisation("sdg"), "no optimiser 'sdg'; the nearest are sgd"),
        (Optimisation(schedule="cosin"), "unknown schedule 'cosin' of the rate; the nearest are cosine"),
        (Optimisation(schedule="plateau"), "unknown schedule 'plateau'"),
    ],
)
def test_unknown_names_are_told_with_the_nearest(chosen: Optimisation, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        check_names(chosen)
    with pytest.raises(ValueError, match=said):
        SparseClassifier(Backbone("test_resnet"), 2, optimisation=chosen)


def test_a_lookahead_is_known() -> None:
    check_names(Optimisation("lookahead_adamw"))


def test_arguments_that_are_not_taken_are_told() -> None:
    with pytest.raises(ValueError, match=r"optimiser sgd with .*beta"):
        make_optimiser(nn.Linear(2, 2), Optimisation(optimiser_arguments={"beta": 1}))
    with pytest.raises(ValueError, match=r"schedule cosine with .*decay_epoch"):
        along(Optimisation(schedule_arguments={"decay_epoch": 1}), 4, 2)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Optimisation(rate=-0.1), "optimisation.rate is 0 or more, got -0.1"),
        (lambda: Optimisation(weight_decay=math.nan), "optimisation.weight_decay is 0 or more"),
        (lambda: Optimisation(layer_decay=1.5), r"optimisation.layer_decay lies in \(0, 1\], got 1.5"),
        (lambda: Regularisation(label_smoothing=1.0), r"label_smoothing lies in \[0, 1\), got 1.0"),
        (lambda: Regularisation(ema_decay=-1.0), r"ema_decay lies in \[0, 1\), got -1.0"),
        (lambda: Competition(kl_weight=-1.0), "kl_weight is 0 or more"),
        (lambda: Evaluation(samples=-1), "0 or more, got -1 and 0"),
        (lambda: Teacher("resnet18", "none", temperature=0.0), "temperature is above zero, got 0.0"),
    ],
)
def test_values_that_no_training_can_have_are_refused(make: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        make()


def test_a_step_schedule_counts_epochs_whatever_a_step_accumulates() -> None:
    """Ten epochs of three steps; the rate falls to a tenth every four epochs, that is twelve steps."""
    chosen = Optimisation(rate=1.0, schedule="step", schedule_arguments={"decay_epochs": 4})
    found = along(chosen, 30, 3)
    assert found == pytest.approx([0.1 ** (step // 12) for step in range(1, 31)])


def test_a_cosine_ends_with_the_last_step_also_within_an_epoch() -> None:
    found = along(Optimisation(rate=1.0, schedule="cosine"), 7, 3)
    assert found == pytest.approx([(1 + math.cos(math.pi * step / 7)) / 2 for step in range(1, 8)], abs=1e-9)


def test_accumulated_batches_are_one_step_of_every_schedule(tmp_path: Path) -> None:
    """Five batches by twos are three steps an epoch, the last of one batch; four epochs are twelve."""
    seen: list[tuple[int, float, float]] = []

    class Watch(Callback):
        def on_train_batch_end(self, run: Trainer, pl_module: LightningModule, *_: object) -> None:
            layer = pl_module.get_submodule("network.act1")
            seen.append((run.global_step, run.optimizers[0].param_groups[0]["lr"], float(layer.sharpness)))

    chosen = Optimisation("sgd", rate=1e-3, schedule="step", schedule_arguments={"decay_epochs": 2})
    run = trainer(tmp_path, 4, [Watch()], accumulate_grad_batches=2, gradient_clip_val=1.0)
    run.fit(classifier(optimisation=chosen, evaluation=Evaluation(0)), pictures(batch_size=3))
    assert [one[0] for one in seen] == [0, 1, 1, 2, 3, 3, 4, 4, 5, 6, 6, 7, 7, 8, 9, 9, 10, 10, 11, 12]
    assert [one[1] for one in seen] == pytest.approx([0.1 ** (3 + one[0] // 6) for one in seen])
    assert [one[2] for one in seen[::5]] == pytest.approx([9 ** (step / 12) for step in (0, 3, 6, 9)], rel=1e-5)


@pytest.mark.parametrize(
    ("name", "first", "last"), [("test_resnet", "conv1.0", "fc"), ("test_vit", "patch_embed", "head")]
)
def test_rates_fall_layer_by_layer_in_networks_that_compete(name: str, first: str, last: str) -> None:
    network = timm.create_model("lwta", base=name, competitors=2, num_classes=4)
    optimiser = make_optimiser(network, Optimisation(rate=1.0, layer_decay=0.5, schedule="constant"))
    assert make_schedule(optimiser, Optimisation(rate=1.0, schedule="constant"), 4, 2) is not None
    by_parameter = {one: group["lr"] for group in optimiser.param_groups for one in group["params"]}
    assert {by_parameter[one] for one in network.get_submodule(last).parameters()} == {1.0}
    lowest = {by_parameter[one] for one in network.get_submodule(first).parameters()}
    assert lowest == {min(by_parameter.values())}
    assert 0 < min(lowest) < 0.25
    assert {math.log2(rate) % 1 for rate in by_parameter.values()} == {0.0}


def test_rates_by_layer_need_a_network_that_knows_its_layers() -> None:
    with pytest.raises(ValueError, match="layers of Linear, which has no group_matcher"):
        make_optimiser(nn.Linear(2, 2), Optimisation(layer_decay=0.5))
    with pytest.raises(ValueError, match="choose schedule: constant, not none"):
        make_optimiser(timm.create_model("test_resnet"), Optimisation(layer_decay=0.5, schedule="none"))


def small() -> nn.Module:
    return timm.create_model("test_resnet", num_classes=2)


@pytest.mark.parametrize("pattern", ["layer1", "layer1.*", "layer1.0*"])
def test_what_a_glob_or_a_module_covers_is_frozen(pattern: str) -> None:
    network = small()
    frozen = freeze(network, [pattern])
    still = {name for name, one in network.named_parameters() if not one.requires_grad}
    assert still == {name for name, _ in network.named_parameters() if name.startswith("layer1.")}
    assert frozen == [name for name, one in network.named_modules() if name.startswith("layer1.") and "bn" in name]


def test_a_frozen_weight_alone_leaves_its_normalisation_in_training() -> None:
    assert freeze(small(), ["bn1.weight"]) == []
    assert freeze(small(), []) == []


@pytest.mark.parametrize(
    ("patterns", "said"),
    [(["layr1"], "freeze: nothing is called 'layr1'; the nearest are layer1"), (["*"], "leaves nothing to train")],
)
def test_a_freeze_that_makes_no_sense_is_refused(patterns: list[str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        freeze(small(), patterns)


def test_frozen_weights_and_statistics_stay_in_training_and_in_evaluation(tmp_path: Path) -> None:
    module = classifier(optimisation=Optimisation("adamw", rate=0.01, freeze=["conv1", "bn1", "layer1"]))
    before = {key: value.clone() for key, value in module.network.state_dict().items()}
    trainer(tmp_path).fit(module, pictures())
    after = module.network.state_dict()
    evaluated = module.evaluation_copy(pictures()).state_dict()
    covered = ("conv1.", "bn1.", "layer1.")
    for key, value in before.items():
        assert torch.equal(value, after[key]) == key.startswith(covered) or "num_batches" in key, key
        if key.startswith(covered) and not key.startswith("conv1."):
            assert torch.equal(value, evaluated[key]), key
    assert not torch.equal(after["layer2.0.bn1.running_mean"], evaluated["layer2.0.bn1.running_mean"])
