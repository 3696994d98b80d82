"""Linear layers that look up winners: the values of dense ones, in every layout, precision and mode that they meet."""

from __future__ import annotations

import copy
import io
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional

from rivalry.lwta import LWTA, SparseLinear, evaluating
from rivalry.lwta import sparse_linear as subject
from rivalry.numerics import native
from rivalry.numerics.native import NotCompiled


@pytest.fixture(params=["kernel", "embedding_bag"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """With the compiled kernel, and as where it cannot be compiled."""
    if request.param == "embedding_bag":
        monkeypatch.setattr(subject, "_is_compiled", lambda: False)
    return str(request.param)


@pytest.fixture
def paths(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, ...]]:
    """The shapes that went the sparse way."""
    seen: list[tuple[int, ...]] = []
    original = subject.sparse_linear

    def note(activations: Tensor, rows: Tensor, bias: Tensor, competitors: int) -> Tensor:
        seen.append(tuple(activations.shape))
        return original(activations, rows, bias, competitors)

    monkeypatch.setattr(subject, "sparse_linear", note)
    return seen


def layers(
    units: int = 48, outputs: int = 10, competitors: int = 24, *, bias: bool = True
) -> tuple[LWTA, nn.Linear, SparseLinear]:
    """A competition, the layer behind it, and the sparse layer of the same parameters; ready for inference."""
    competition, linear = LWTA(competitors, dim=-1).eval(), nn.Linear(units, outputs, bias=bias).eval()
    return competition, linear, SparseLinear(linear, competition)


@pytest.mark.parametrize(
    ("shape", "outputs", "competitors"),
    [
        ((1, 197, 768), 192, 24),
        ((64, 5, 768), 192, 24),
        ((3, 48), 10, 2),  # no vector of outputs
        ((40, 30), 1, 3),  # no vector of units, several threads' rows
        ((2, 3, 4, 40), 250, 8),  # outputs by tiles, by vectors and one by one
        ((0, 48), 7, 24),
        ((48,), 7, 24),
    ],
)
@pytest.mark.usefixtures("way")
def test_it_equals_the_dense_layer(shape: tuple[int, ...], outputs: int, competitors: int) -> None:
    competition, linear, sparse = layers(shape[-1], outputs, competitors)
    with torch.inference_mode():
        y = competition(torch.randn(shape))
        expected, found = linear(y), sparse(y)
    assert found.shape == expected.shape
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)


@pytest.mark.usefixtures("way")
def test_without_bias_and_with_silent_blocks_it_equals_the_dense_layer() -> None:
    competition, linear, sparse = layers(bias=False)
    with torch.inference_mode():
        y = competition(torch.randn(6, 48)) * torch.tensor([0.0] * 24 + [1.0] * 24)
        y[3] = 0
        torch.testing.assert_close(sparse(y), linear(y), rtol=0, atol=1e-5)


@pytest.mark.usefixtures("way")
def test_inputs_may_lie_anyhow_in_memory() -> None:
    competition, linear, sparse = layers()
    with torch.inference_mode():
        y = competition(torch.randn(5, 4, 48))
        for given in (
            y.transpose(0, 1),
            y[:, ::2],
            y.permute(2, 0, 1).contiguous().permute(1, 2, 0),
            y[:1].expand(3, 4, 48),
        ):
            torch.testing.assert_close(sparse(given), linear(given), rtol=0, atol=1e-5)


@pytest.mark.usefixtures("way")
def test_what_is_not_a_number_is_passed_on() -> None:
    _, _, sparse = layers(4, 3, 2)
    with torch.inference_mode():
        assert sparse(torch.tensor([[0.0, float("nan"), 1.0, 0.0]])).isnan().all()


@pytest.mark.parametrize(("units", "outputs"), [(72, 10), (48, 11)])
def test_shapes_that_do_not_fit_are_refused(units: int, outputs: int) -> None:
    with pytest.raises(ValueError, match=r"48 inputs and 10 outputs was given"):
        torch.ops.rivalry.sparse_linear(torch.zeros(6, units), torch.zeros(48, 10), torch.zeros(outputs), 24)


def test_the_kernel_is_exact_for_any_input(paths: list[tuple[int, ...]]) -> None:
    _, linear, sparse = layers(outputs=33)
    with torch.inference_mode():
        dense = torch.randn(20, 48)
        torch.testing.assert_close(sparse(dense), linear(dense), rtol=0, atol=1e-5)
    assert paths == [(20, 48)]


def test_winners_are_found_in_half_precision_too(paths: list[tuple[int, ...]]) -> None:
    competition, linear, sparse = layers()
    with torch.inference_mode():
        y = competition(torch.randn(6, 48)).bfloat16()
        torch.testing.assert_close(sparse.bfloat16()(y), linear.bfloat16()(y), rtol=0.02, atol=0.02)
    assert paths == [(6, 48)]


