"""Which linear layers become sparse: those behind a competition alone, and only where the times say so."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest
import timm
import torch
from torch import Tensor, nn
from torch.nn.utils import prune

from rivalry.lwta import LWTA, SparseChoice, SparseLinear, sparse_inference, use_sparse_linears


@pytest.fixture(params=[True, False], ids=["sparse is faster", "dense is faster"])
def faster(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """As if one way had been measured to be ten times faster."""
    times = (1.0, 0.1) if request.param else (0.1, 1.0)
    monkeypatch.setattr(sparse_inference, "_best_seconds", lambda *_: times)
    return bool(request.param)


@pytest.fixture
def sparse_is_faster(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sparse_inference, "_best_seconds", lambda *_: (1.0, 0.1))


def sparse_names(network: nn.Module) -> list[str]:
    return [name for name, module in network.named_modules() if isinstance(module, SparseLinear)]


def perceptron(*between: nn.Module) -> nn.Sequential:
    return nn.Sequential(nn.Linear(6, 12), LWTA(4, dim=-1), *between, nn.Linear(12, 5))


def test_the_faster_way_stays(faster: bool) -> None:
    network = perceptron(nn.Dropout(0.5), nn.Identity())
    keys, example = list(network.state_dict()), torch.randn(3, 6)
    with torch.inference_mode():
        expected = copy.deepcopy(network).eval()(example)
        (choice,) = use_sparse_linears(network, example)
        torch.testing.assert_close(network.eval()(example), expected, rtol=0, atol=1e-5)
    assert (choice.name, choice.competition, choice.sparse) == ("4", "1", faster)
    assert sparse_names(network) == (["4"] if faster else [])
    assert list(network.state_dict()) == keys


@pytest.mark.parametrize(
    ("dense", "sparse", "chosen"), [(1.0, 0.5, "sparse"), (1.0, 0.95, "dense"), (0.5, 1.0, "dense")]
)
def test_a_choice_says_what_was_measured(dense: float, sparse: float, chosen: str) -> None:
    said = str(SparseChoice("fc2", "act", dense / 1e3, sparse / 1e3))
    assert said == f"fc2 behind act: {chosen} (sparse {sparse:g} ms, dense {dense:g} ms)"


@pytest.mark.usefixtures("sparse_is_faster")
@pytest.mark.parametrize("base", ["deit_tiny_patch16_224", "vit_tiny_patch16_224"])
@pytest.mark.parametrize("batch", [1, 8])
def test_a_vit_is_sparse_in_its_mlps(base: str, batch: int) -> None:
    network = timm.create_model("lwta", base=base, competitors=24, depth=2, img_size=64, num_classes=5).eval()
    images = torch.randn(batch, 3, 64, 64)
    with torch.inference_mode():
        expected = network(images)
        choices = use_sparse_linears(network, images)
        found = network(images)
    assert sparse_names(network) == [choice.name for choice in choices] == ["blocks.0.mlp.fc2", "blocks.1.mlp.fc2"]
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)


@pytest.mark.usefixtures("sparse_is_faster")
def test_a_convnext_is_sparse_where_channels_come_last() -> None:
    network = timm.create_model("lwta", base="convnext_tiny", competitors=24, depths=(1, 1, 1, 1), num_classes=5).eval()
    images = torch.randn(2, 3, 64, 64)
    with torch.inference_mode():
        expected = network(images)
        choices = use_sparse_linears(network, images)
        torch.testing.assert_close(network(images), expected, rtol=0, atol=1e-5)
    assert [choice.name for choice in choices] == [f"stages.{stage}.blocks.0.mlp.fc2" for stage in range(4)]


class Reused(nn.Module):
    """A linear layer that runs on something else as well, and one that bears two names."""

    def __init__(self) -> None:
        super().__init__()
        self.compete, self.several, self.alone = LWTA(2, dim=-1), nn.Linear(4, 4), nn.Linear(4, 4)
        self.alias = self.alone

    def forward(self, x: Tensor) -> Tensor:
        y = self.compete(x)
        summed: Tensor = self.alone(y) + self.several(y) + self.several(x)
        return summed


@pytest.mark.usefixtures("sparse_is_faster")
def test_a_layer_of_several_calls_stays_and_one_of_several_names_is_one() -> None:
    network = Reused()
    assert [choice.name for choice in use_sparse_linears(network, torch.randn(3, 4))] == ["alone"]
    assert isinstance(network.alone, SparseLinear)
    assert network.alias is network.alone


@pytest.mark.usefixtures("sparse_is_faster")
@pytest.mark.parametrize(
    "network",
    [
        perceptron(nn.LayerNorm(12)),
        perceptron(nn.Threshold(0.0, 0.5, inplace=True)),  # the same tensor, and no longer sparse
        nn.Sequential(nn.Linear(6, 12), nn.GELU(), nn.Linear(12, 5)),
        nn.Sequential(nn.Linear(6, 12), LWTA(4, dim=-1), nn.Unflatten(1, (4, 3)), nn.Linear(3, 5)),
        nn.Sequential(nn.Unflatten(1, (2, 3)), LWTA(2, dim=1), nn.Linear(3, 5)),
    ],
    ids=["norm", "in place", "no competition", "another shape", "another axis"],
)
def test_what_is_no_pair_stays(network: nn.Module) -> None:
    assert use_sparse_linears(network, torch.randn(2, 6)) == []
    assert sparse_names(network) == []


@pytest.mark.usefixtures("sparse_is_faster")
def test_a_pruned_layer_stays() -> None:
    network = perceptron()
    prune.random_unstructured(network[2], "weight", amount=0.5)
    assert use_sparse_linears(network, torch.randn(2, 6)) == []


def test_modes_and_hooks_are_as_before() -> None:
    network = perceptron(nn.Dropout()).train()
    network[2].eval()
    use_sparse_linears(network, torch.randn(2, 6))
    assert [module.training for module in network] == [True, True, False, True]
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in network.modules())


def test_hooks_are_gone_after_an_error() -> None:
    network = perceptron()
    with pytest.raises(RuntimeError):
        use_sparse_linears(network, torch.randn(2, 7))
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in network.modules())


def test_a_competition_that_evaluates_by_mean_is_refused() -> None:
    network = perceptron()
    network[1].evaluation_mode = "mean"
    with pytest.raises(ValueError, match="1 evaluates by 'mean'"):
        use_sparse_linears(network, torch.randn(2, 6))


def test_times_are_measured_in_turns() -> None:
    calls: list[str] = []

    def way(name: str) -> Callable[[], Tensor]:
        return lambda: calls.append(name) or torch.zeros(())  # type: ignore[func-returns-value]

    dense, sparse = sparse_inference._best_seconds(way("dense"), way("sparse"), torch.device("cpu"))
    assert calls[:4] == ["dense", "sparse"] * 2
    assert 0 < dense < 1 > sparse > 0


@pytest.mark.usefixtures("sparse_is_faster")
def test_the_whole_network_is_exported() -> None:
    network = timm.create_model(
        "lwta", base="deit_tiny_patch16_224", competitors=24, depth=2, img_size=32, num_classes=5
    ).eval()
    images = torch.randn(2, 3, 32, 32)
    with torch.inference_mode():
        expected = network(images)
    use_sparse_linears(network, images)
    exported = torch.export.export(network, (images,))
    targets = [str(node.target) for node in exported.graph.nodes]
    assert targets.count("aten.embedding_bag.padding_idx") == 2
    with torch.inference_mode():
        torch.testing.assert_close(exported.module()(images), expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("bias", [True, False])
def test_what_is_timed_gives_the_same(bias: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Eagerly from the competition's output, and as exported from its input, which is compiled with it."""
    found: list[Tensor] = []

    def compute(
        dense: Callable[[], Tensor], sparse: Callable[[], Tensor], _device: torch.device
    ) -> tuple[float, float]:
        found.extend([dense(), sparse()])
        return 0.1, 1.0

    monkeypatch.setattr(sparse_inference, "_best_seconds", compute)
    monkeypatch.setattr(torch, "compile", lambda way, **_: way)
    network, example = perceptron().eval(), torch.randn(2, 6)
    network[2] = nn.Linear(12, 5, bias=bias)
    for exported in (False, True):
        use_sparse_linears(network, example, exported=exported)
    with torch.inference_mode():
        expected = network(example)
    assert len(found) == 4
    for output in found:
        torch.testing.assert_close(output, expected, rtol=0, atol=1e-5)
