"""When analyses listen to a training, and that they leave it alone."""

from __future__ import annotations

import copy
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.callbacks import ModelCheckpoint
from torch import nn

from rivalry.data.vocabulary import Vocabulary
from rivalry.dissection.emergence import emergence_in, name_of_emergence
from rivalry.dissection.neurons import NeuronDissection
from rivalry.recording.activity import Activity
from rivalry.recording.analysis import Analysis, Finding
from rivalry.recording.observation import Listening, Observation
from rivalry.records import Record, find_records
from rivalry.training.analysis_callback import refuse_strategies_without_taps
from rivalry.training.classifier import SparseClassifier
from rivalry.training.settings import Backbone
from tests.clip.tiny_clip import write_tiny_clip
from tests.recording.tiny import Listener, Tiles, hooks_of
from tests.training.small_run import classifier, listening, pictures, trainer

WORDS = ("bright left", "nothing", "zebra")


class Greedy(Analysis):
    """Draws from every global random state whenever it is called, and switches the network about."""

    name = "greedy"
    taps = ("act1",)

    def start(self, hears: Listening) -> None:
        self._draw()

    def observe(self, observation: Observation) -> None:
        self._draw()

    def conclude(self, network: nn.Module) -> Finding:
        self._draw()
        network.train()
        return Finding()

    def _draw(self) -> None:
        torch.rand(3)
        np.random.rand(3)
        random.random()


class Failing(Listener):
    """Fails in one of its methods."""

    def __init__(self, deed: str) -> None:
        super().__init__("act1", name="failing")
        self.deed = deed

    def observe(self, observation: Observation) -> None:
        if self.deed == "observe":
            raise KeyError("no such thing")
        super().observe(observation)

    def conclude(self, network: nn.Module) -> Finding:
        if self.deed == "conclude":
            raise KeyError("no such thing")
        return super().conclude(network)


class Forwards(Callback):
    """Counts what the evaluated network is shown during each validation."""

    def __init__(self) -> None:
        self.batches: list[int] = []
        self.hooks_between: list[int] = []

    def on_validation_epoch_start(self, _: Trainer, pl_module: LightningModule) -> None:
        assert isinstance(pl_module, SparseClassifier)
        self.batches.append(0)
        pl_module.evaluator.get_submodule("fc").register_forward_hook(self._count)

    def on_train_epoch_start(self, _: Trainer, pl_module: LightningModule) -> None:
        self.hooks_between.append(hooks_of(pl_module))

    def _count(self, *_: object) -> None:
        self.batches[-1] += 1


def states() -> list[Any]:
    return [torch.get_rng_state().tolist(), np.random.get_state()[1].tolist(), random.getstate()]


def train(
    folder: Path, *analyses: Analysis, probe: Tiles | None = None, callbacks: tuple[Callback, ...] = (), **more: Any
) -> tuple[SparseClassifier, list[Any]]:
    """Weights and random states after two epochs."""
    random.seed(0)
    np.random.seed(0)
    module = classifier()
    driver = [listening(folder, *analyses, **more)] if analyses else []
    trainer(folder, callbacks=[*driver, *callbacks]).fit(module, pictures(probe=probe))
    return module, states()


def assert_same_weights(one: SparseClassifier, other: SparseClassifier) -> None:
    ours, theirs = one.state_dict(), other.state_dict()
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(value, theirs[key]) for key, value in ours.items())


def test_the_same_seed_trains_the_same_weights_and_they_move(tmp_path: Path) -> None:
    first, state = train(tmp_path)
    second, again = train(tmp_path)
    assert_same_weights(first, second)
    assert state == again
    start = classifier().state_dict()
    assert not torch.equal(first.state_dict()["network.fc.weight"], start["network.fc.weight"])


@pytest.mark.parametrize("own_probe", [False, True], ids=["shared validation pass", "own probe set"])
def test_a_training_with_analyses_ends_in_the_same_bits_as_one_without(tmp_path: Path, own_probe: bool) -> None:
    probe = Tiles(5, seed=9, masks=True) if own_probe else None
    clip = str(write_tiny_clip(tmp_path / "clip"))
    analyses = [
        Activity(["*act?"]),
        NeuronDissection(["layer4.0.act2"], clip, Vocabulary(WORDS), top_k=3),
        Greedy(),
    ]
    alone, state = train(tmp_path / "alone")
    heard, after = train(tmp_path / "heard", *analyses, probe=probe)
    assert_same_weights(alone, heard)
    assert after == state
    found = [Record.load(folder) for folder in find_records(tmp_path / "heard" / "records")]
    assert [(one.epoch, one.name) for one in found] == [
        (epoch, name) for epoch in (0, 1) for name in ("activity", "emergence", "greedy", "neurons")
    ]


