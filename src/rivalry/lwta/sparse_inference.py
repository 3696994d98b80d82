"""Sparse linear layers where they are faster: a network's pairs of competition and linear layer, timed on an example.

Whether looking up winners beats a matrix product depends on U, the width, the batch, the processor and its threads. So
nothing is guessed: both ways run on what each layer sees of the example, and the faster one stays.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias, cast

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from rivalry.lwta.competition import split_blocks, win_by_argmax
from rivalry.lwta.layer import LWTA, competitions
from rivalry.lwta.sparse_linear import SparseLinear, sparse_linear, sum_embeddings
from rivalry.lwta.survey import still

Way: TypeAlias = Callable[..., Tensor]
"""Computes a layer from activations, weight, bias and the number of competitors."""

_MARGIN = 0.9
_ROUNDS = 5
_LEAST_SECONDS = 0.03


@dataclass(frozen=True)
class SparseChoice:
    """What was measured at a linear layer behind a competition.

    Attributes:
        name: Dotted name of the linear layer.
        competition: Dotted name of the competition before it.
        dense_seconds: Best time of the matrix product.
        sparse_seconds: Best time of looking up winners.
    """

    name: str
    competition: str
    dense_seconds: float
    sparse_seconds: float

    @property
    def sparse(self) -> bool:
        """Whether the layer is sparse now: a tenth faster at least."""
        return self.sparse_seconds < _MARGIN * self.dense_seconds

    def __str__(self) -> str:
        chosen = "sparse" if self.sparse else "dense"
        times = f"sparse {1e3 * self.sparse_seconds:.3g} ms, dense {1e3 * self.dense_seconds:.3g} ms"
        return f"{self.name} behind {self.competition}: {chosen} ({times})"


def use_sparse_linears(
    network: nn.Module, example: Float[Tensor, "batch ..."], *, exported: bool = False
) -> list[SparseChoice]:
    """Make linear layers behind competitions sparse, in place, where that is faster. For inference.

    The network sees the example once, in ``eval()``. Candidates are the ``nn.Linear`` layers without hooks that run
    once, on the very output of a competition along the last axis (dropout does nothing in ``eval()``). The choice is
    made for the example's batch, and for the processor, precision and threads that it runs on: for another, begin with
    the dense network again. State dicts do not change.

    Args:
        network: Any network with competitions.
        example: Images of the size and number that will come.
        exported: For a network that is to be exported and compiled (AOTInductor). Competition and layer are timed
            together, as ``torch.compile`` fuses them out of what is exported; that takes some seconds more.

    Returns:
        What was measured at each candidate, in the order in which they run.

    Raises:
        ValueError: If a competition evaluates by ``mean``, which leaves nobody silent.

    >>> network = nn.Sequential(nn.Linear(4, 8), LWTA(competitors=4, dim=-1), nn.Dropout(0.1), nn.Linear(8, 2))
    >>> [(choice.name, choice.competition) for choice in use_sparse_linears(network, torch.randn(3, 4))]
    [('3', '1')]
    """
    dense = [name for name, layer in competitions(network).items() if layer.evaluation_mode == "mean"]
    if dense:
        raise ValueError(f"{dense[0]} evaluates by 'mean', where nobody is silent; sparse layers want argmax or sample")
    watch = _Watch(exported)
    with ExitStack() as stack:
        for name, module in network.named_modules():
            if isinstance(module, LWTA):
                stack.callback(module.register_forward_hook(partial(watch.compete, name)).remove)
            elif _is_plain(module):
                stack.callback(module.register_forward_pre_hook(partial(watch.enter_linear, name)).remove)
        stack.enter_context(still(network))
        stack.enter_context(torch.no_grad())
        network(example)
    choices = [calls[0] for calls in watch.calls.values() if len(calls) == 1 and calls[0] is not None]
    for choice in choices:
        if choice.sparse:
            _replace(network, choice)
    return choices


class _Watch:
    """Remembers what competed last, and measures the linear layers that take it up.

    Args:
        exported: Whether to measure what becomes of an exported network.
    """

    def __init__(self, exported: bool) -> None:
        self.exported = exported
        self.dense, self.sparse = _exported_ways() if exported else _eager_ways()
        self.last: tuple[str, LWTA, Tensor, Tensor] | None = None
        self.calls: dict[str, list[SparseChoice | None]] = {}

    def compete(self, name: str, layer: LWTA, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        """Hook of a competition."""
        self.last = (name, layer, inputs[0], output)

    def enter_linear(self, name: str, linear: nn.Linear, inputs: tuple[Tensor, ...]) -> None:
        """Hook of a linear layer; None stands for a call on anything but what competed last."""
        choice = None
        if self.last and inputs and _is_same(inputs[0], self.last[3]) and _is_sparse(inputs[0], self.last[1]):
            competition, layer, activations, output = self.last
            given = activations if self.exported else output
            choice = SparseChoice(name, competition, *self._time(given, linear, layer.competitors))
        self.calls.setdefault(name, []).append(choice)

    def _time(self, given: Tensor, linear: nn.Linear, competitors: int) -> tuple[float, float]:
        """Best seconds of the dense and of the sparse way."""
        bias = given.new_zeros(linear.out_features) if linear.bias is None else linear.bias
        rows = linear.weight.t().contiguous()
        return _best_seconds(
            partial(self.dense, given, linear.weight, bias, competitors),
            partial(self.sparse, given, rows, bias, competitors),
            given.device,
        )


def _eager_ways() -> tuple[Way, Way]:
    """The layer alone, dense and sparse."""

    def dense(outputs: Tensor, weight: Tensor, bias: Tensor, _competitors: int) -> Tensor:
        return functional.linear(outputs, weight, bias)

    return dense, sparse_linear


def _exported_ways() -> tuple[Way, Way]:
    """Competition and layer in one, dense and sparse."""

    def dense(activations: Tensor, weight: Tensor, bias: Tensor, competitors: int) -> Tensor:
        return functional.linear(win_by_argmax(activations, competitors, -1)[0], weight, bias)

    def sparse(activations: Tensor, rows: Tensor, bias: Tensor, competitors: int) -> Tensor:
        return sum_embeddings(win_by_argmax(activations, competitors, -1)[0], rows, bias, competitors)

    return torch.compile(dense, dynamic=False, fullgraph=True), torch.compile(sparse, dynamic=False, fullgraph=True)


def _is_plain(module: nn.Module) -> bool:
    """Whether it is a linear layer and nothing more; pruning, weight norm and the like are hooks or other classes."""
    return type(module) is nn.Linear and not (module._forward_pre_hooks or module._forward_hooks)


def _is_same(given: Tensor, output: Tensor) -> bool:
    """Whether a layer is given the very tensor that another put out, perhaps under another name."""
    layout = (given.data_ptr(), given.shape, given.stride(), given.dtype)
    return layout == (output.data_ptr(), output.shape, output.stride(), output.dtype)


def _is_sparse(output: Tensor, layer: LWTA) -> bool:
    """Whether at most one unit of each block along the last axis is not zero."""
    if layer.dim % output.ndim != output.ndim - 1:
        return False
    return bool(split_blocks(output, layer.competitors, -1).count_nonzero(-1).max() <= 1)


def _best_seconds(
    dense: Callable[[], Tensor], sparse: Callable[[], Tensor], device: torch.device
) -> tuple[float, float]:
    """Best time of each, in turns; a first call of each does not count, for it may compile."""
    for way in (dense, sparse):
        _seconds(way, device)
    best, rounds, began = (float("inf"), float("inf")), 0, time.perf_counter()
    while rounds < _ROUNDS or time.perf_counter() - began < _LEAST_SECONDS:
        best = min(best[0], _seconds(dense, device)), min(best[1], _seconds(sparse, device))
        rounds += 1
    return best


def _seconds(way: Callable[[], Tensor], device: torch.device) -> float:
    _wait(device)
    began = time.perf_counter()
    way()
    _wait(device)
    return time.perf_counter() - began


def _wait(device: torch.device) -> None:
    if device.type != "cpu":
        torch.accelerator.synchronize(device)


def _replace(network: nn.Module, choice: SparseChoice) -> None:
    """Put a sparse layer wherever the linear one stands."""
    linear = cast(nn.Linear, network.get_submodule(choice.name))
    sparse = SparseLinear(linear, competitions(network)[choice.competition])
    for name, module in list(network.named_modules(remove_duplicate=False)):
        if module is linear:
            network.set_submodule(name, sparse, strict=True)
