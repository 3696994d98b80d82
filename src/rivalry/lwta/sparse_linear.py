"""A linear layer behind a competition: only the winners' columns of its weight are looked up.

Of each block b at most one unit w(b) is not zero, so that the layer's sum over all units is one over blocks,

    W · y + bias = Σ_b  y_w(b) · W[:, w(b)] + bias ,

1/U of the multiplications, bound by how quickly winners are found and their columns fetched. On the CPU in float32 a
kernel of ours does both (``sparse_linear.cpp``); elsewhere, and in what is exported, PyTorch's ``embedding_bag`` does.
For inference: where gradients are wanted the layer is the dense one that it was.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from rivalry.lwta.competition import split_blocks
from rivalry.lwta.layer import LWTA
from rivalry.numerics.native import compiles, native_function

_SOURCE = Path(__file__).with_suffix(".cpp")
_LEAST_ROWS = 16  # that a thread is worth


def sparse_linear(
    activations: Float[Tensor, "*batch units"],
    rows: Float[Tensor, "units outputs"],
    bias: Float[Tensor, " outputs"],
    competitors: int,
) -> Float[Tensor, "*batch outputs"]:
    """``activations @ rows + bias`` where at most one unit of each block is not zero. Without gradients.

    Args:
        activations: What a competition gives; blocks of ``competitors`` consecutive units along the last axis.
        rows: The transposed weight of a linear layer.
        bias: Its bias.
        competitors: Units in a block, U.

    Raises:
        ValueError: If the shapes do not fit one another.

    >>> rows = torch.tensor([[1.0, 10.0], [2.0, 20.0], [3.0, 30.0], [4.0, 40.0]])
    >>> sparse_linear(torch.tensor([[0.0, 5.0, -1.0, 0.0]]), rows, torch.zeros(2), competitors=2)
    tensor([[ 7., 70.]])
    """
    if torch.compiler.is_exporting():
        return sum_embeddings(activations, rows, bias, competitors)
    if torch.compiler.is_compiling():
        opaque: Tensor = _operator(activations, rows, bias, competitors)
        return opaque
    return _look_up(activations, rows, bias, competitors)


def sum_embeddings(
    activations: Float[Tensor, "*batch units"],
    rows: Float[Tensor, "units outputs"],
    bias: Float[Tensor, " outputs"],
    competitors: int,
) -> Float[Tensor, "*batch outputs"]:
    """The same with PyTorch's own operations, as it is exported: on every device, with gradients.

    By itself it is no faster than the matrix product, for ``argmax`` is slow; compiled together with the competition
    (AOTInductor) it is.
    """
    units, outputs = rows.shape
    blocked = split_blocks(activations.reshape(-1, units), competitors, dim=-1)
    places = blocked.abs().argmax(-1, keepdim=True)
    winners = places.squeeze(-1) + torch.arange(0, units, competitors, device=places.device)
    values = blocked.gather(-1, places).squeeze(-1)
    summed = functional.embedding_bag(winners, rows.contiguous(), per_sample_weights=values, mode="sum")
    return (summed + bias).view(*activations.shape[:-1], outputs)


class SparseLinear(nn.Linear):
    """A linear layer that looks up the winners of the competition before it, with the parameters of a dense one.

    The weight keeps name, shape and values; only in memory it is transposed, so that a unit's column is read in one go.
    Nothing is kept twice, and weights may be loaded at any time. The dense formula is computed instead in ``train()``,
    where gradients are wanted (inference is to run under ``torch.inference_mode()``), under autocast, and while the
    competition is in the mode ``mean``, in which nobody is silent.

    Args:
        linear: The layer whose place is taken; its bias is shared.
        competition: What gives the input, along the last axis.

    >>> competition = LWTA(competitors=2, dim=-1).eval()
    >>> linear = nn.Linear(4, 3)
    >>> sparse = SparseLinear(linear, competition).eval()
    >>> y = competition(torch.randn(5, 4))
    >>> with torch.inference_mode():
    ...     torch.allclose(sparse(y), linear(y), atol=1e-5)
    True
    """

    def __init__(self, linear: nn.Linear, competition: LWTA) -> None:
        super().__init__(linear.in_features, linear.out_features, bias=linear.bias is not None, device="meta")
        weight = linear.weight.detach().t().contiguous().t()
        self.weight = nn.Parameter(weight, requires_grad=linear.weight.requires_grad)
        self.bias = linear.bias
        self._competition = (competition,)  # in a tuple, or it would become a submodule
        self.train(linear.training)

    def forward(self, input: Float[Tensor, "*batch units"]) -> Float[Tensor, "*batch outputs"]:
        """The linear layer of what a competition gives."""
        (competition,) = self._competition
        silent = competition.mode != "mean" and input.dtype == self.weight.dtype
        if self.training or not silent or self._is_differentiated(input):
            return functional.linear(input, self.weight, self.bias)
        bias = input.new_zeros(self.out_features) if self.bias is None else self.bias
        return sparse_linear(input, self.weight.t(), bias, competition.competitors)

    def _is_differentiated(self, activations: Tensor) -> bool:
        """Whether gradients are wanted; a network that is being exported wants none."""
        if torch.compiler.is_exporting() or not torch.is_grad_enabled():
            return False
        return activations.requires_grad or any(parameter.requires_grad for parameter in self.parameters())

    def _save_to_state_dict(self, destination: dict[str, Any], prefix: str, keep_vars: bool) -> None:
        """As a dense layer is saved: safetensors takes no transposed memory."""
        super()._save_to_state_dict(destination, prefix, keep_vars)
        if not keep_vars:
            destination[f"{prefix}weight"] = destination[f"{prefix}weight"].contiguous()


def _look_up(activations: Tensor, rows: Tensor, bias: Tensor, competitors: int) -> Tensor:
    """Winners' rows, by our kernel where it can."""
    _refuse_misfit(activations, rows, bias)
    if not (_is_native(activations, rows, bias) and _is_compiled()):
        return sum_embeddings(activations, rows, bias, competitors)
    *batch, width = activations.shape
    count, outputs = math.prod(batch), rows.shape[1]
    output = activations.new_empty(*batch, outputs)
    tensors = [tensor.contiguous() for tensor in (activations, rows, bias, output)]
    threads = min(torch.get_num_threads(), 1 + count // _LEAST_ROWS)
    kernel = native_function(_SOURCE, "sparse_linear", tensors=4, lengths=4)
    kernel(*(tensor.data_ptr() for tensor in tensors), count, width, outputs, threads)
    return output


def _refuse_misfit(activations: Tensor, rows: Tensor, bias: Tensor) -> None:
    """The kernel would read what is not there."""
    if (activations.shape[-1], *bias.shape) != tuple(rows.shape):
        raise ValueError(
            f"a linear layer of {rows.shape[0]} inputs and {rows.shape[1]} outputs was given activations of shape "
            f"{tuple(activations.shape)} and a bias of shape {tuple(bias.shape)}"
        )


def _is_compiled() -> bool:
    return compiles(_SOURCE, otherwise="sparse linear layers go through embedding_bag")


def _is_native(*tensors: Tensor) -> bool:
    return all(tensor.device.type == "cpu" and tensor.dtype == torch.float32 for tensor in tensors)


_operator = torch.library.custom_op(
    "rivalry::sparse_linear",
    _look_up,
    mutates_args=(),
    schema="(Tensor activations, Tensor rows, Tensor bias, int competitors) -> Tensor",
)
"""What a compiled network calls; eagerly it would cost as much again as a small batch."""


@_operator.register_fake
def _(activations: Tensor, rows: Tensor, _bias: Tensor, _competitors: int) -> Tensor:
    return activations.new_empty(*activations.shape[:-1], rows.shape[1])
