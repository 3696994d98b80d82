"""One pass over one picture, and back: what layers gave, who won there, and how what is asked for hangs on it.

Winners are found by argmax and heard where they are drawn: nothing is random, and a winner below zero is no loser.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from rivalry.lwta.layer import competitions, evaluating
from rivalry.recording.live import Live
from rivalry.recording.taps import Taps


@dataclass(frozen=True)
class HeardLayer:
    """A layer on its own picture.

    Attributes:
        output: What it gave.
        gradient: Of the value that is asked for, by ``output``; None where the value does not depend on it.
        winners: Places of the winners in their blocks, of a layer that competes.
        competitors: Units in a block, of a layer that competes.
    """

    output: Float[Tensor, "1 ..."]
    gradient: Float[Tensor, "1 ..."] | None
    winners: Int[Tensor, "1 ..."] | None
    competitors: int | None


@dataclass(frozen=True)
class HeardPicture:
    """What a network made of a picture.

    Attributes:
        logits: Of all classes.
        factors: By which logits make the value that is asked for.
        layers: By dotted name.
    """

    logits: Float[Tensor, " classes"]
    factors: Float[Tensor, " classes"]
    layers: Mapping[str, HeardLayer]

    @property
    def value(self) -> float:
        """What is asked for."""
        return float(self.factors.double() @ self.logits.double())


def hear_picture(
    network: nn.Module,
    layers: Sequence[str],
    inputs: Float[Tensor, "1 channels height width"],
    ask: Callable[[Float[Tensor, " classes"]], Float[Tensor, " classes"]],
) -> HeardPicture:
    """Run a network on a picture, and the value that is asked for back to the layers.

    Args:
        network: Left as it was.
        layers: Dotted names.
        inputs: The picture as the network takes it.
        ask: From the logits to the factors of the value that is asked for.

    Raises:
        ValueError: For a layer that does not run, or gives no tensor.
    """
    competing = {layer: one for layer, one in competitions(network).items() if layer in layers}
    with torch.inference_mode(False), torch.enable_grad(), evaluating(network, "argmax"):
        given = inputs.clone().requires_grad_()
        with Taps(network, competing) as taps, Live(network, layers, logits_of_inputs) as live:
            heard = live(given)
            _, winners = taps.take()
            if heard.logits is None or heard.logits.ndim != 2:
                raise ValueError(
                    f"{type(network).__name__} gives no logits (batch, classes): nothing is to be explained"
                )
            logits = heard.logits.detach()[0].float()
            factors = ask(logits).to(logits)
            value = (heard.logits[0].float() * factors).sum()
            gradients = torch.autograd.grad(value, list(heard.outputs.values()), allow_unused=True)
    found = {
        layer: HeardLayer(
            output.detach(),
            gradient,
            winners.get(layer),
            competing[layer].competitors if layer in competing else None,
        )
        for (layer, output), gradient in zip(heard.outputs.items(), gradients, strict=True)
    }
    return HeardPicture(logits, factors, found)


def logits_of_inputs(network: nn.Module, inputs: Tensor) -> Tensor:
    """Logits of inputs that are normalised already."""
    logits: Tensor = network(inputs)
    return logits
