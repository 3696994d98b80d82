"""Mixed precision, compilation and accumulation, with everything else on: what the CPU can, and a GPU."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch

from rivalry.training.schedules import Schedule
from rivalry.training.settings import Backbone, Competition, Regularisation, Teacher
from tests.training.small_run import classifier, pictures, trainer
from tests.training.test_distillation import teacher_file

EVERYTHING = {
    # No convolutions: in bf16 on the CPU, torch's gradients of convolutions over single pixels are NaN now and then.
    "backbone": Backbone("test_vit", competitors=2, arguments={"img_size": 8, "patch_size": 4}),
    "competition": Competition(Schedule(1.0, 9.0, "geometric"), kl_weight=Schedule(0.1, 0.0, "linear")),
    "regularisation": Regularisation("binary", label_smoothing=0.1, ema_decay=0.9),
}


def assert_trains(folder: Path, precision: str, accelerator: str = "cpu", *, compile: bool = False) -> None:
    """Two epochs in which weights and average move and all scores are numbers."""
    module = classifier(**EVERYTHING, teacher=Teacher("test_resnet", teacher_file(folder, classes=2)), compile=compile)
    start = {key: value.clone() for key, value in module.network.state_dict().items()}
    run = trainer(
        folder, 2, precision=precision, accelerator=accelerator, accumulate_grad_batches=2, gradient_clip_val=0.5
    )
    run.fit(module, pictures(batch_size=4))
    scores = {name: float(value) for name, value in run.callback_metrics.items()}
    assert {"train/kl", "val/calibration_error", "val/sampled_loss"} <= scores.keys()
    assert all(math.isfinite(value) for value in scores.values()), scores
    for network in (module.network, module.averaged):
        state = network.state_dict()
        assert not torch.equal(state["head.weight"].cpu(), start["head.weight"])
        assert {value.dtype for value in state.values()} <= {torch.float32, torch.int64}


@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
def test_the_cpu_trains_with_everything_on(tmp_path: Path, precision: str) -> None:
    assert_trains(tmp_path, precision)


def test_fp16_becomes_bf16_on_the_cpu_and_that_is_said(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="fp16 is not supported on CPU. Using `precision='bf16-mixed'`"):
        assert_trains(tmp_path, "16-mixed")


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
@pytest.mark.parametrize("compile", [False, True])
@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed", "16-mixed"])
def test_a_gpu_trains_with_everything_on(tmp_path: Path, precision: str, compile: bool) -> None:
    assert_trains(tmp_path, precision, "gpu", compile=compile)
