"""What natural pictures are worth to targets: the value of every picture for every target, and whether it answers.

A prototype is judged beside natural pictures, so these are read as it is (:mod:`rivalry.prototypes.objectives.values`),
but every one for all targets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from rivalry.prototypes.objectives.targets import Target
from rivalry.prototypes.objectives.values import Reading, read
from rivalry.recording.directions import MARK
from rivalry.recording.layer_maps import LayerMaps
from rivalry.recording.observation import Observation
from rivalry.recording.pooling import positions_won


@dataclass(frozen=True)
class Worth:
    """What some pictures are worth to targets.

    Attributes:
        values: Of each picture for each target.
        answered: Whether the target answers anywhere in the picture: a unit that competes wins, any other is above 0; a
            class always does.
    """

    values: Float[Tensor, "batch targets"]
    answered: Bool[Tensor, "batch targets"]


def worth(
    targets: Sequence[Target],
    observation: Observation,
    maps: LayerMaps | None,
    competitors: Mapping[str, int],
    reading: Reading = "mean",
) -> Worth:
    """Read what pictures are worth to all targets.

    Args:
        targets: Of any kind.
        observation: The pictures, with what the targets' layers gave, and logits where a target is a class.
        maps: How the targets' layers lie on the pictures; None where all are classes.
        competitors: Units in a block of those layers that compete.
        reading: Which places of a layer count.

    Raises:
        ValueError: For a class where there are no logits.
    """
    rows = len(observation.index)
    values = torch.zeros(rows, len(targets), device=observation.index.device)
    answered = torch.ones_like(values, dtype=torch.bool)
    for layer in dict.fromkeys(target.layer for target in targets):
        columns = [place for place, target in enumerate(targets) if target.layer == layer]
        numbers = torch.tensor([targets[place].number for place in columns], device=values.device)
        if layer is None:
            if observation.logits is None:
                raise ValueError("the value of a class is its logit, and a batch came without logits")
            values[:, columns] = observation.logits[:, numbers].float()
            continue
        own, won = _units(layer, observation, maps, competitors.get(layer))
        values[:, columns] = read(own[:, numbers].float(), reading)
        answered[:, columns] = won[:, numbers].flatten(2).any(2)
    return Worth(values, answered)


def _units(
    layer: str, observation: Observation, maps: LayerMaps | None, competitors: int | None
) -> tuple[Float[Tensor, "batch units height width"], Bool[Tensor, "batch units height width"]]:
    """The maps of a layer's units or directions, and where each answers."""
    output = observation.activations[layer]
    if MARK in layer:  # what directions make of a layer are maps
        return output, output > 0
    if maps is None:
        raise ValueError(f"units of {layer} are read from its maps, and how it lies on pictures was not settled")
    size = observation.images.shape[2], observation.images.shape[3]
    won = positions_won(output, observation.winners.get(layer), competitors, maps.axes[layer])
    return maps.of({layer: output}, size)[layer], maps.of({layer: won}, size)[layer] > 0
