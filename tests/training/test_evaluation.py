"""Evaluation by argmax on a copy, and by averaged draws."""

import copy

import pytest
import torch
from torch import nn

from rivalry.lwta import competitions, evaluating
from rivalry.training.backbone import build_network
from rivalry.training.evaluation import _say, average_of_draws, evaluation_copy
from rivalry.training.settings import Backbone


def images(count: int = 8, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (count, 3, 16, 16), generator=generator, dtype=torch.uint8)


def normalise(pictures: torch.Tensor) -> torch.Tensor:
    return pictures.float() / 255


def competing_network() -> nn.Module:
    torch.manual_seed(1)
    return build_network(Backbone("test_resnet", competitors=2), 3)


def test_the_copy_has_statistics_of_argmax_and_the_network_is_left_alone() -> None:
    network = competing_network().train()
    before = copy.deepcopy(network.state_dict())
    state = torch.get_rng_state()
    evaluated = evaluation_copy(network, [{"image": images(16)}], normalise)
    assert torch.equal(torch.get_rng_state(), state)
    assert network.training
    assert all(torch.equal(value, before[key]) for key, value in network.state_dict().items())
    changed = {key for key, value in evaluated.state_dict().items() if not torch.equal(value, before[key])}
    assert changed
    assert {key.rsplit(".", 1)[1] for key in changed} <= {"running_mean", "running_var", "num_batches_tracked"}
    assert not evaluated.training
    assert {layer.mode for layer in competitions(evaluated).values()} == {"argmax"}


def test_the_statistics_are_those_of_the_calibration_images() -> None:
    """The first normalisation sees the first convolution's output, whatever competes behind it."""
    network, pictures = competing_network(), images(16)
    evaluated = evaluation_copy(network, [{"image": pictures}], normalise)
    first = evaluated.get_submodule("conv1.0")(normalise(pictures))
    assert torch.allclose(evaluated.get_submodule("conv1.1").running_mean, first.mean((0, 2, 3)), atol=1e-5)


def test_without_calibration_images_it_is_an_error_where_statistics_are_kept() -> None:
    with pytest.raises(ValueError, match="by argmax re-estimates BatchNorm statistics and needs training images"):
        evaluation_copy(competing_network(), None, normalise)


def test_without_normalisation_statistics_no_images_are_needed() -> None:
    vit = build_network(Backbone("test_vit", competitors=2, arguments={"img_size": 32}), 3)
    evaluated = evaluation_copy(vit, None, normalise)
    assert evaluated is not vit


def test_a_dense_network_is_evaluated_as_it_is() -> None:
    dense = build_network(Backbone("test_resnet", competitors=1), 3)
    assert evaluation_copy(dense, None, normalise) is dense


def test_draws_are_seeded_averaged_and_apart_from_the_global_state() -> None:
    network, inputs = competing_network().eval(), normalise(images(4))
    state = torch.get_rng_state()
    first = average_of_draws(network, inputs, samples=3, seed=7)
    torch.rand(5)
    assert torch.equal(first, average_of_draws(network, inputs, samples=3, seed=7))
    assert not torch.equal(first, average_of_draws(network, inputs, samples=3, seed=8))
    torch.set_rng_state(state)
    average_of_draws(network, inputs, samples=2, seed=0)
    assert torch.equal(torch.get_rng_state(), state)
    with torch.no_grad(), evaluating(network, "sample", seed=7):
        each = [network(inputs) for _ in range(3)]
    assert not torch.equal(each[0], each[1])
    assert torch.allclose(first, torch.stack(each).mean(0), atol=1e-6)
    assert not first.requires_grad
    assert {layer.mode for layer in competitions(network).values()} == {"argmax"}


def test_it_is_said_once_that_statistics_are_re_estimated(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    _say.cache_clear()
    with caplog.at_level("INFO"):
        for _ in range(2):
            evaluation_copy(competing_network(), [{"image": images()}], normalise, mode="mean")
    said = capsys.readouterr().err + caplog.text
    assert said.count("Evaluating by mean on a copy") == 1


def test_draws_keep_the_statistics_of_training() -> None:
    network = competing_network()
    drawing = evaluation_copy(network, None, normalise, mode="sample")
    assert drawing is not network
    assert {layer.mode for layer in competitions(drawing).values()} == {"sample"}
    assert all(
        torch.equal(a, b) for a, b in zip(network.state_dict().values(), drawing.state_dict().values(), strict=True)
    )
