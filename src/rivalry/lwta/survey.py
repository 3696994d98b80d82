"""What a network's activations do with an example: where they run, on what shapes, and which are mere functions.

The example passes once, in ``eval()`` and without gradients, and leaves no trace. Functions are noticed where torch
dispatches them (``torch.nn.functional.relu``, ``torch.relu``, ``x.relu_()`` …). One that is written out, such as
``x * torch.sigmoid(x)`` or ``x.clamp(min=0)``, is not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from rivalry.lwta.activations import FUNCTIONS, is_activation


@dataclass(frozen=True)
class FunctionCall:
    """An activation that is called as a function.

    Attributes:
        function: Its name, such as ``relu``.
        name: Dotted name of the module that calls it; empty for the network itself.
        module: That module's class.
    """

    function: str
    name: str
    module: str

    def __str__(self) -> str:
        return f"{self.function} in {self.name or 'the network itself'} ({self.module})"


@dataclass
class Survey:
    """What was seen.

    Attributes:
        shapes: Of every activation module that ran, by dotted name: the shape of its output, call by call.
        functions: Activations that were called as functions outside of such modules, each place once.
    """

    shapes: dict[str, list[tuple[int, ...]]] = field(default_factory=dict)
    functions: list[FunctionCall] = field(default_factory=list)


def survey(network: nn.Module, example: Float[Tensor, "batch ..."]) -> Survey:
    """Let an example pass, and note what its activations do.

    >>> network = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    >>> survey(network, torch.zeros(1, 3)).shapes
    {'1': [(1, 4)]}
    """
    seen = Survey()
    inside: list[tuple[str, nn.Module]] = []
    with ExitStack() as stack:
        for name, module in network.named_modules():
            stack.callback(module.register_forward_pre_hook(_enter(name, inside)).remove)
            stack.callback(module.register_forward_hook(_leave(name, inside, seen), always_call=True).remove)
        stack.enter_context(still(network))
        stack.enter_context(torch.no_grad())
        stack.enter_context(_Functions(inside, seen))
        network(example)
    return seen


def example_image(
    network: nn.Module, *, size: int | tuple[int, int] | None = None, channels: int | None = None
) -> Float[Tensor, "1 channels height width"]:
    """A blank image as a network expects it.

    Args:
        network: Its ``pretrained_cfg`` tells what is not given here, as that of every timm network does.
        size: Height and width, or one number for both.
        channels: Channels of the image.

    Raises:
        ValueError: If the size is not given and the network does not tell it.
    """
    configuration = getattr(network, "pretrained_cfg", None) or {}
    built_for = getattr(getattr(network, "patch_embed", None), "img_size", None)
    if size is None and built_for is None and "input_size" not in configuration:
        raise ValueError(f"{type(network).__name__} does not say its input size; pass sparsify(…, example=images)")
    told = configuration.get("input_size", (3,))
    size = size or built_for or tuple(told[1:])
    height, width = (size, size) if isinstance(size, int) else size
    weight = next(network.parameters(), torch.zeros(()))
    channels = channels or getattr(network, "in_chans", told[0])
    return torch.zeros(1, channels, height, width, device=weight.device, dtype=weight.dtype)


@contextmanager
def still(network: nn.Module) -> Iterator[None]:
    """Evaluation mode for a while; every module gets back the mode that it had."""
    modes = [(module, module.training) for module in network.modules()]
    try:
        network.eval()
        yield
    finally:
        for module, training in modes:
            module.training = training


class _Functions(TorchFunctionMode):
    """Notes the activation functions that are not called by an activation module."""

    def __init__(self, inside: list[tuple[str, nn.Module]], seen: Survey) -> None:
        super().__init__()
        self.inside = inside
        self.seen = seen

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = str(getattr(function, "__name__", "")).removesuffix("_")
        if name in FUNCTIONS and self.inside and not any(is_activation(module) for _, module in self.inside):
            place, module = self.inside[-1]
            call = FunctionCall(name, place, type(module).__name__)
            if call not in self.seen.functions:
                self.seen.functions.append(call)
        return function(*args, **(kwargs or {}))


def _enter(name: str, inside: list[tuple[str, nn.Module]]) -> Callable[..., None]:
    def hook(module: nn.Module, _inputs: object) -> None:
        inside.append((name, module))

    return hook


def _leave(name: str, inside: list[tuple[str, nn.Module]], seen: Survey) -> Callable[..., None]:
    def hook(module: nn.Module, _inputs: object, output: object) -> None:
        inside.pop()
        if is_activation(module) and isinstance(output, Tensor):
            seen.shapes.setdefault(name, []).append(tuple(output.shape))

    return hook
