"""The operator in networks: autograd, compiled, autocast, checkpointed, and where there is no kernel."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from rivalry.lwta.kernels import cpu, operator, reference
from rivalry.lwta.layer import LWTA
from rivalry.numerics.native import NotCompiled


@pytest.fixture
def no_kernel(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine without a compiler."""

    def refuse() -> None:
        raise NotCompiled("there is no C++ compiler (c++)")

    monkeypatch.setattr(cpu, "library", refuse)
    operator._kernel.cache_clear()
    yield
    operator._kernel.cache_clear()


def gradients(network: nn.Module, images: Tensor) -> tuple[Tensor, list[Tensor]]:
    torch.manual_seed(5)
    network.zero_grad()
    output = network(images)
    output.square().sum().backward()
    return output.detach(), [parameter.grad.clone() for parameter in network.parameters() if parameter.grad is not None]


def small_network(**options: Any) -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), LWTA(4, **options), nn.Conv2d(8, 4, 1), LWTA(2, **options))


def assert_same(first: tuple[Tensor, list[Tensor]], second: tuple[Tensor, list[Tensor]], **tolerance: float) -> None:
    torch.testing.assert_close(first[0], second[0], **tolerance)
    torch.testing.assert_close(first[1], second[1], **tolerance)


@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize("wants_winners", [False, True])
def test_it_keeps_the_rules_of_operators(channels_last: bool, wants_winners: bool) -> None:
    h = torch.randn(2, 8, 3, 3)
    if channels_last:
        h = h.contiguous(memory_format=torch.channels_last)
    one = torch.tensor(1.0)
    arguments = (h.requires_grad_(), torch.tensor(3), one, one, 4, 1, "gumbel_softmax", wants_winners)
    torch.library.opcheck(torch.ops.rivalry.compete.default, arguments, test_utils=("test_schema", "test_faketensor"))


@pytest.mark.slow
def test_a_compiled_network_draws_as_an_eager_one() -> None:
    """In a process of its own: the checks of shapes, which tests switch on, do not compile."""
    code = """
        import torch
        from torch import nn
        from rivalry.lwta.layer import LWTA

        def gradients(run, network, images):
            torch.manual_seed(5)
            network.zero_grad()
            output = run(images)
            output.square().sum().backward()
            return [output.detach(), *(parameter.grad.clone() for parameter in network.parameters())]

        network = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), LWTA(4), nn.Conv2d(8, 4, 1), LWTA(2))
        images = torch.randn(2, 3, 8, 8)
        for training in (True, False):
            network.train(training)
            compiled = torch.compile(network, fullgraph=True, dynamic=False, options={"fallback_random": True})
            expected = gradients(network, network, images)
            for found, wanted in zip(gradients(compiled, network, images), expected, strict=True):
                torch.testing.assert_close(found, wanted, atol=1e-5, rtol=1e-5)
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=True)


@pytest.mark.parametrize("reentrant", [True, False])
def test_recomputed_activations_draw_the_same(reentrant: bool) -> None:
    class Checkpointed(nn.Module):
        def __init__(self, network: nn.Module) -> None:
            super().__init__()
            self.network = network

        def forward(self, images: Tensor) -> Tensor:
            again: Tensor = checkpoint(self.network, images, use_reentrant=reentrant)
            return again

    network, images = small_network(), torch.randn(2, 3, 8, 8, requires_grad=True)
    assert_same(gradients(Checkpointed(network), images), gradients(network, images), atol=0, rtol=0)


def test_under_autocast_it_keeps_the_precision_of_its_input() -> None:
    network, images = small_network(), torch.randn(2, 3, 8, 8)
    with torch.autocast("cpu", torch.bfloat16):
        output = network(images)
    assert output.dtype == torch.bfloat16
    assert int((output != 0).sum()) == output.numel() // 2
    output.float().sum().backward()
    assert network[0].weight.grad.dtype == torch.float32


@pytest.mark.usefixtures("no_kernel")
def test_without_a_kernel_the_plain_formulas_run_and_say_so_once() -> None:
    network, images = small_network(), torch.randn(2, 3, 8, 8)
    with pytest.warns(UserWarning, match=r"without a fused kernel.*there is no C\+\+ compiler"):
        slow = gradients(network, images)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert_same(gradients(network, images), slow, atol=0, rtol=0)


def test_kernel_and_plain_formulas_train_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    network, images = small_network(), torch.randn(2, 3, 8, 8)
    fused = gradients(network, images)
    monkeypatch.setattr(operator, "_kernel", lambda *_: reference)
    assert_same(fused, gradients(network, images), atol=1e-4, rtol=1e-4)


def test_double_precision_has_no_kernel_and_says_so() -> None:
    operator._kernel.cache_clear()
    layer, h = LWTA(2), torch.randn(3, 4, 5, dtype=torch.float64, requires_grad=True)
    with pytest.warns(UserWarning, match=r"there is none for torch.float64 on cpu"):
        y = layer(h)
    y.sum().backward()
    assert y.dtype == h.grad.dtype == torch.float64
    operator._kernel.cache_clear()


@pytest.mark.parametrize("estimator", ["gumbel_softmax", "softmax", "conditional"])
def test_every_estimator_is_an_option_of_the_layer(estimator: str) -> None:
    layer, h = LWTA(4, estimator=estimator), torch.randn(3, 8, 5, requires_grad=True)  # type: ignore[arg-type]
    y = layer(h)
    y.square().sum().backward()
    assert int((y != 0).sum()) == y.numel() // 4
    assert bool(h.grad.isfinite().all())
    assert not torch.equal(h.grad, 2 * y)  # something comes through the draw


def test_a_layer_with_an_unusual_layout_gives_the_same() -> None:
    layer, h = LWTA(4).eval(), torch.randn(3, 5, 6, 8)
    moved = h.permute(0, 3, 2, 1)
    assert torch.equal(layer(moved), layer(moved.contiguous()))
    assert torch.equal(layer(moved[:, :, ::2]), layer(moved)[:, :, ::2])


def test_an_exported_network_needs_no_operator_of_ours() -> None:
    """In a process of its own: the checks of shapes, which tests switch on, cannot be exported."""
    code = """
        import torch
        from torch import nn
        from rivalry.lwta.layer import LWTA

        network = nn.Sequential(nn.Conv2d(3, 8, 3), LWTA(4), nn.Conv2d(8, 4, 1), LWTA(2)).eval()
        images = torch.randn(2, 3, 8, 8)
        program = torch.export.export(network, (images,))
        assert "rivalry" not in program.graph_module.code
        torch.testing.assert_close(program.module()(images), network(images))
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=True)
