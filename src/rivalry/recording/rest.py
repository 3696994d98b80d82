"""The rest of a network: from what a layer gives to the logits, for any network, without running what stands before.

    with Rest(network, "layer3.0.act3", images) as rest:
        logits = rest(rest.outputs * 0.5, torch.arange(len(images)))

What else the rest needs, such as the other branch of a residual block, is remembered of every picture; what it does not
need is found out by watching one pass, and not kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from rivalry.lwta.layer import competitions, drawing_by
from rivalry.recording.calls import Calls, calls_before, without
from rivalry.recording.consumption import Consumption
from rivalry.recording.observation import Forward, Images, plain_forward
from rivalry.recording.remembered import Remembered
from rivalry.recording.taps import resolve_taps
from rivalry.recording.undisturbed import undisturbed

AT_ONCE = 32
"""Pictures that are run at once to be remembered."""

_CLOSE = 1e-2


class Rest:
    """From outputs of a layer to logits. A context: what it does to the network is undone at its end.

    Within the context the network is in ``eval()``; gradients are made for outputs that ask for them, whatever is
    switched off around it (``no_grad``, ``inference_mode``). LWTA layers keep their mode of evaluation; in ``sample``
    every run draws anew, and what stands before the layer is drawn once. Memory, on the network's device: of all
    pictures the layer's output and what is remembered beside it; twice that for as long as it is put together.

    Attributes:
        layer: Dotted name.
        outputs: What the layer gave for each picture.
        logits: What the network gave.
        numbers: Room that running the rest for one picture takes, in numbers of 4 bytes, nothing being given back.

    Args:
        network: Left as it was.
        layer: Dotted name of a layer that runs once in a pass.
        images: Pictures, 0 to 255, on the network's device.
        forward: From network and pictures to logits.
        seed: Of draws of LWTA layers, which come from a generator of the context's own: the same on every rank.

    Raises:
        ValueError: When entered: for no picture, a network that gives no logits, a layer that is not there, runs
            several times, gives no tensor or the logits themselves, on which the logits do not depend, or behind which
            the network cannot run alone.
    """

    outputs: Float[Tensor, "images ..."]
    logits: Float[Tensor, "images classes"]
    numbers: int

    def __init__(
        self, network: nn.Module, layer: str, images: Images, forward: Forward = plain_forward, *, seed: int = 0
    ) -> None:
        self.network, self.layer, self.forward, self.seed = network, layer, forward, seed
        self._images = images
        self._context = ExitStack()
        self._remembered: Remembered | None = None

    def __enter__(self) -> Rest:
        """Run the network on the pictures, and remember what the rest needs."""
        if not len(self._images):
            raise ValueError("the rest of a network is that of pictures: one at least, got none")
        if resolve_taps(self.network, [self.layer]) != (self.layer,):
            raise ValueError(f"wanted the dotted name of one layer, got {self.layer!r}")
        gradients = torch.is_grad_enabled()
        with ExitStack() as context:
            context.enter_context(undisturbed(self.network))
            context.enter_context(torch.set_grad_enabled(gradients))  # what is made within is not ours to forbid
            context.enter_context(drawing_by(self.network, self.seed))
            with torch.inference_mode(False), torch.no_grad():
                self._remember(self._settle())
            self._context = context.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the network as it was, and forget what stood beside the layer."""
        self._context.close()
        self._remembered = None

    def __call__(self, outputs: Float[Tensor, "batch ..."], image: Int[Tensor, " batch"]) -> Tensor:
        """The logits where the layer gives something else; gradients pass to it where it asks for them.

        Args:
            outputs: In place of the layer's own.
            image: Of which picture each is, counted from 0: whatever else the rest needs is remembered of that.

        Returns:
            Logits, (batch, classes).

        Raises:
            RuntimeError: Outside the context.
        """
        if self._remembered is None:
            raise RuntimeError("the rest of a network runs within its context: with Rest(…) as rest")
        with torch.inference_mode(False), torch.set_grad_enabled(outputs.requires_grad):
            given = _plain(outputs).to(self.outputs.dtype)
            image = _plain(image)
            before = self._remembered.outputs(self._remembered.tensors(image))
            return self._run(given, image, before)

    def _run(self, outputs: Tensor, image: Tensor, before: Mapping[str, Sequence[Any]]) -> Tensor:
        # a copy, for an activation in place may write into it; in the layer's layout, for another may be slow
        given = outputs.clone(memory_format=self._layout)
        with without(self.network, self.layer, given, before):
            return self.forward(self.network, self._images.index_select(0, image))  # faster than [image]

    def _record(self, image: Tensor, keep: Callable[[int], bool] = lambda _number: True) -> tuple[Calls, Tensor]:
        """A whole pass over some pictures: what was called, and the logits."""
        logits: list[Tensor] = []
        images = self._images.index_select(0, image)
        calls = calls_before(self.network, self.layer, lambda: logits.append(self.forward(self.network, images)), keep)
        return calls, logits[0]

    def _settle(self) -> Remembered:
        """Find out, with one picture, what the rest needs, or that there is no rest."""
        first = torch.zeros(1, dtype=torch.long, device=self._images.device)
        one, logits = self._record(first)
        self._refuse_given(one, logits)
        self._layout = _layout(one.output)
        remembered = Remembered(one, self._record(first.repeat(2))[0])
        tensors = remembered.tensors(first)
        with torch.enable_grad():
            given = one.output.clone().requires_grad_()
            with Consumption(tensors) as consumption:
                again = self._run(given, first, remembered.outputs(tensors))
            self._refuse_unfit(given, again, logits)
        self.numbers = consumption.numbers
        self._needed = remembered.only(consumption.read)
        return remembered

    def _remember(self, remembered: Remembered) -> None:
        """Run all pictures, and keep what is needed of each."""
        everything = torch.arange(len(self._images), device=self._images.device)
        outputs, logits = [], []
        for image in torch.split(everything, AT_ONCE):
            calls, answered = self._record(image, self._needed.__contains__)
            remembered.add(calls)
            outputs.append(calls.output)
            logits.append(answered)
        self.outputs, self.logits, self._remembered = torch.cat(outputs), torch.cat(logits), remembered

    def _refuse_given(self, one: Calls, logits: object) -> None:
        """Refuse what is not logits, and a layer that gives them or nothing that could be given in its place."""
        if not isinstance(logits, Tensor) or logits.ndim != 2:
            name = type(self.network).__name__
            given = str(tuple(logits.shape)) if isinstance(logits, Tensor) else type(logits).__name__
            raise ValueError(
                f"{name} gives {given}, wanted are logits (batch, classes): give a forward that takes them"
            )
        if not isinstance(one.output, Tensor) or not one.output.is_floating_point():
            kind = one.output.dtype if isinstance(one.output, Tensor) else type(one.output).__name__
            raise ValueError(f"layer {self.layer!r} gives {kind}, wanted is a tensor of floating-point numbers")
        if one.output.shape[:1] != (1,):
            shape = tuple(one.output.shape)
            raise ValueError(f"layer {self.layer!r} gives {shape} for one picture: its first axis must count pictures")
        if one.output.shape == logits.shape and torch.allclose(one.output.to(logits), logits):
            near = f"; nearest before it: {one.before[-1].name!r}" if one.before else ""
            raise ValueError(f"layer {self.layer!r} gives the logits themselves: wanted is one before them{near}")

    def _refuse_unfit(self, given: Tensor, again: Tensor, logits: Tensor) -> None:
        """Refuse a layer that does not reach the logits, and a network whose rest gives others than the whole."""
        reached = again.requires_grad and torch.autograd.grad(again.sum(), given, allow_unused=True)[0] is not None
        if not reached:
            raise ValueError(f"the logits do not depend on layer {self.layer!r}: wanted is one on the way to them")
        drawn = any(layer.mode == "sample" for layer in competitions(self.network).values())
        if not drawn and not torch.allclose(again, logits, rtol=_CLOSE, atol=_CLOSE * float(logits.abs().amax())):
            raise ValueError(
                f"{type(self.network).__name__} gives other logits when it is run from layer {self.layer!r} on than as "
                "a whole: something before the layer changes what stands behind it; choose another layer"
            )


def _layout(tensor: Tensor) -> torch.memory_format:
    """How a tensor lies in memory: with its channels last, or as usual."""
    last = tensor.ndim == 4 and tensor.is_contiguous(memory_format=torch.channels_last) and not tensor.is_contiguous()
    return torch.channels_last if last else torch.contiguous_format


def _plain(tensor: Tensor) -> Tensor:
    """A tensor that autograd may keep: those made in inference mode it refuses."""
    return tensor.clone() if tensor.is_inference() else tensor