def test_riding_on_validation_costs_no_second_pass_and_a_probe_set_costs_its_own(tmp_path: Path) -> None:
    shared, separate = Forwards(), Forwards()
    train(tmp_path / "a", Activity(["act1"]), callbacks=(shared,))
    assert shared.batches == [1, 1]  # the seven validation pictures are one batch
    train(tmp_path / "b", Activity(["act1"]), probe=Tiles(5), callbacks=(separate,), batch_size=2)
    assert separate.batches == [1 + 3, 1 + 3]


def test_records_say_what_was_heard_and_how(tmp_path: Path) -> None:
    train(tmp_path / "shared", Activity(["act1"]))
    train(tmp_path / "own", Activity(["act1"]), probe=Tiles(5, seed=4))
    shared = Record.load(find_records(tmp_path / "shared" / "records")[-1])
    own = Record.load(find_records(tmp_path / "own" / "records")[-1])
    for record, fingerprint, samples in ((shared, "tiles-7-1", 7), (own, "tiles-5-4", 5)):
        assert record.settings["mode"] == "argmax"
        assert record.settings["seed"] == 0
        assert record.settings["dataset"] == fingerprint
        assert record.settings["samples"] == samples
        assert record.settings["layers"] == ["act1"]
        assert (record.epoch, record.step) == (1, 4)
    assert own.settings.keys() ^ shared.settings.keys() == set()


def test_the_evaluated_network_is_what_is_heard(tmp_path: Path) -> None:
    """What is heard is the copy that evaluates by argmax: the logits are its own for the pictures shown."""
    listener = Listener("fc")
    module = classifier()
    seen: dict[str, torch.Tensor] = {}

    class Compare(Callback):
        def on_validation_epoch_end(self, _: Trainer, pl_module: LightningModule) -> None:
            assert isinstance(pl_module, SparseClassifier)
            shown = torch.stack([Tiles(7, seed=1)[index]["image"] for index in range(7)])
            seen["logits"] = pl_module.evaluator(pl_module.normalise(shown))

    trainer(tmp_path, epochs=1, callbacks=[listening(tmp_path, listener), Compare()]).fit(module, pictures())
    heard = torch.cat([one.activations["fc"] for one in listener.seen])
    assert torch.allclose(heard, seen["logits"], atol=1e-5)
    assert torch.cat([one.index for one in listener.seen]).tolist() == list(range(7))


@pytest.mark.parametrize(("every", "epochs", "expected"), [(1, 3, [0, 1, 2]), (2, 5, [1, 3, 4]), (9, 2, [1])])
def test_every_n_epochs_and_always_after_the_last(tmp_path: Path, every: int, epochs: int, expected: list[int]) -> None:
    driver = listening(tmp_path, Listener("act1"), every_n_epochs=every)
    trainer(tmp_path, epochs=epochs, callbacks=[driver]).fit(classifier(), pictures())
    assert [Record.load(folder).epoch for folder in find_records(tmp_path / "records")] == expected


def test_the_last_epoch_may_be_known_by_the_number_of_steps(tmp_path: Path) -> None:
    driver = listening(tmp_path, Listener("act1"), every_n_epochs=9)
    trainer(tmp_path, epochs=-1, max_steps=6, callbacks=[driver]).fit(classifier(), pictures())
    assert [Record.load(folder).epoch for folder in find_records(tmp_path / "records")] == [2]


def test_zero_epochs_between_analyses_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="every_n_epochs is 1 or more, got 0"):
        listening(tmp_path, every_n_epochs=0)


def test_an_unknown_layer_is_told_before_the_first_step(tmp_path: Path) -> None:
    module = classifier()
    before = copy.deepcopy(module.state_dict())
    with pytest.raises(ValueError, match=r"layer4\.0\.act9"):
        trainer(tmp_path, callbacks=[listening(tmp_path, Activity(["layer4.0.act9"]))]).fit(module, pictures())
    assert module.global_step == 0
    assert all(torch.equal(value, before[key]) for key, value in module.state_dict().items())


def test_missing_masks_are_told_before_the_first_step(tmp_path: Path) -> None:
    module = classifier()
    needy = Listener("act1", name="needy", needs=frozenset({"masks"}))
    with pytest.raises(ValueError, match="'needy' needs masks, which samples of Tiles lack"):
        trainer(tmp_path, callbacks=[listening(tmp_path, needy)]).fit(module, pictures(Tiles(7, seed=1)))
    assert module.global_step == 0


