"""The fused competition on CUDA, in Triton: one pass forward, one pass backward.

Forward reads h and writes y; backward reads h and the gradient and writes one tensor. Noise and relaxed winners live in
registers only: both passes regenerate them from the seed and from counters of the logical position, so that a draw is
the same in every memory layout. Arithmetic is in float32 whatever the tensors hold.

A tensor in memory is ``rows × competitors × positions``. Where units lie next to each other (tokens, channels-last
maps) there is one position a row and a row is a block; else (NCHW) a row is a block of one sample and its positions are
the map's. A program takes a tile of rows × competitors (padded to a power of two) × positions.

Nothing here asks the device for a value, so nothing waits for it. Import this module only where Triton is installed.
"""

# ruff: noqa: ANN001, ANN202 — what Triton compiles is typed by Triton, and `no_type_check` keeps other checkers away.

from __future__ import annotations

import math
from typing import Any, no_type_check

import torch
import triton
import triton.language as tl
from jaxtyping import Float, Int
from torch import Tensor

from rivalry.lwta.kernels.reference import Contest
from rivalry.lwta.kernels.triton_rules import draw, softmax

DTYPES = (torch.float32, torch.bfloat16, torch.float16)
"""What it reads and writes; others go through the reference."""

# Elements that a warp takes. Up to 32 values a thread, in loads of 16 bytes, are 2 or 4 kB in flight, a warp and
# tensor. Backward under Gumbel noise takes up to 170 registers a thread (U ≤ 16, sm_90), so that an SM holds 12 warps:
# 48 kB or more, where an H100 needs about 20 kB an SM for its memory to be busy all the time. Reckoned, not measured.
_WARP_ELEMENTS = 1024

# From this many elements on, offsets have 64 bits: half of what 32 hold, as the last tile reaches past the end.
_LARGE = 2**30


