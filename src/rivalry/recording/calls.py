"""The calls of a network's modules in a forward pass: which ended before a layer did, and a pass without them.

A pass is written down with the output of every call that ended before the layer's own ended and does not contain it, of
those the outermost. In a pass without them these modules do nothing but give what was written down, and the layer
gives what it is told: so what is run is exactly what the layer's output goes through, and what that is joined with.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn
from torch.utils._pytree import tree_map

from rivalry.lwta.turns import InTurn


@dataclass(frozen=True)
class Call:
    """One call of a module.

    Attributes:
        name: Dotted name of the module.
        number: Of the call, counted from the start of the pass; the same in every pass.
        output: What it gave.
    """

    name: str
    number: int
    output: Any


@dataclass(frozen=True)
class Calls:
    """What was written down of a pass.

    Attributes:
        output: What the layer gave.
        before: The outermost calls that ended before it and do not contain it, in order.
    """

    output: Any
    before: tuple[Call, ...]


def calls_before(
    network: nn.Module, layer: str, run: Callable[[], object], keep: Callable[[int], bool] = lambda number: True
) -> Calls:
    """Run a network, and write down what was called before a layer ended.

    Args:
        network: Left as it was, also after an exception.
        layer: Dotted name.
        run: Runs the network once.
        keep: Of which calls, by number, the output is kept; of others it is None.

    Raises:
        ValueError: If the layer runs several times, or not at all.
    """
    clerk = _Clerk(layer, keep)
    names = [name for name, module in network.named_modules() if not isinstance(module, InTurn)]  # it must see all
    with _replaced(network, names, clerk.listening):
        run()
    if clerk.calls is None:
        raise ValueError(f"the forward pass did not go through {layer!r}: wanted is a layer that every image passes")
    return clerk.calls


class _Clerk:
    """Writes down the calls of one pass, until the layer has ended.

    Calls that are open lie within each other; of each is kept what it has called so far. That is forgotten when it ends
    without the layer, for then it is itself what will not be run again.
    """

    def __init__(self, layer: str, keep: Callable[[int], bool]) -> None:
        self.calls: Calls | None = None
        self._layer, self._keep = layer, keep
        self._open: list[list[Call]] = [[]]
        self._count = 0

    def listening(self, name: str, forward: Callable[..., Any]) -> Callable[..., Any]:
        """The forward function of a module, with somebody listening."""

        def listened(*inputs: Any, **named: Any) -> Any:
            if self.calls is not None:
                if name == self._layer:
                    raise ValueError(f"layer {name!r} ran more than once for one batch; wanted is one that runs once")
                return forward(*inputs, **named)
            number = self._count
            self._count += 1
            self._open.append([])
            output = forward(*inputs, **named)
            self._ended(Call(name, number, output))
            return output

        return listened

    def _ended(self, call: Call) -> None:
        if self.calls is not None:  # the layer was called by it
            return
        self._open.pop()
        if call.name == self._layer:
            self.calls = Calls(_copied(call.output), tuple(made for opened in self._open for made in opened))
        else:
            kept = _copied(call.output) if self._keep(call.number) else None
            self._open[-1].append(Call(call.name, call.number, kept))


@contextmanager
def without(network: nn.Module, layer: str, output: Any, before: Mapping[str, Sequence[Any]]) -> Iterator[None]:
    """Let a layer give what it is told, and modules what they gave before, for one pass within the context.

    Args:
        network: Left as it was, also after an exception.
        layer: Dotted name.
        output: What the layer gives.
        before: Of other modules, by name, what their first calls give; further calls run.

    Raises:
        ValueError: If a pass did not come to the layer once.
    """
    given = {**before, layer: [output]}
    called: dict[str, int] = defaultdict(int)

    def stand_in(name: str, forward: Callable[..., Any]) -> Callable[..., Any]:
        def stood_in(*inputs: Any, **named: Any) -> Any:
            turn, called[name] = called[name], called[name] + 1
            return given[name][turn] if turn < len(given[name]) else forward(*inputs, **named)

        return stood_in

    with _replaced(network, tuple(given), stand_in):
        yield
    if called[layer] != 1:
        raise ValueError(f"the pass from layer {layer!r} on went {called[layer]} times through it: wanted is once")


@contextmanager
def _replaced(
    network: nn.Module, names: Sequence[str], make: Callable[[str, Callable[..., Any]], Callable[..., Any]]
) -> Iterator[None]:
    """Put other functions in place of the forward functions of some modules, for the time of the context."""
    modules = {name: network.get_submodule(name) for name in names}
    before = {name: module.__dict__.get("forward") for name, module in modules.items()}
    try:
        for name, module in modules.items():
            module.__dict__["forward"] = make(name, module.forward)
        yield
    finally:
        for name, module in modules.items():
            own = before[name]
            if own is None:
                module.__dict__.pop("forward", None)
            else:
                module.__dict__["forward"] = own


def _copied(output: Any) -> Any:
    """An output that nobody can write into any more, as activations in place do."""
    return tree_map(lambda part: part.detach().clone() if isinstance(part, Tensor) else part, output)