def test_autocast_is_dense(paths: list[tuple[int, ...]]) -> None:
    competition, linear, sparse = layers()
    with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16):
        y = competition(torch.randn(6, 48)).bfloat16()
        assert torch.equal(sparse(y), linear(y))
    assert paths == []


@pytest.mark.usefixtures("way")
def test_in_the_mode_mean_it_is_dense(paths: list[tuple[int, ...]]) -> None:
    competition, linear, sparse = layers()
    with torch.inference_mode(), evaluating(competition, "mean"):
        y = competition(torch.randn(6, 48))
        torch.testing.assert_close(sparse(y), linear(y), rtol=0, atol=1e-5)
    assert paths == []


@pytest.mark.parametrize("mode", [True, False])
def test_gradients_are_those_of_the_dense_layer(mode: bool, paths: list[tuple[int, ...]]) -> None:
    competition, linear, sparse = layers()
    sparse.train(mode)
    y = competition(torch.randn(6, 48)).detach().requires_grad_()
    for layer in (linear, sparse):
        layer(y).square().sum().backward()
    torch.testing.assert_close(sparse.weight.grad, linear.weight.grad)
    assert paths == []


def test_state_dicts_are_those_of_the_dense_layer(tmp_path: Path) -> None:
    competition, linear, sparse = layers()
    save_file(sparse.state_dict(), tmp_path / "sparse.safetensors")
    kept = load_file(tmp_path / "sparse.safetensors")
    assert {name: torch.equal(kept[name], value) for name, value in linear.state_dict().items()} == dict.fromkeys(
        kept, True
    )
    other = nn.Linear(48, 10)
    for assign in (False, True):
        loaded = copy.deepcopy(sparse)
        loaded.load_state_dict(other.state_dict(), assign=assign)
        with torch.inference_mode():
            y = competition(torch.randn(6, 48))
            torch.testing.assert_close(loaded(y), other(y), rtol=0, atol=1e-5)


def test_copies_and_pickles_look_winners_up_without_a_copy_of_the_weight() -> None:
    _, _, sparse = layers()
    file = io.BytesIO()
    torch.save(sparse, file)
    file.seek(0)
    for twin in (copy.deepcopy(sparse), torch.load(file, weights_only=False), copy.deepcopy(sparse).bfloat16()):
        assert twin.weight.t().is_contiguous()
    assert [name for name, _ in sparse.named_modules()] == [""]


def test_it_draws_no_random_numbers() -> None:
    competition, linear = LWTA(2, dim=-1), nn.Linear(4, 2)
    before = torch.get_rng_state()
    SparseLinear(linear, competition)
    assert torch.equal(torch.get_rng_state(), before)


def test_it_is_exported_with_the_competition() -> None:
    competition, linear, sparse = layers()
    example = torch.randn(6, 48)
    exported = torch.export.export(nn.Sequential(competition, sparse).eval(), (example,))
    assert "embedding_bag" in exported.graph_module.code
    with torch.inference_mode():
        torch.testing.assert_close(exported.module()(example), linear(competition(example)), rtol=0, atol=1e-5)


@pytest.mark.slow
def test_a_compiled_network_looks_winners_up() -> None:
    """In a process of its own: the checks of shapes, which tests switch on, do not compile."""
    code = """
        import torch
        from torch import nn
        from torch._dynamo.testing import CompileCounterWithBackend
        from rivalry.lwta import LWTA, SparseLinear

        competition, linear = LWTA(24, dim=-1).eval(), nn.Linear(48, 10)
        network = nn.Sequential(competition, SparseLinear(linear, competition)).eval()
        h, backend = torch.randn(6, 48), CompileCounterWithBackend("aot_eager")
        with torch.inference_mode():
            found = torch.compile(network, backend=backend, fullgraph=True)(h)
            torch.testing.assert_close(found, linear(competition(h)), rtol=0, atol=1e-5)
        assert "rivalry.sparse_linear" in backend.graphs[0].code
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=True)


def test_the_operator_is_what_pytorch_expects() -> None:
    competition, linear, _ = layers()
    y, rows, bias = competition(torch.randn(2, 3, 48)).detach(), linear.weight.detach().t(), linear.bias.detach()
    torch.library.opcheck(subject._operator, (y, rows, bias, 24))


def test_that_nothing_could_be_compiled_is_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_source: Path) -> None:
        raise NotCompiled("there is no C++ compiler")

    monkeypatch.setattr(native, "native_library", refuse)
    native.compiles.cache_clear()
    competition, linear, sparse = layers()
    with torch.inference_mode():
        y = competition(torch.randn(6, 48))
        with pytest.warns(UserWarning, match="there is no C\\+\\+ compiler"):
            sparse(y)
        assert torch.allclose(sparse(y), functional.linear(y, linear.weight, linear.bias), atol=1e-5)
    native.compiles.cache_clear()
