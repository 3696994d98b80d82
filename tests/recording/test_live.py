"""A live network: its gradients are those of a plain pass, it stops where it may, and nothing of it stays."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from rivalry.lwta.layer import LWTA, evaluating
from rivalry.lwta.turns import InTurn
from rivalry.recording.live import Live


def make_network() -> nn.Sequential:
    torch.manual_seed(0)
    convolutions = [nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), LWTA(2), nn.Conv2d(4, 6, 3), nn.ReLU(inplace=True)]
    return nn.Sequential(*convolutions, nn.Flatten(), nn.Linear(24, 3))


def pictures() -> Tensor:
    return (255 * torch.rand(5, 3, 6, 6, generator=torch.Generator().manual_seed(1))).requires_grad_()


def test_gradients_are_those_of_a_plain_pass() -> None:
    network, images = make_network(), pictures()
    with Live(network, ["3"]) as live:
        heard = live(images)
        (own,) = torch.autograd.grad(heard.logits[:, 1].sum() + heard.outputs["3"].square().sum(), images)
    before = network.eval()[:4](images / 255)
    logits = network[4:](before.clone())
    (wanted,) = torch.autograd.grad(logits[:, 1].sum() + before.square().sum(), images)
    torch.testing.assert_close(own, wanted)


def test_what_is_heard_is_not_written_into_by_an_activation_in_place() -> None:
    network = make_network()
    with Live(network, ["3"]) as live:
        assert bool((live(pictures()).outputs["3"] < 0).any())


@pytest.mark.parametrize("switched_off", [torch.no_grad, torch.inference_mode])
def test_gradients_pass_whatever_is_switched_off_around(switched_off: Callable[[], object]) -> None:
    network, images = make_network(), pictures()
    with switched_off(), Live(network) as live, torch.inference_mode(False), torch.enable_grad():  # type: ignore[attr-defined]
        logits = live(images).logits
        assert logits is not None
        assert bool(torch.autograd.grad(logits.sum(), images)[0].any())


def test_weights_get_no_gradient_and_ask_for_one_again_afterwards() -> None:
    network = make_network()
    network[0].bias.requires_grad_(False)
    with Live(network) as live:
        live(pictures()).logits.sum().backward()
    assert all(weight.grad is None for weight in network.parameters())
    asking = [name for name, weight in network.named_parameters() if not weight.requires_grad]
    assert asking == ["0.bias"]


def test_a_pass_without_logits_ends_behind_the_last_layer() -> None:
    network = make_network()
    ran = []
    network[6].register_forward_hook(lambda *_: ran.append("head"))
    with Live(network, ["3", "1"], logits=False) as live:
        heard = live(pictures())
    assert heard.logits is None
    assert list(heard.outputs) == ["1", "3"]
    assert ran == []


def test_a_pass_that_was_broken_off_leaves_turns_at_their_beginning() -> None:
    network = make_network()
    turns = InTurn([nn.ReLU(), nn.Tanh()])
    network[4] = turns
    network.register_forward_pre_hook(turns.restart)
    network.append(turns)
    images = pictures()
    wanted = network.eval()(images / 255)
    with Live(network, ["4.0"], logits=False) as live:
        live(images)
    torch.testing.assert_close(network(images / 255), wanted)


def test_draws_are_by_seed_and_new_in_every_run() -> None:
    network, images = make_network(), pictures()
    with evaluating(network, "sample", seed=5):
        seen = []
        for _ in range(2):
            with Live(network, seed=3) as live:
                seen.append([live(images).logits for _ in range(2)])
    torch.testing.assert_close(seen[0], seen[1], rtol=0, atol=0)
    assert not torch.equal(seen[0][0], seen[0][1])


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_nothing_of_it_stays(error: type[BaseException]) -> None:
    network = make_network().train()
    before, state = copy.deepcopy(network.state_dict()), torch.get_rng_state()

    def broken_off() -> None:
        with Live(network, ["*"]) as live:
            live(pictures())
            raise error("stop")

    with pytest.raises(error, match="stop"):
        broken_off()
    assert all(module.training for module in network.modules())
    assert not any(module._forward_hooks for module in network.modules())
    assert all(weight.requires_grad for weight in network.parameters())
    assert torch.equal(torch.get_rng_state(), state)
    torch.testing.assert_close(network.state_dict(), before, rtol=0, atol=0)
    assert network[2].generator is None


def test_gradients_reach_those_that_lose_where_that_is_asked_for() -> None:
    network, images = make_network(), pictures()
    seen, reached = {}, {}
    for to_losers in (False, True):
        with Live(network, ["1"], to_losers=to_losers) as live:
            heard = live(images)
            (gradient,) = torch.autograd.grad(heard.logits.sum(), heard.outputs["1"])
        seen[to_losers], reached[to_losers] = heard.logits, float((gradient != 0).float().mean())
    torch.testing.assert_close(seen[True], seen[False], rtol=0, atol=0)
    assert reached[False] == 0.5
    assert reached[True] > 0.9
    assert network[2].surrogate is None


def test_an_unknown_layer_or_nothing_wanted_is_refused() -> None:
    with pytest.raises(ValueError, match="neither was wanted"):
        Live(make_network(), logits=False)
    with pytest.raises(ValueError, match="no layer of Sequential is called '9'"):
        Live(make_network(), ["9"])


def test_outside_its_context_it_does_not_run() -> None:
    with pytest.raises(RuntimeError, match="within its context"):
        Live(make_network())(pictures())