def forward(
    activations: Float[Tensor, "..."], contest: Contest, *, wants_winners: bool
) -> tuple[Float[Tensor, "..."], Int[Tensor, "..."]]:
    """As :func:`rivalry.lwta.kernels.reference.forward`, in one pass.

    Output and winners lie in memory as the activations do.
    """
    laid, axis = _in_memory_order(activations, contest.dim)
    output = torch.empty_like(laid)
    blocks = (*laid.shape[:axis], laid.shape[axis] // contest.competitors, *laid.shape[axis + 1 :])
    winners = laid.new_empty(blocks if wants_winners else (0,), dtype=torch.long)
    arguments = (laid, output, winners, contest.seed, contest.sharpness)
    _launch(_forward_kernel, laid, axis, contest, arguments, WANTS_WINNERS=wants_winners)
    return output.movedim(axis, contest.dim), winners.movedim(axis, contest.dim) if wants_winners else winners


def backward(
    gradient: Float[Tensor, "..."], activations: Float[Tensor, "..."], contest: Contest
) -> Float[Tensor, "..."]:
    """As :func:`rivalry.lwta.kernels.reference.backward`, in one pass; noise is made again, not read."""
    laid, axis = _in_memory_order(activations, contest.dim)
    arriving = gradient.movedim(contest.dim, axis).contiguous()
    leaving = torch.empty_like(laid)
    arguments = (arriving, laid, leaving, contest.seed, contest.sharpness, contest.temperature)
    _launch(_backward_kernel, laid, axis, contest, arguments)
    return leaving.movedim(axis, contest.dim)


def _in_memory_order(activations: Tensor, dim: int) -> tuple[Tensor, int]:
    """A contiguous tensor of the activations, a view where it is one or has its units last, and the units' axis."""
    units_last = activations.movedim(dim, -1)
    if units_last.is_contiguous():
        return units_last, activations.ndim - 1
    return activations.contiguous(), dim % activations.ndim


def _launch(
    kernel: Any, laid: Tensor, axis: int, contest: Contest, arguments: tuple[Tensor, ...], **chosen: Any
) -> None:
    """Run a kernel over all tiles of ``laid``, on its device and the current stream."""
    if not laid.numel():
        return
    competitors, positions = contest.competitors, math.prod(laid.shape[axis + 1 :])
    rows = laid.numel() // (competitors * positions)
    tile = tile_of(positions, competitors, laid.element_size())
    grid = triton.cdiv(rows, tile["ROWS"]) * triton.cdiv(positions, tile["POSITIONS"])
    with torch.cuda.device_of(laid):  # type: ignore[no-untyped-call]
        kernel[(grid,)](
            *arguments,
            rows,
            laid.shape[axis] // competitors,
            positions,
            COMPETITORS=competitors,
            RULE=contest.rule,
            INDEX=tl.int64 if laid.numel() >= _LARGE else tl.int32,
            enable_fp_fusion=True,
            **tile,
            **chosen,
        )


def tile_of(positions: int, competitors: int, element_size: int) -> dict[str, int]:
    """The tile of a program and its warps.

    A block's reductions should stay within a warp, better within a thread. Units next to each other lie along a warp's
    lanes and more warps take more rows. Over positions, four warps stand side by side where each of their threads can
    hold all competitors of the positions it loads with 16 bytes; else one warp takes fewer positions, and short
    maps (7 × 7) of several blocks.
    """
    padded = triton.next_power_of_2(competitors)
    if positions == 1:
        return {"ROWS": max(1, 2 * _WARP_ELEMENTS // padded), "PADDED": padded, "POSITIONS": 1, "num_warps": 4}
    widest = 32 * 16 // element_size
    alone = min(widest, max(1, _WARP_ELEMENTS // padded))
    warps = 4 if alone == widest and positions >= 4 * widest else 1
    taken = min(alone * warps, triton.next_power_of_2(positions))
    rows = max(1, warps * _WARP_ELEMENTS // (padded * taken)) if taken < alone * warps else 1
    return {"ROWS": rows, "PADDED": padded, "POSITIONS": taken, "num_warps": warps}


@triton.jit
@no_type_check
def _forward_kernel(
    activations, output, winners, seed, sharpness, rows, width, positions,
    COMPETITORS: tl.constexpr, RULE: tl.constexpr, WANTS_WINNERS: tl.constexpr,
    INDEX: tl.constexpr, ROWS: tl.constexpr, PADDED: tl.constexpr, POSITIONS: tl.constexpr,
):  # fmt: skip
    """Write y, and each block's winner."""
    row, position, unit = _tile(positions, INDEX, ROWS, PADDED, POSITIONS)
    places, inside = _places(row, position, unit, rows, positions, COMPETITORS, INDEX)
    h = _read(activations, places, inside, ROWS, PADDED, POSITIONS)
    counter = _counter(row, position, width, positions, POSITIONS)
    logits = tl.where(unit < COMPETITORS, h if RULE == "argmax" else h * tl.load(sharpness), float("-inf"))
    winner, _ = draw(logits, counter, unit, seed, COMPETITORS, RULE)
    _write(output, places, inside, tl.where(unit == winner, h, 0.0))
    if WANTS_WINNERS:
        tl.store(winners + row * positions + position, winner.to(tl.int64), (row < rows) & (position < positions))


@triton.jit
@no_type_check
def _backward_kernel(
    gradient, activations, output, seed, sharpness, temperature, rows, width, positions,
    COMPETITORS: tl.constexpr, RULE: tl.constexpr,
    INDEX: tl.constexpr, ROWS: tl.constexpr, PADDED: tl.constexpr, POSITIONS: tl.constexpr,
):  # fmt: skip
    """Draw the winners again and write the gradient in h."""
    row, position, unit = _tile(positions, INDEX, ROWS, PADDED, POSITIONS)
    places, inside = _places(row, position, unit, rows, positions, COMPETITORS, INDEX)
    g = _read(gradient, places, inside, ROWS, PADDED, POSITIONS)
    h = _read(activations, places, inside, ROWS, PADDED, POSITIONS)
    counter = _counter(row, position, width, positions, POSITIONS)
    beta = tl.load(sharpness)
    logits = tl.where(unit < COMPETITORS, h if RULE == "argmax" else h * beta, float("-inf"))
    winner, drawn = draw(logits, counter, unit, seed, COMPETITORS, RULE)
    passed = tl.where(unit == winner, g, 0.0)
    if RULE != "argmax":
        t = tl.load(temperature)
        relaxed = softmax(drawn, 1.0 / t)
        pull = g * h
        passed += (beta / t) * relaxed * (pull - tl.sum(relaxed * pull, axis=1, keep_dims=True))
    _write(output, places, inside, passed)


@triton.jit
@no_type_check
def _tile(positions, INDEX: tl.constexpr, ROWS: tl.constexpr, PADDED: tl.constexpr, POSITIONS: tl.constexpr):
    """Rows, positions and competitors of this program, each along its axis of three."""
    program = tl.program_id(0)
    beside = tl.cdiv(positions, POSITIONS)
    row = (program // beside).to(INDEX) * ROWS + tl.arange(0, ROWS)[:, None, None]
    position = (program % beside) * POSITIONS + tl.arange(0, POSITIONS)[None, None, :]
    return row, position, tl.arange(0, PADDED)[None, :, None]


@triton.jit
@no_type_check
def _places(row, position, unit, rows, positions, COMPETITORS: tl.constexpr, INDEX: tl.constexpr):
    """Where the tile's elements lie in memory, and which of them exist.

    Whole rows of a power of two in length are one run of memory, and as one axis they load 16 bytes at a time.
    """
    ROWS: tl.constexpr = row.shape[0]
    PADDED: tl.constexpr = unit.shape[1]
    POSITIONS: tl.constexpr = position.shape[2]
    if POSITIONS == 1 and PADDED == COMPETITORS:
        places = tl.program_id(0).to(INDEX) * (ROWS * PADDED) + tl.arange(0, ROWS * PADDED)
        inside = places < rows.to(INDEX) * PADDED
    else:
        places = (row * COMPETITORS + unit) * positions + position
        inside = (row < rows) & (unit < COMPETITORS) & (position < positions)
    return places, inside


@triton.jit
@no_type_check
def _read(tensor, places, inside, ROWS: tl.constexpr, PADDED: tl.constexpr, POSITIONS: tl.constexpr):
    """The tile in float32; what does not exist is zero."""
    return tl.reshape(tl.load(tensor + places, inside, other=0.0), [ROWS, PADDED, POSITIONS]).to(tl.float32)


@triton.jit
@no_type_check
def _write(tensor, places, inside, values):
    """Store the tile in the type of the tensor."""
    tl.store(tensor + places, tl.reshape(values.to(tensor.dtype.element_ty), places.shape), inside)


@triton.jit
@no_type_check
def _counter(row, position, width, positions, POSITIONS: tl.constexpr):
    """The number of each block in the order of logical positions, then blocks; modulo 2³²."""
    if POSITIONS == 1:
        counter = row.to(tl.uint32) + position.to(tl.uint32)
    else:
        sample = row // width
        block = (row - sample * width).to(tl.uint32)
        place = sample.to(tl.uint32) * positions + position.to(tl.uint32)
        counter = (place * width + block).to(tl.uint32)
    return counter
