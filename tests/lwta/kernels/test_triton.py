"""The Triton kernel beside the reference.

On a CUDA device the compiled kernel runs. Elsewhere these tests run once more in a process of its own, where Triton
interprets its programs on the CPU: it decides between the two when it is imported.
"""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import pytest
import torch
from torch import Tensor

from rivalry.lwta.competition import win_mask
from rivalry.lwta.kernels import reference

tl = pytest.importorskip("triton.language", reason="Triton is not installed: it comes with PyTorch for CUDA")
triton = pytest.importorskip("triton", reason="Triton is not installed: it comes with PyTorch for CUDA")

from rivalry.lwta.kernels import triton as kernel  # noqa: E402 — not before it is known that it can be

INTERPRETED = triton.knobs.runtime.interpret
DEVICE = "cpu" if INTERPRETED else "cuda"
RULES = get_args(reference.Rule)
LAYOUTS = ("tokens", "maps", "channels_last maps")
PRECISE = torch.float32


def runs_kernel(test: Callable[..., None]) -> Callable[..., None]:
    """Mark a test that needs a device, or the interpreter in place of one."""
    if INTERPRETED:
        return test
    without = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
    return pytest.mark.gpu(without(test))


only_compiled = pytest.mark.skipif(INTERPRETED, reason="about compiled kernels")


@only_compiled
@pytest.mark.slow
def test_kernel_passes_these_tests_in_the_interpreter() -> None:
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:xdist",
        "-m",
        "not gpu",
        __file__,
    ]
    environment = os.environ | {"TRITON_INTERPRET": "1"}
    root = Path(__file__).parents[3]
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"\b\d\d+ passed", done.stdout), done.stdout


def tensor(layout: str, competitors: int, dtype: torch.dtype = PRECISE, *, side: int = 6) -> tuple[Tensor, int]:
    """Activations of three blocks, and their axis of units."""
    units = 3 * competitors
    if layout == "tokens":
        return torch.randn(2, side * side, units).to(DEVICE, dtype), -1
    maps = torch.randn(2, units, side, side).to(DEVICE, dtype)
    return maps.to(memory_format=torch.channels_last if "channels_last" in layout else torch.contiguous_format), 1


def contest(competitors: int, dim: int, rule: reference.Rule, seed: int = 2**61 + 12345) -> reference.Contest:
    """How blocks compete, with seed, sharpness and temperature on the device."""
    drawn = (torch.tensor(value, device=DEVICE) for value in (seed, 1.5, 0.8))
    return reference.Contest(*drawn, competitors, dim, rule)


def check(activations: Tensor, competitors: int, dim: int, rule: reference.Rule) -> None:
    """Both passes against the reference; rounding may decide one close race otherwise, and that block is left out."""
    given = contest(competitors, dim, rule)
    gradient = torch.randn_like(activations)
    output, winners = kernel.forward(activations, given, wants_winners=True)
    result = kernel.backward(gradient, activations, given)
    assert output.dtype == result.dtype == activations.dtype
    assert output.stride() == result.stride() == activations.stride()
    mask = win_mask(winners, competitors, dim)
    torch.testing.assert_close(output, torch.where(mask, activations, 0), rtol=0, atol=0)

    _, expected_winners = reference.forward(activations, given, wants_winners=True)
    same = winners == expected_winners
    assert (~same).sum() <= 1
    counted = same.repeat_interleave(competitors, dim)
    expected = reference.backward(gradient.float(), activations.float(), given)
    coarse = torch.finfo(activations.dtype).eps
    torch.testing.assert_close(
        result.float()[counted], expected[counted], atol=max(1e-5, coarse), rtol=max(1e-5, coarse)
    )


@runs_kernel
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("competitors", [2, 3, 8, 24])
@pytest.mark.parametrize("rule", RULES)
def test_both_passes_agree_with_the_reference(rule: reference.Rule, competitors: int, layout: str) -> None:
    torch.manual_seed(0)
    activations, dim = tensor(layout, competitors)
    check(activations, competitors, dim, rule)


