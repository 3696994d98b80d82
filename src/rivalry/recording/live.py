"""A network that is run with gradients to its pictures: what prototypes are made by, and attributions.

    with Live(network, ["layer4.0.act2"]) as live:
        heard = live(images.requires_grad_())
        heard.outputs["layer4.0.act2"][:, 17].mean().backward()

Gradients pass to pictures alone: weights ask for none within the context, so nothing is kept for theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from rivalry.lwta.layer import drawing_by, passing_to_losers
from rivalry.recording.observation import Forward, plain_forward
from rivalry.recording.taps import resolve_taps
from rivalry.recording.undisturbed import undisturbed


@dataclass(frozen=True)
class Heard:
    """What a network made of pictures, with the graph by which gradients pass back.

    Attributes:
        logits: None where the pass ended before them.
        outputs: Of each layer.
    """

    logits: Float[Tensor, "batch classes"] | None
    outputs: Mapping[str, Float[Tensor, "batch ..."]]


class Live:
    """A network in ``eval()`` whose layers are heard with gradients. A context: everything is undone at its end.

    LWTA layers keep their mode of evaluation. In ``sample`` every run draws anew, from generators of the context's own.

    Attributes:
        layers: Those that are heard, in the network's order.

    Args:
        network: Left as it was, also after an exception.
        layers: Dotted names or globs; perhaps none.
        forward: From network and pictures to logits.
        seed: Of draws.
        logits: Whether they are wanted; else a pass ends when every layer was heard.
        to_losers: Whether gradients pass LWTA layers to those that lose, too
            (:func:`rivalry.lwta.layer.passing_to_losers`).

    Raises:
        ValueError: For a layer that is not there, or if nothing is wanted. When it runs: for a layer that gives no
            tensor, or that runs not once.
        RuntimeError: If it is run outside the context.
    """

    def __init__(
        self,
        network: nn.Module,
        layers: Iterable[str] = (),
        forward: Forward = plain_forward,
        *,
        seed: int = 0,
        logits: bool = True,
        to_losers: bool = False,
    ) -> None:
        patterns = tuple(layers)
        if not (patterns or logits):
            raise ValueError("a network is run for its logits or for some layers, and neither was wanted")
        self.network, self.forward, self.seed, self.logits, self.to_losers = network, forward, seed, logits, to_losers
        self.layers = resolve_taps(network, patterns) if patterns else ()
        self._context = ExitStack()
        self._outputs: dict[str, Tensor] = {}
        self._open = False

    def __enter__(self) -> Live:
        """Put the hooks."""
        gradients = torch.is_grad_enabled()
        with ExitStack() as context:
            context.enter_context(undisturbed(self.network))
            context.enter_context(torch.set_grad_enabled(gradients))  # what is made within is not ours to forbid
            context.enter_context(drawing_by(self.network, self.seed))
            if self.to_losers:
                context.enter_context(passing_to_losers(self.network))
            context.enter_context(_weights_at_rest(self.network))
            for name in self.layers:
                layer = self.network.get_submodule(name)
                context.callback(layer.register_forward_hook(self._hear(name)).remove)
            self._context = context.pop_all()
        self._open = True
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the network as it was."""
        self._open = False
        self._context.close()
        self._outputs = {}

    def __call__(self, images: Float[Tensor, "batch channels height width"]) -> Heard:
        """Run the network; gradients pass to the pictures where these ask for them.

        Args:
            images: 0 to 255.
        """
        if not self._open:
            raise RuntimeError("a live network runs within its context: with Live(…) as live")
        self._outputs = {}
        logits = None
        with torch.inference_mode(False), torch.set_grad_enabled(images.requires_grad), suppress(_Enough):
            logits = self.forward(self.network, images)
        outputs, self._outputs = self._outputs, {}
        silent = [name for name in self.layers if name not in outputs]
        if silent:
            raise ValueError(f"the forward pass did not go through {', '.join(silent)}: wanted are layers it passes")
        return Heard(logits, {name: outputs[name] for name in self.layers})

    def _hear(self, name: str) -> Callable[..., Tensor]:
        def hook(_layer: nn.Module, _inputs: object, output: object) -> Tensor:
            if not isinstance(output, Tensor):
                raise ValueError(f"layer {name!r} gives a {type(output).__name__}, no tensor; name a layer inside it")
            if name in self._outputs:
                raise ValueError(f"layer {name!r} ran more than once for one batch; wanted is one that runs once")
            self._outputs[name] = output
            if not self.logits and len(self._outputs) == len(self.layers):
                raise _Enough
            return output.clone()  # so that what writes into it later leaves alone what was heard

        return hook


class _Enough(Exception):
    """Every layer that is wanted was heard."""


@contextmanager
def _weights_at_rest(network: nn.Module) -> Iterator[None]:
    """Let no weight ask for a gradient."""
    asking = [weight for weight in network.parameters() if weight.requires_grad]
    try:
        for weight in asking:
            weight.requires_grad_(False)
        yield
    finally:
        for weight in asking:
            weight.requires_grad_()