def test_a_run_without_analyses_is_a_run(tmp_path: Path) -> None:
    trainer(tmp_path, epochs=1, callbacks=[listening(tmp_path)]).fit(classifier(), pictures())
    assert not (tmp_path / "records").exists()


@pytest.mark.parametrize("own_probe", [False, True])
@pytest.mark.parametrize("deed", ["observe", "conclude"])
def test_hooks_are_gone_after_a_failing_analysis_which_is_named(tmp_path: Path, deed: str, own_probe: bool) -> None:
    module = classifier()
    evaluated: list[nn.Module] = []

    class Keep(Callback):
        def on_validation_batch_start(self, _: Trainer, pl_module: LightningModule, *__: object) -> None:
            assert isinstance(pl_module, SparseClassifier)
            evaluated.append(pl_module.evaluator)
            assert hooks_of(pl_module.evaluator) == (0 if own_probe else 2)

    driver = listening(tmp_path, Failing(deed))
    with pytest.raises(RuntimeError, match=f"analysis 'failing' failed to {deed}: .*no such thing"):
        trainer(tmp_path, callbacks=[driver, Keep()]).fit(module, pictures(probe=Tiles(5) if own_probe else None))
    assert hooks_of(module) == 0
    assert [hooks_of(network) for network in evaluated] == [0] * len(evaluated) != []
    assert not (tmp_path / "records").exists()


def test_hooks_are_gone_after_an_exception_in_the_validation(tmp_path: Path) -> None:
    module = classifier()
    evaluated: list[nn.Module] = []

    class Stumble(Callback):
        def on_validation_batch_start(self, _: Trainer, pl_module: LightningModule, *__: object) -> None:
            assert isinstance(pl_module, SparseClassifier)
            evaluated.append(pl_module.evaluator)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        trainer(tmp_path, callbacks=[listening(tmp_path, Activity(["act1"])), Stumble()]).fit(module, pictures())
    assert hooks_of(module) == 0
    assert hooks_of(evaluated[0]) == 0


def test_hooks_are_gone_after_an_exception_in_the_training(tmp_path: Path) -> None:
    """The dense network is heard itself, and its hooks would stay."""

    class Stumble(Callback):
        def on_train_batch_start(self, run: Trainer, *_: object) -> None:
            if run.current_epoch == 1:
                raise ZeroDivisionError

    module = SparseClassifier(Backbone("test_resnet", competitors=1), 2)
    with pytest.raises(ZeroDivisionError):
        trainer(tmp_path, callbacks=[listening(tmp_path, Activity(["act1"])), Stumble()]).fit(module, pictures())
    assert hooks_of(module) == 0
    assert [Record.load(folder).epoch for folder in find_records(tmp_path / "records")] == [0]


def test_hooks_are_gone_between_passes(tmp_path: Path) -> None:
    forwards = Forwards()
    train(tmp_path, Activity(["*act?"]), callbacks=(forwards,))
    assert forwards.hooks_between == [0, 0]


def test_a_dense_network_is_heard_as_it_is_and_rid_of_hooks(tmp_path: Path) -> None:
    """It is evaluated itself, not as a copy: a forgotten hook would stay for all epochs."""
    torch.manual_seed(0)
    module = SparseClassifier(Backbone("test_resnet", competitors=1), 2)
    trainer(tmp_path, callbacks=[listening(tmp_path, Activity(["act1"]))]).fit(module, pictures())
    assert hooks_of(module) == 0
    assert [Record.load(folder).epoch for folder in find_records(tmp_path / "records")] == [0, 1]


def test_what_analyses_find_can_choose_the_best_checkpoint(tmp_path: Path) -> None:
    clip = str(write_tiny_clip(tmp_path / "clip"))
    dissection = NeuronDissection(["layer4.0.act2"], clip, Vocabulary(WORDS), top_k=3)
    chooser = ModelCheckpoint(tmp_path / "best", monitor="neurons/distinct_concepts", mode="max", save_top_k=-1)
    run = trainer(tmp_path, callbacks=[listening(tmp_path, dissection), chooser], enable_checkpointing=True)
    run.fit(classifier(), pictures())
    records = [Record.load(folder) for folder in find_records(tmp_path / "records")]
    best = max(record.scalars["distinct_concepts"] for record in records)
    assert chooser.best_model_score is not None
    assert float(chooser.best_model_score) == best
    assert len(list((tmp_path / "best").iterdir())) == 2
    assert run.callback_metrics["analyses/seconds"] >= 0


