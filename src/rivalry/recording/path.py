"""The path of a network: the layers through which everything passes on its way from the picture to the logits.

Such a layer holds all that the network knows of a picture at its depth. Which layers these are is not listed by hand
but read off the graph that autograd keeps of a pass. With

    ways(a → b) = Σ ways(c → b), over all c that a is fed into,        ways(b → b) = 1

a layer is on the path iff ways(picture → layer) · ways(layer → logits) = ways(picture → logits); the branches of
residual blocks are not.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

import torch
from jaxtyping import UInt8
from torch import Tensor, nn

from rivalry.lwta.layer import drawing_aside
from rivalry.recording.observation import Forward, plain_forward
from rivalry.recording.taps import resolve_taps
from rivalry.recording.undisturbed import undisturbed

_COPIES = 2
"""Of the picture in the pass: what does not give as many rows is no layer of pictures."""

_Node: TypeAlias = Any
"""A node of autograd's graph; it has no public type."""

_Output: TypeAlias = tuple[_Node, int]
"""One of the tensors that a node gave."""

_Numbers: TypeAlias = tuple[int, int, int]
"""The place in memory of a tensor, how often it was written into, and its size: views of all of a tensor are one."""


def path_of(
    network: nn.Module, image: UInt8[Tensor, "channels height width"], forward: Forward = plain_forward
) -> tuple[str, ...]:
    """Find the layers through which everything passes, in the order of the pass.

    Of modules that give the same numbers, be it in another shape, the first one to give them is named: the innermost,
    and of those behind each other the one that made them (an activation, not the identity after it). The picture itself
    and the logits are no layers; nor is one that runs several times a pass, or gives no rows of single pictures.

    Args:
        network: Left as it is, in whatever mode its LWTA layers evaluate.
        image: Any picture that it takes.
        forward: From network and pictures, 0 to 255, to logits.

    Returns:
        Dotted names, one at least.

    Raises:
        ValueError: If the network cannot take the picture, gives no logits that depend on it, or has no such layer.

    >>> network = nn.Sequential(nn.Conv2d(3, 4, 1), nn.ReLU(), nn.Flatten(), nn.Linear(16, 2))
    >>> path_of(network, torch.zeros(3, 2, 2, dtype=torch.uint8))
    ('0', '1')
    """
    with undisturbed(network), drawing_aside(network), torch.inference_mode(False), torch.enable_grad():
        device = next(network.parameters(), torch.zeros(())).device
        picture = image.to(device, torch.float32).repeat(_COPIES, 1, 1, 1).requires_grad_()
        shown = picture.clone()  # an activation in place may write into it, and may not into a leaf
        with _hearing(network) as heard:
            logits = _run(network, shown, forward)
    ways = _Ways(logits, picture)
    if not ways.total:
        raise ValueError(f"the logits of {type(network).__name__} do not depend on the picture: they have no path")
    no_logits = [given for given in heard if not _same(given.tensor, logits)]
    path = tuple(_first_to_give(no_logits, ways, _numbers(shown)))
    if not path:
        raise ValueError(
            f"everything passes through no single layer of {type(network).__name__}: name the layers to be measured"
        )
    return path


@dataclass(frozen=True)
class _Given:
    """What a module gave: its place in the graph and in memory, as they were when it had ended."""

    layer: str
    tensor: Tensor  # kept, or its place in memory might be given to another
    output: _Output
    numbers: _Numbers


class _Ways:
    """How many ways lead through each tensor of a graph.

    Args:
        logits: Where all ways end.
        picture: A leaf, where they begin.
    """

    def __init__(self, logits: Tensor, picture: Tensor) -> None:
        order = _consumers_first(logits.grad_fn)
        self._into: dict[_Node, int] = defaultdict(int)
        self._out: dict[_Output, int] = defaultdict(int)
        for node in reversed(order):
            begins = getattr(node, "variable", None) is picture
            self._into[node] = int(begins) + sum(self._into[before] for before, _ in _before(node))
        self._out[logits.grad_fn, logits.output_nr] = 1
        leaving: dict[_Node, int] = defaultdict(int, {logits.grad_fn: 1})
        for node in order:
            for before, number in _before(node):
                self._out[before, number] += leaving[node]
                leaving[before] += leaving[node]
        self.total = self._into[logits.grad_fn]

    def all_pass(self, output: _Output) -> bool:
        """Whether every way leads through a tensor."""
        return self._into.get(output[0], 0) * self._out.get(output, 0) == self.total


def _before(node: _Node) -> Iterator[_Output]:
    """What a node was fed, once for every time."""
    return ((before, number) for before, number in node.next_functions if before is not None)


def _consumers_first(root: _Node) -> list[_Node]:
    """All nodes of a graph, each after those that it was fed into; without recursion, for graphs are deep."""
    done: list[_Node] = []
    seen = {root}
    open_ = [(root, _before(root))] if root is not None else []
    while open_:
        node, rest = open_[-1]
        following = next((before for before, _ in rest if before not in seen), None)
        if following is None:
            done.append(node)
            open_.pop()
        else:
            seen.add(following)
            open_.append((following, _before(following)))
    return done[::-1]


@contextmanager
def _hearing(network: nn.Module) -> Iterator[list[_Given]]:
    """Note what every layer gives that a gradient can pass through, in the order in which they end."""
    heard: list[_Given] = []

    def hook(layer: str) -> Callable[..., None]:
        def hear(_module: nn.Module, _inputs: object, output: object) -> None:
            if isinstance(output, Tensor) and output.requires_grad:
                heard.append(_Given(layer, output, (output.grad_fn, output.output_nr), _numbers(output)))

        return hear

    handles = []
    try:
        for layer in resolve_taps(network, ["*"]):
            handles.append(network.get_submodule(layer).register_forward_hook(hook(layer)))
        yield heard
    finally:
        for handle in handles:
            handle.remove()


def _run(network: nn.Module, images: Tensor, forward: Forward) -> Tensor:
    """The logits.

    Raises:
        ValueError: If there are none, or the network cannot take the pictures.
    """
    try:
        logits = forward(network, images)
    except (AssertionError, RuntimeError) as error:
        size = " × ".join(map(str, images.shape[1:]))
        raise ValueError(f"{type(network).__name__} cannot take pictures of {size}: {error}") from error
    if not isinstance(logits, Tensor) or logits.ndim != 2:
        given = str(tuple(logits.shape)) if isinstance(logits, Tensor) else type(logits).__name__
        raise ValueError(f"{type(network).__name__} gives {given}, wanted are logits (batch, classes)")
    return logits


def _first_to_give(heard: list[_Given], ways: _Ways, picture: _Numbers) -> Iterator[str]:
    calls = Counter(given.layer for given in heard)
    known = {picture}
    for given in heard:
        fit = calls[given.layer] == 1 and given.tensor.shape[0] == _COPIES
        if fit and given.numbers not in known and ways.all_pass(given.output):
            known.add(given.numbers)
            yield given.layer


def _same(tensor: Tensor, logits: Tensor) -> bool:
    """Whether it is the logits, perhaps in another precision."""
    return tensor.shape == logits.shape and torch.allclose(tensor.to(logits), logits)


def _numbers(tensor: Tensor) -> _Numbers:
    return tensor.data_ptr(), tensor._version, tensor.numel()
