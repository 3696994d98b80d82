"""Taps: hooks that hear the outputs of named layers, and of competing layers the winners.

The winner of a block is heard where it is drawn (the layer's ``winner`` submodule) and never guessed from the output:
a winner may be negative, and the argmax of a stored output would then name a silent loser.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase

from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from rivalry.lwta.layer import competitions
from rivalry.lwta.turns import places


def resolve_taps(network: nn.Module, patterns: Iterable[str]) -> tuple[str, ...]:
    """Find the layers that dotted names or globs mean, in the network's order.

    A ``*`` matches dots too. The inner hook points of LWTA layers are not layers. The name of an activation that runs
    several times means each of its calls (see :mod:`rivalry.lwta.turns`).

    Raises:
        ValueError: If a pattern matches nothing; close matches are named.

    >>> resolve_taps(nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.ReLU()), ["[12]"])
    ('1', '2')
    """
    shared = places(network)
    no_layers = {"", *shared.values(), *(f"{name}.winner" for name in competitions(network))}
    names = [name for name, _ in network.named_modules() if name not in no_layers]
    found: set[str] = set()
    for pattern in patterns:
        matches = [name for name in names if _means(pattern, name) or _means(pattern, shared.get(name, name))]
        if not matches:
            raise ValueError(_unknown_layer(pattern, names, network))
        found.update(matches)
    if not found:
        raise ValueError("no layer to tap was named; wanted at least one dotted name or glob")
    return tuple(name for name in names if name in found)


class Taps:
    """Hears each layer once a batch, between entering and leaving the context; the hooks always go.

    What is heard is kept without copying, unless the network writes into a tapped output later on (an in-place
    activation, ``+=``): the first batch, which is copied, tells which layers must go on being copied.

    Args:
        network: The network.
        layers: Dotted names of layers, as :func:`resolve_taps` gives them.
    """

    def __init__(self, network: nn.Module, layers: Iterable[str]) -> None:
        self.network = network
        self.layers = tuple(layers)
        self._handles: list[RemovableHandle] = []
        self._outputs: dict[str, Tensor] = {}
        self._winners: dict[str, Tensor] = {}
        self._originals: dict[str, Tensor] = {}
        self._copied: frozenset[str] | None = None

    def __enter__(self) -> Taps:
        """Put the hooks."""
        self.close()
        self._copied = None
        competing = competitions(self.network)
        for name in self.layers:
            layer = self.network.get_submodule(name)
            self._handles.append(layer.register_forward_hook(self._hear(name, self._outputs)))
            if name in competing:
                self._handles.append(competing[name].winner.register_forward_hook(self._hear(name, self._winners)))
        return self

    def __exit__(self, *_: object) -> None:
        """Remove the hooks and forget."""
        self.close()

    def close(self) -> None:
        """Remove the hooks and forget what was heard."""
        while self._handles:
            self._handles.pop().remove()
        self._forget()

    @contextmanager
    def heard_apart(self) -> Iterator[None]:
        """Hear a pass of its own: between two batches, or where the hooks are gone for the time of the context."""
        if self._handles:
            yield
            return
        with self:
            yield

    def _forget(self) -> None:
        """Forget what was heard since the last :meth:`take`."""
        for heard in (self._outputs, self._winners, self._originals):
            heard.clear()

    def take(self) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Give what one batch's forward pass made heard, outputs and winners by layer, and be ready for the next.

        Raises:
            ValueError: If a layer was not heard.
        """
        silent = [name for name in self.layers if name not in self._outputs]
        if silent:
            raise ValueError(
                f"the forward pass did not go through {', '.join(silent)}: tap layers that every image passes"
                + (
                    " (no layer was heard at all: did the network run inside the recording?)"
                    if silent == [*self.layers]
                    else ""
                )
            )
        if self._copied is None:
            changed = (name for name in self.layers if not _same(self._outputs[name], self._originals[name]))
            self._copied = frozenset(changed)
        outputs, winners = dict(self._outputs), dict(self._winners)
        self._forget()
        return outputs, winners

    def _hear(self, name: str, heard: dict[str, Tensor]) -> Callable[..., None]:
        def hook(_layer: nn.Module, _inputs: object, output: object) -> None:
            if not isinstance(output, Tensor):
                raise ValueError(f"layer {name!r} gives a {type(output).__name__}, no tensor; tap a layer inside it")
            if name in heard:
                raise ValueError(f"layer {name!r} ran more than once for one batch; a tap hears a layer that runs once")
            heard[name] = self._keep(name, output.detach(), heard)

        return hook

    def _keep(self, name: str, output: Tensor, heard: dict[str, Tensor]) -> Tensor:
        if heard is self._winners:
            return output
        if self._copied is None:
            self._originals[name] = output
            return output.clone()
        return output.clone() if name in self._copied else output


def _means(pattern: str, name: str) -> bool:
    return name == pattern or fnmatchcase(name, pattern)


def _same(first: Tensor, second: Tensor) -> bool:
    return first.shape == second.shape and bool(((first == second) | (first.isnan() & second.isnan())).all())


def _unknown_layer(pattern: str, names: list[str], network: nn.Module) -> str:
    near = difflib.get_close_matches(pattern, names, n=4, cutoff=0.4)
    lwta = list(competitions(network))
    hint = f"; close are {', '.join(near)}" if near else ""
    competing = f"; layers that compete are {', '.join(lwta[:4])}{' …' if len(lwta) > 4 else ''}" if lwta else ""
    return f"no layer of {type(network).__name__} is called {pattern!r}{hint}{competing}"