def test_labels_are_followed_from_epoch_to_epoch(tmp_path: Path) -> None:
    """What the training leaves is what the records alone give afterwards, and a checkpoint can watch it."""
    clip = str(write_tiny_clip(tmp_path / "clip"))
    named = [
        NeuronDissection(["layer4.0.act2"], clip, Vocabulary(WORDS), top_k=3, name=name) for name in ("neurons", "late")
    ]
    run = trainer(tmp_path, epochs=3, callbacks=[listening(tmp_path, *named)])
    run.fit(classifier(), pictures())
    root = tmp_path / "records"
    for name in ("neurons", "late"):
        expected = [emergence_in(root, name, epoch) for epoch in range(3)]
        found = [Record.load(folder) for folder in find_records(root, name_of_emergence(name))]
        assert [one.epoch for one in found] == [0, 1, 2]
        for ours, theirs in zip(found, expected, strict=True):
            assert ours.scalars == pytest.approx(theirs.scalars, nan_ok=True)
            assert (ours.tables, ours.settings, ours.step) == (theirs.tables, theirs.settings, theirs.step)
    last = Record.load(find_records(root, "emergence")[-1])
    assert last.settings["epochs"] == [0, 1, 2]
    assert float(run.callback_metrics["emergence/labels_unchanged"]) == pytest.approx(last.scalars["labels_unchanged"])


@pytest.mark.filterwarnings("ignore:Checkpoint directory .* exists and is not empty")
def test_a_training_that_goes_on_follows_each_epoch_once(tmp_path: Path) -> None:
    """Records of epochs after the checkpoint, left by an attempt that was stopped, do not count."""
    clip = str(write_tiny_clip(tmp_path / "clip"))

    def fit(folder: Path, epochs: int, checkpoint: Path | None = None) -> None:
        dissection = NeuronDissection(["layer4.0.act2"], clip, Vocabulary(WORDS), top_k=3)
        saver = ModelCheckpoint(folder / "kept", filename="{epoch}", save_top_k=-1)
        run = trainer(
            folder, epochs=epochs, callbacks=[listening(folder, dissection), saver], enable_checkpointing=True
        )
        run.fit(classifier(), pictures(), ckpt_path=checkpoint, weights_only=True)

    fit(tmp_path / "whole", 3)
    fit(tmp_path / "stopped", 3)
    fit(tmp_path / "stopped", 3, tmp_path / "stopped" / "kept" / "epoch=0.ckpt")
    whole, again = (
        [Record.load(one) for one in find_records(tmp_path / name / "records", "emergence")]
        for name in ("whole", "stopped")
    )
    assert [one.tables for one in again] == [one.tables for one in whole]
    assert again[-1].tables["epochs"]["epoch"].to_pylist() == [0, 1, 2]


@pytest.mark.parametrize("name", ["emergence", "late-emergence"])
def test_the_names_of_what_follows_labels_are_taken(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match=f"cannot be called '{name}'"):
        listening(tmp_path, Listener("act1", name=name))


def test_a_validation_alone_leaves_records_too(tmp_path: Path) -> None:
    driver = listening(tmp_path, Activity(["act1"]), every_n_epochs=5)
    trainer(tmp_path, callbacks=[driver]).validate(classifier(), pictures(), verbose=False)
    assert [path.name for path in find_records(tmp_path / "records")] == ["activity"]


def test_strategies_that_shard_layers_are_refused_by_name() -> None:
    class FSDPStrategy: ...

    class Sharded:
        strategy = FSDPStrategy()

    with pytest.raises(ValueError, match="FSDPStrategy shards them; use strategy=ddp"):
        refuse_strategies_without_taps(Sharded())  # type: ignore[arg-type]


class Follower(Listener):
    """Goes on from its last record."""

    follows = True

    def conclude(self, network: nn.Module) -> Finding:
        last = self.listening.previous
        return Finding(scalars={"passes": 1 + (0 if last is None else last.scalars["passes"])})


@pytest.mark.parametrize("probe", [None, Tiles(7, seed=1)], ids=["validation", "sweep"])
def test_an_analysis_that_follows_its_records_goes_on_from_those_on_disk(tmp_path: Path, probe: Tiles | None) -> None:
    train(tmp_path, Follower("act1"), probe=probe)
    assert [Record.load(folder).scalars["passes"] for folder in find_records(tmp_path / "records")] == [1, 2]
    train(tmp_path, Follower("act1"), probe=probe)  # anew, where the records of both epochs lie
    assert [Record.load(folder).scalars["passes"] for folder in find_records(tmp_path / "records")] == [1, 2]
