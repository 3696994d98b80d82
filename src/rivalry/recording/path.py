"""The path of a network: the layers through which everything passes on its way from the picture to the logits.

Such a layer holds all that the network knows of a picture at its depth. Which layers these are is not listed by hand
but read off the graph that autograd keeps of a pass (:mod:`rivalry.recording.ways`): a layer is on the path iff all
ways lead through it. The branches of residual blocks are not, nor the heads of attention.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeAlias

import torch
from jaxtyping import UInt8
from torch import Tensor, nn

from rivalry.lwta.layer import drawing_aside
from rivalry.recording.observation import Forward, plain_forward
from rivalry.recording.taps import resolve_taps
from rivalry.recording.undisturbed import undisturbed
from rivalry.recording.ways import Output, Ways, output_of

_COPIES = 2
"""Of the picture in the pass: what does not give as many rows is no layer of pictures."""

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
        ways = Ways(logits, picture)
    if not ways.total:
        raise ValueError(f"the logits of {type(network).__name__} do not depend on the picture: they have no path")
    no_logits = [given for given in heard if not _same(given.tensor, logits)]
    path = tuple(_first_to_give(no_logits, ways))
    if not path:
        raise ValueError(
            f"everything passes through no single layer of {type(network).__name__}: name the layers to be measured"
        )
    return path


@dataclass(frozen=True)
class _Given:
    """What a module gave, or under no name what the network was given: in graph and memory, as it was just then."""

    layer: str
    tensor: Tensor  # kept, or its place in memory might be given to another
    output: Output
    numbers: _Numbers


@contextmanager
def _hearing(network: nn.Module) -> Iterator[list[_Given]]:
    """Note what the network is given, and what every layer gives, if a gradient can pass through it."""
    heard: list[_Given] = []

    def note(layer: str, tensor: object) -> None:
        if isinstance(tensor, Tensor) and tensor.requires_grad:
            heard.append(_Given(layer, tensor, output_of(tensor), _numbers(tensor)))

    def given(_network: nn.Module, inputs: tuple[object, ...], named: dict[str, object]) -> None:
        for one in (*inputs, *named.values()):
            note("", one)

    def hook(layer: str) -> Callable[..., None]:
        return lambda _module, _inputs, output: note(layer, output)

    handles = []
    try:
        handles.append(network.register_forward_pre_hook(given, with_kwargs=True))
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


def _first_to_give(heard: Sequence[_Given], ways: Ways) -> Iterator[str]:
    """Of tensors through which all ways lead, the layer that gave it first, if it ran once and gave rows of pictures.

    What gives the network's picture as it is was not the first.
    """
    calls = Counter(given.layer for given in heard)
    known = {given.numbers for given in heard if not given.layer}
    for given in heard:
        fit = given.layer and calls[given.layer] == 1 and given.tensor.shape[:1] == (_COPIES,)
        if fit and given.numbers not in known and ways.all_lead_through(given.output):
            known.add(given.numbers)
            yield given.layer


def _same(tensor: Tensor, logits: Tensor) -> bool:
    """Whether it is the logits, perhaps in another precision."""
    return tensor.shape == logits.shape and torch.allclose(tensor.to(logits), logits)


def _numbers(tensor: Tensor) -> _Numbers:
    return tensor.data_ptr(), tensor._version, tensor.numel()
