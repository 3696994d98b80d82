"""Averaged weights: what is evaluated, kept and gone on from."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.callbacks import ModelCheckpoint
from torch import nn

from rivalry.lwta import competitions
from rivalry.training.analyze import find_target
from rivalry.training.averaging import RAW, AveragedNetwork
from rivalry.training.chatter import silence_idle_talk
from rivalry.training.classifier import SparseClassifier
from rivalry.training.settings import Backbone, Competition, Optimisation, Regularisation
from tests.recording.tiny import Listener
from tests.training.small_run import classifier, listening, pictures, trainer

CONSTANT = Regularisation(ema_decay=0.5, ema_warmup=False)


class Weights(Callback):
    """Keeps a weight after every step."""

    def __init__(self) -> None:
        self.seen: list[torch.Tensor] = []

    def on_train_batch_end(self, run: Trainer, pl_module: LightningModule, *_: object) -> None:
        assert isinstance(pl_module, SparseClassifier)
        self.seen.append(pl_module.network.get_parameter("fc.weight").detach().clone())


def kept(folder: Path) -> ModelCheckpoint:
    return ModelCheckpoint(folder / "checkpoints", "last", enable_version_counter=False)


def fit(folder: Path, module: SparseClassifier, epochs: int = 2, path: Path | None = None, **more: object) -> Weights:
    silence_idle_talk()
    torch.manual_seed(1)
    weights = Weights()
    run = trainer(folder, epochs, [weights, kept(folder)], enable_checkpointing=True, **more)
    run.fit(module, pictures(), ckpt_path=path, weights_only=True)
    return weights


def test_the_average_worked_by_hand() -> None:
    """Starting at the first step's weights, each later step halves the distance; a step is taken in once."""
    network = nn.Linear(1, 1, bias=False)
    average = AveragedNetwork(network, 0.5, warmup=False)
    for step, value in ((1, 4.0), (1, 99.0), (2, 8.0), (3, 2.0)):
        network.weight.data.fill_(value)
        average.follow(network, step)
    assert average.network.get_parameter("weight").item() == (4 + 8) / 2 / 2 + 2 / 2


def test_steps_are_averaged_and_the_average_is_what_is_evaluated_and_kept(tmp_path: Path) -> None:
    module = classifier(regularisation=CONSTANT)
    seen = fit(tmp_path, module).seen
    expected = seen[0]
    for weight in seen[1:]:
        expected = 0.5 * expected + 0.5 * weight
    stored = torch.load(tmp_path / "checkpoints/last.ckpt", weights_only=True)
    assert torch.allclose(stored["state_dict"]["network.fc.weight"], expected, atol=1e-6)
    assert torch.equal(stored[RAW]["network.fc.weight"], seen[-1])
    assert not torch.equal(seen[-1], expected)
    assert torch.allclose(module.averaged.get_parameter("fc.weight"), expected, atol=1e-6)
    analysed = find_target(str(tmp_path)).classifier
    assert torch.equal(analysed.network.get_parameter("fc.weight"), stored["state_dict"]["network.fc.weight"])


@pytest.mark.parametrize("competitors", [1, 2])
def test_analyses_hear_the_averaged_network_and_the_score_is_its_own(tmp_path: Path, competitors: int) -> None:
    """The dense network is evaluated itself, the competing one as a copy of the average."""
    module = classifier(backbone=Backbone("test_resnet", competitors=competitors), regularisation=CONSTANT)
    listener = Listener("fc")
    run = trainer(tmp_path, 1, [listening(tmp_path, listener)])
    run.fit(module, pictures())
    images = torch.stack([pictures().validation[index]["image"] for index in range(7)])
    with torch.no_grad():
        averaged = module.evaluation_copy(pictures())(module.normalise(images))
    heard = torch.cat([one.activations["fc"] for one in listener.seen])
    assert torch.allclose(heard, averaged, atol=1e-5)
    assert module.averaged is not module.network
    assert not module.averaged.training


def test_the_competition_of_the_average_moves_too(tmp_path: Path) -> None:
    module = classifier(regularisation=CONSTANT)
    fit(tmp_path, module, 1)
    ours, theirs = (
        [float(one.sharpness) for one in competitions(network).values()]
        for network in (module.network, module.averaged)
    )
    assert ours == theirs
    assert ours[0] > 1


def test_a_run_goes_on_from_the_raw_weights_and_its_average(tmp_path: Path) -> None:
    same = {"regularisation": Regularisation(ema_decay=0.9), "competition": Competition(),
            "optimisation": Optimisation("adamw", rate=0.01, schedule="constant")}  # fmt: skip
    whole, half, rest = (classifier(**same) for _ in range(3))
    fit(tmp_path / "whole", whole, 2)
    fit(tmp_path / "parts", half, 1)
    fit(tmp_path / "parts", rest, 2, tmp_path / "parts/checkpoints/last.ckpt")
    for one, other in ((whole.network, rest.network), (whole.averaged, rest.averaged)):
        assert all(torch.equal(value, other.state_dict()[key]) for key, value in one.state_dict().items())


def test_an_average_may_begin_and_end_when_a_run_goes_on(tmp_path: Path) -> None:
    plain, averaging, again = classifier(), classifier(regularisation=CONSTANT), classifier()
    path = tmp_path / "checkpoints/last.ckpt"
    fit(tmp_path, plain, 1)
    assert RAW not in torch.load(path, weights_only=True)
    fit(tmp_path, averaging, 2, path)
    raw = torch.load(path, weights_only=True)[RAW]
    first = Weights()

    class Start(Callback):
        def on_train_start(self, _: Trainer, pl_module: LightningModule) -> None:
            first.seen.append(pl_module.state_dict()["network.fc.weight"].clone())

    trainer(tmp_path, 3, [Start(), kept(tmp_path)], enable_checkpointing=True).fit(
        again, pictures(), ckpt_path=path, weights_only=True
    )
    assert torch.equal(first.seen[0], raw["network.fc.weight"])
