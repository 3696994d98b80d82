"""Whether onnxruntime gives what PyTorch gives.

Both round, differently, and where two competitors are as strong as one another the last bit decides. Who wins such a
tie meets other weights, and the logits jump. So logits are compared where all winners are the same; where they are not,
the first layer that differs must have had a tie.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import torch
from jaxtyping import Bool, Float, Int, UInt8
from torch import Tensor, nn

from rivalry.export.loading.checkpoint import DissectedCheckpoint
from rivalry.export.loading.program import WithWinners
from rivalry.lwta.competition import split_blocks
from rivalry.lwta.layer import LWTA, competitions

TOLERANCE = 1e-4
"""By how much logits may differ; and activations of a tie, relative to the largest of their layer."""


@dataclass(frozen=True)
class Parity:
    """How near onnxruntime came.

    Attributes:
        difference: The largest of the logits of pictures whose winners are all the same.
        ties: Share of pictures in which a tie went the other way.
        winners: Share of winners, of all pictures, that are the same; 1 where nothing competes.
    """

    difference: float
    ties: float
    winners: float


@torch.no_grad()
def check_parity(checkpoint: DissectedCheckpoint, file: Path, images: UInt8[Tensor, "batch 3 height width"]) -> Parity:
    """Compare onnxruntime with PyTorch, on the CPU.

    Args:
        checkpoint: What the file was made of.
        file: The file.
        images: What to show.

    Raises:
        ValueError: If logits differ by more than ``TOLERANCE``, or winners where there was no tie.
    """
    import onnxruntime  # an extra

    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    given = dict(zip(names, map(torch.from_numpy, session.run(None, {"images": images.numpy()})), strict=True))
    logits, winners, activations = _run(checkpoint, images)
    layers, tied, alike, count = competitions(checkpoint.network), torch.zeros(len(images), dtype=torch.bool), 0, 0
    for name, wanted in winners.items():
        found = given[f"winners/{name}"]
        differs = (found != wanted).flatten(1).any(1) & ~tied
        if not are_ties(layers[name], activations[name], found)[differs].all():
            raise ValueError(f"{file}: onnxruntime finds other winners in layer {name!r}, and there was no tie")
        tied |= differs
        alike, count = alike + int((found == wanted).sum()), count + wanted.numel()
    difference = (given["logits"] - logits)[~tied].abs().max().item() if not tied.all() else 0.0
    if not difference <= TOLERANCE:
        raise ValueError(f"{file}: logits of onnxruntime differ by {difference:.2g}; at most {TOLERANCE:g} is allowed")
    return Parity(difference, tied.float().mean().item(), alike / count if count else 1.0)


def are_ties(
    layer: LWTA, activations: Float[Tensor, "batch ..."], winners: Int[Tensor, "batch ..."]
) -> Bool[Tensor, " batch"]:
    """Whether, in each picture, all these winners are as strong as the strongest of their blocks, within rounding.

    >>> layer, strengths = LWTA(2), torch.tensor([[1.0, 3.0], [3.0, 3.0]])
    >>> are_ties(layer, strengths, torch.tensor([[0], [0]])).tolist()
    [False, True]
    """
    blocks = split_blocks(activations, layer.competitors, layer.dim)
    axis = layer.dim + 1 if layer.dim >= 0 else layer.dim
    won = blocks.gather(axis, winners.unsqueeze(axis)).squeeze(axis)
    return ((blocks.amax(axis) - won) <= TOLERANCE * activations.abs().amax()).flatten(1).all(1)


def _run(checkpoint: DissectedCheckpoint, images: Tensor) -> tuple[Tensor, dict[str, Tensor], dict[str, Tensor]]:
    """Logits; by layer, in the order in which they run, winners; by layer what competed."""
    activations: dict[str, Tensor] = {}

    def hear(name: str) -> Callable[..., None]:
        def hook(_layer: nn.Module, inputs: tuple[Tensor, ...]) -> None:
            activations[name] = inputs[0]

        return hook

    with ExitStack() as hooks:
        telling = WithWinners(checkpoint).eval()
        hooks.callback(telling.close)
        for name, layer in competitions(checkpoint.network).items():
            hooks.callback(layer.register_forward_pre_hook(hear(name)).remove)
        logits, *winners = telling(images)
    return logits, dict(zip(telling.layers, winners, strict=True)), activations
