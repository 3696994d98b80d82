"""LWTA as a module: modes, their contexts, the winners' hook point."""

from __future__ import annotations

import copy
import math

import pytest
import torch
from torch import Tensor, nn

from rivalry.lwta.competition import win_by_argmax, win_in_expectation, win_mask
from rivalry.lwta.layer import LWTA, collecting_kl, competitions, evaluating, passing_to_losers, set_competition


def small_network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(6, 8), LWTA(4, dim=-1), nn.Linear(8, 4), LWTA(2, dim=-1))


def test_each_mode_is_its_function() -> None:
    h = torch.randn(5, 8)
    layer = LWTA(4, dim=1, sharpness=2.0)
    assert layer.mode == "sample"
    layer.eval()
    assert torch.equal(layer(h), win_by_argmax(h, 4, 1)[0])
    layer.evaluation_mode = "mean"
    assert torch.equal(layer(h), win_in_expectation(h, 4, 1, sharpness=2.0)[0])
    assert not list(layer.parameters())
    assert not layer.state_dict()


def test_training_draws_and_evaluation_does_not_touch_the_random_state() -> None:
    layer, h = LWTA(4, dim=1), torch.zeros(50, 8)
    assert not torch.equal(layer(h + 1), layer(h + 1))
    layer.eval()
    state = torch.get_rng_state()
    layer(h)
    with evaluating(layer, "sample", seed=3):
        layer(h)
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("mode", ["sample", "argmax", "mean"])
def test_the_winners_pass_through_the_hook_point(mode: str) -> None:
    seen: list[Tensor] = []
    layer = LWTA(4, dim=1, evaluation_mode=mode).eval()  # type: ignore[arg-type]
    layer.winner.register_forward_hook(lambda _m, _i, winners: seen.append(winners))
    h = torch.randn(3, 8, 2, 2)
    y = layer(h)
    assert seen[0].shape == (3, 2, 2, 2)
    if mode != "mean":
        assert torch.equal(win_mask(seen[0], 4, 1), y != 0)


def test_evaluating_is_seeded_and_restores_even_after_an_error() -> None:
    network, x = small_network().eval(), torch.randn(9, 6)
    with evaluating(network, "sample", seed=1):
        first = network(x)
    with evaluating(network, "sample", seed=1):
        again = network(x)
    with pytest.raises(RuntimeError, match="interrupted"), evaluating(network, "sample", seed=1):
        raise RuntimeError("interrupted")
    assert torch.equal(first, again)
    assert all(
        layer.evaluation_mode == "argmax" and layer.generator is None for layer in competitions(network).values()
    )


def test_schedules_set_every_layer_without_entering_the_state_dict() -> None:
    network = small_network()
    set_competition(network, temperature=0.5, sharpness=7.0)
    assert [float(layer.sharpness) for layer in competitions(network).values()] == [7.0, 7.0]
    assert [float(layer.temperature) for layer in competitions(network).values()] == [0.5, 0.5]
    set_competition(network, estimator="conditional")
    assert [layer.estimator for layer in competitions(network).values()] == ["conditional", "conditional"]
    assert not network[1].state_dict()
    assert float(copy.deepcopy(network)[1].sharpness) == 7.0


def test_kl_is_collected_apart_and_pulls_towards_uniform() -> None:
    network, x = small_network(), torch.randn(16, 6)
    with collecting_kl(network) as divergences:
        network(x)
    assert len(divergences) == 2
    torch.stack(divergences).sum().backward()
    assert network[0].weight.grad.abs().sum() > 0
    network(x)
    assert len(divergences) == 2  # the hooks are gone


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"competitors": 1}, "at least 2 competitors"),
        ({"competitors": 2, "evaluation_mode": "max"}, "unknown mode 'max'.*argmax"),
        ({"competitors": 2, "estimator": "reinforce"}, "unknown estimator 'reinforce'.*gumbel_softmax"),
        ({"competitors": 2, "temperature": 0.0}, "temperature must be positive, got 0"),
        ({"competitors": 2, "sharpness": -1.0}, "sharpness must be positive"),
    ],
)
def test_bad_arguments_are_one_clear_error(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        LWTA(**arguments)  # type: ignore[arg-type]


def test_nan_is_refused() -> None:
    with pytest.raises(ValueError, match="NaN or infinite"):
        LWTA(2).eval()(torch.tensor([[float("nan"), 1.0]]))


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("competitors", [2, 4])
def test_off_the_cpu_a_layer_never_waits_for_values(competitors: int, training: bool) -> None:
    layer = LWTA(competitors, dim=1).to("meta").train(training)  # a value that is asked for is an error on this device
    assert layer(torch.empty(2, 8, 4, 4, device="meta")).shape == (2, 8, 4, 4)


def test_large_finite_activations_are_no_error() -> None:
    assert torch.equal(LWTA(2).eval()(torch.full((1, 4), 3e38)), torch.tensor([[3e38, 0, 3e38, 0]]))


def gradient_to(activations: torch.Tensor, sharpness: float = 2.0) -> torch.Tensor:
    """Of the sum of squares of what a layer of pairs gives, where gradients pass to losers."""
    network = nn.Sequential(LWTA(competitors=2)).eval()
    inputs = activations.clone().requires_grad_()
    with passing_to_losers(network, sharpness):
        (gradient,) = torch.autograd.grad(network(inputs).square().sum(), inputs)
    return gradient


def test_gradients_pass_to_losers_by_chances_on_the_scale_of_the_lead() -> None:
    """By hand: one block (3, 1), lead 2, so that chances are softmax(3, 1); the output is (3, 0)."""
    won = 1 / (1 + math.exp(-2))
    slope = 3 * won * (1 - won)
    torch.testing.assert_close(gradient_to(torch.tensor([[3.0, 1.0]])), torch.tensor([[6 * (won + slope), -6 * slope]]))


def test_gradients_to_losers_are_alike_on_any_scale_and_for_any_company() -> None:
    activations = torch.randn(3, 4, 2, 2, generator=torch.Generator().manual_seed(0))
    together = gradient_to(activations)
    torch.testing.assert_close(gradient_to(activations[1:2]), together[1:2])
    torch.testing.assert_close(gradient_to(100 * activations), 100 * together)
    assert bool(gradient_to(torch.zeros(1, 4)).isfinite().all())