@runs_kernel
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("rule", RULES)
def test_half_precision_is_read_and_written_but_not_computed_in(
    rule: reference.Rule, layout: str, dtype: torch.dtype
) -> None:
    torch.manual_seed(0)
    activations, dim = tensor(layout, 8, dtype)
    check(activations, 8, dim, rule)


@runs_kernel
@pytest.mark.parametrize("competitors", [2, 8])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_many_tiles_cover_a_large_tensor(layout: str, competitors: int) -> None:
    torch.manual_seed(0)
    activations, dim = tensor(layout, competitors, side=31)
    positions = 1 if layout != "maps" else 31 * 31
    tile = kernel.tile_of(positions, competitors, activations.element_size())
    assert activations.numel() > 2 * tile["ROWS"] * tile["PADDED"] * tile["POSITIONS"]
    check(activations, competitors, dim, "gumbel_softmax")


@runs_kernel
@pytest.mark.parametrize("layout", LAYOUTS)
def test_offsets_of_64_bits_lead_to_the_same_places(layout: str, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    monkeypatch.setattr(kernel, "_LARGE", 0)
    activations, dim = tensor(layout, 3)
    check(activations, 3, dim, "gumbel_softmax")


@runs_kernel
@pytest.mark.parametrize("rule", RULES)
def test_far_apart_activations_overflow_nothing(rule: reference.Rule) -> None:
    torch.manual_seed(0)
    given = contest(3, -1, rule)
    activations = 300 * torch.randn(50, 6, device=DEVICE)
    output, winners = kernel.forward(activations, given, wants_winners=True)
    largest = activations.unflatten(-1, (2, 3)).argmax(-1)
    assert (winners == largest).float().mean() > 0.9
    assert output.isfinite().all()
    assert kernel.backward(torch.ones_like(activations), activations, given).isfinite().all()


@runs_kernel
@pytest.mark.parametrize("competitors", [2, 3])
@pytest.mark.parametrize("rule", RULES)
def test_draws_do_not_depend_on_the_layout(rule: reference.Rule, competitors: int) -> None:
    torch.manual_seed(0)
    maps, dim = tensor("maps", competitors)
    gradient = torch.randn_like(maps)
    given = contest(competitors, dim, rule)
    last = {"memory_format": torch.channels_last}
    outcomes = [
        (*kernel.forward(x, how, wants_winners=True), kernel.backward(g, x, how))
        for x, g, how in (
            (maps, gradient, given),
            (maps.contiguous(**last), gradient, given),  # the gradient in another layout
            (maps, gradient.contiguous(**last), given),
            (maps.movedim(1, -1).contiguous(), gradient.movedim(1, -1), given._replace(dim=-1)),
        )
    ]
    for output, winners, result in outcomes[1:3]:
        torch.testing.assert_close((output, winners), outcomes[0][:2], rtol=0, atol=0)
        torch.testing.assert_close(result, outcomes[0][2])
    torch.testing.assert_close(outcomes[3][0].movedim(-1, 1), outcomes[0][0], rtol=0, atol=0)


@runs_kernel
def test_tensors_that_are_neither_are_copied() -> None:
    torch.manual_seed(0)
    wide, dim = tensor("maps", 3)
    sliced, summed = wide[..., ::2], torch.ones(1, device=DEVICE).expand(*wide[..., ::2].shape)
    given = contest(3, dim, "gumbel_softmax")
    whole = sliced.contiguous()
    assert torch.equal(
        kernel.forward(sliced, given, wants_winners=False)[0], kernel.forward(whole, given, wants_winners=False)[0]
    )
    expected = kernel.backward(torch.ones_like(whole), whole, given)
    assert torch.equal(kernel.backward(summed, sliced, given), expected)


@runs_kernel
def test_a_seed_is_a_draw() -> None:
    torch.manual_seed(0)
    activations, dim = tensor("tokens", 4)

    def winners(seed: int) -> Tensor:
        return kernel.forward(activations, contest(4, dim, "gumbel_softmax", seed), wants_winners=True)[1]

    assert torch.equal(winners(7), winners(7))
    for other in (8, 7 + 2**40):
        assert not torch.equal(winners(7), winners(other))


@runs_kernel
@pytest.mark.parametrize("shape", [(0, 6), (2, 6, 0, 3), (2, 0, 4, 4)])
def test_empty_tensors_stay_empty(shape: tuple[int, ...]) -> None:
    empty = torch.zeros(shape, device=DEVICE)
    given = contest(3, 1, "softmax")
    output, winners = kernel.forward(empty, given, wants_winners=True)
    assert output.shape == kernel.backward(empty, empty, given).shape == shape
    assert winners.shape == (shape[0], shape[1] // 3, *shape[2:])


@runs_kernel
def test_winners_come_on_request() -> None:
    activations, dim = tensor("maps", 2)
    _, winners = kernel.forward(activations, contest(2, dim, "argmax"), wants_winners=False)
    assert winners.shape == (0,)
    assert winners.dtype == torch.long


@runs_kernel
@pytest.mark.parametrize("rule", ["argmax", "gumbel_softmax"])
def test_nan_wins_so_that_it_is_seen(rule: reference.Rule) -> None:
    activations = torch.tensor([[9.0, float("nan"), 1.0]], device=DEVICE)
    output, _ = kernel.forward(activations, contest(3, 1, rule), wants_winners=False)
    assert output[0, 1].isnan()


@pytest.mark.gpu
@only_compiled
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_nothing_waits_for_the_device() -> None:
    activations, dim = tensor("maps", 8)
    given = contest(8, dim, "gumbel_softmax")
    mode = torch.cuda.get_sync_debug_mode()
    torch.cuda.set_sync_debug_mode("error")
    try:
        output, _ = kernel.forward(activations, given, wants_winners=True)
        kernel.backward(output, activations, given)
    finally:
        torch.cuda.set_sync_debug_mode(mode)


@only_compiled
@pytest.mark.parametrize(
    ("rule", "competitors", "positions"),
    [
        ("argmax", 8, 1),
        ("gumbel_softmax", 2, 1),
        ("gumbel_softmax", 2, 1024),
        ("gumbel_softmax", 24, 1),
        ("gumbel_softmax", 24, 1024),
        ("softmax", 8, 1),
        ("softmax", 8, 1024),
        ("conditional", 24, 1),
        ("conditional", 16, 1024),
    ],
)
@pytest.mark.parametrize("name", ["_forward_kernel", "_backward_kernel"])
def test_kernels_compile_for_cuda_without_a_device(
    name: str, rule: str, competitors: int, positions: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(triton.knobs.cache, "dir", str(tmp_path))
    compiled = compiled_for_hopper(getattr(kernel, name), rule, competitors, positions)
    code = compiled.asm["ptx"]
    assert {"ld.global.v4.b32", "st.global.v4.b32"} <= set(code.split())  # 16 bytes at a time
    assert "global.b16" not in code  # and never one number
    assert compiled.metadata.shared == 0  # no warp waits for another


def compiled_for_hopper(program: object, rule: str, competitors: int, positions: int) -> object:
    """Compile a kernel as a launch on bfloat16 tensors would whose sizes are multiples of 16."""
    tile = kernel.tile_of(positions, competitors, 2)
    fixed = {"COMPETITORS": competitors, "RULE": rule, "WANTS_WINNERS": False, "INDEX": tl.int32, **tile}
    if positions == 1:  # Triton takes arguments that are 1 for constants
        fixed["positions"] = 1
    types = dict.fromkeys(("activations", "gradient", "output"), "*bf16") | {"winners": "*i64", "seed": "*i64"}
    types |= dict.fromkeys(("sharpness", "temperature"), "*fp32") | dict.fromkeys(("rows", "width", "positions"), "i32")
    names = program.arg_names
    source = triton.compiler.ASTSource(
        program,
        {name: "constexpr" if name in fixed else types[name] for name in names},
        {name: value for name, value in fixed.items() if name in names},
        {(place,): [["tt.divisibility", 16]] for place, name in enumerate(names) if name not in fixed},
    )
    target = triton.backends.compiler.GPUTarget("cuda", 90, 32)
    return triton.compile(source, target=target, options={"num_warps": tile["num_warps"], "enable_fp_fusion": True})
