"""A training that has gone astray stops, says where, and leaves the last good checkpoint."""

from __future__ import annotations

import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from rivalry.training.divergence import LossWatch, refuse_lost_weights
from tests.training.test_resuming import callback
from tests.training.written_run import rivalry, write_settings


def at(step: int) -> Any:
    return SimpleNamespace(global_step=step, current_epoch=1, checkpoint_callbacks=[])


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_the_step_is_named_at_once_on_the_cpu(value: float) -> None:
    watch = LossWatch()
    watch.note(torch.tensor(1.0), at(6))
    with pytest.raises(ValueError, match=rf"step 7, in epoch 1: the loss is {value}; there is no checkpoint yet"):
        watch.note(torch.tensor(value), at(7))


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
def test_on_a_device_the_first_bad_step_is_named_when_it_is_looked_up() -> None:
    watch = LossWatch()
    for step, value in ((1, 1.0), (2, math.nan), (3, 1.0), (4, math.inf)):
        watch.note(torch.tensor(value, device="cuda"), at(step))
    with pytest.raises(ValueError, match="step 2, in epoch 1: the loss is NaN or infinite"):
        watch.look(at(5))
    with pytest.raises(ValueError, match="step 2"):
        watch.note(torch.tensor(1.0, device="cuda"), at(50))


def test_a_lost_weight_is_named() -> None:
    network = torch.nn.Linear(2, 2)
    refuse_lost_weights(network, at(3))
    network.bias.data[1] = math.inf
    with pytest.raises(ValueError, match="weights of bias are NaN or infinite"):
        refuse_lost_weights(network, at(3))


@pytest.mark.parametrize(
    ("spoiled", "said"),
    [
        ({"step": 3}, "the training stops at step 3, in epoch 1: the loss is nan"),
        ({"step": 3, "after": True}, "in epoch 1: weights of fc.bias are NaN or infinite"),
    ],
    ids=["loss", "weights after the last step"],
)
def test_the_command_line_stops_with_the_step_and_keeps_the_last_good_checkpoint(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], spoiled: dict[str, Any], said: str
) -> None:
    settings = write_settings(
        tmp_path / "tiles.yaml", trainer__callbacks=callback("SpoilAt", **spoiled), analyses=[],
        model__evaluation={"samples": 0}, model__competition={"kl_weight": 0.1},
    )  # fmt: skip
    assert rivalry("fit", "--config", settings, "--name", "x", "--runs", tmp_path / "runs") == 2
    error = capsys.readouterr().err.split("rivalry fit: ")[-1]
    assert said in error
    assert "the last good checkpoint is" in error
    assert len(error.splitlines()) == 1
    kept = list((tmp_path / "runs/x/checkpoints").iterdir())
    assert {path.name for path in kept} == {"last.ckpt", "best-0000.ckpt"}
    for path in kept:
        stored = torch.load(path, weights_only=True)
        assert stored["epoch"] == 0
        assert all(value.isfinite().all() for value in stored["state_dict"].values())


def test_activations_that_are_no_numbers_name_the_step_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Far too large a rate: the competition itself has no winner."""
    settings = write_settings(
        tmp_path / "tiles.yaml", analyses=[], model__optimisation={"optimiser": "sgd", "rate": 1e30}
    )
    assert rivalry("fit", "--config", settings, "--name", "x", "--runs", tmp_path / "runs") == 2
    error = capsys.readouterr().err.split("rivalry fit: ")[-1]
    assert error.startswith("the training stops at step 1, in epoch 0: ")
    assert "activations" in error
    assert not (tmp_path / "runs/x/checkpoints").exists()
