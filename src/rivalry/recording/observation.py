"""What an analysis is told: before the pass (``Listening``) and for every batch of it (``Observation``).

When it shows the network pictures of its own, it is told what came of them (``Shown``).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor, nn

from rivalry.data.dataset import ImageDataset
from rivalry.recording.directions import Directions
from rivalry.records import Record

Result = TypeVar("Result")

Images: TypeAlias = UInt8[Tensor, "batch 3 height width"] | Float[Tensor, "batch 3 height width"]
"""Pictures, 0 to 255; as floating-point numbers where a gradient shall pass through them."""

Forward: TypeAlias = Callable[[nn.Module, Images], Float[Tensor, "batch classes"]]
"""From a network and pictures to logits: the normalisation and precision of those who drive the pass."""


def plain_forward(network: nn.Module, images: Images) -> Float[Tensor, "batch classes"]:
    """The output of a network that takes pictures from 0 to 1."""
    logits: Tensor = network(images.float() / 255)
    return logits


@dataclass(frozen=True)
class Shown:
    """What the network made of pictures that an analysis has shown it.

    Attributes:
        logits: Its output.
        activations: Output of each of the analysis' layers.
        winners: Of layers that compete, the winners' places in their blocks.
    """

    logits: Float[Tensor, "batch classes"]
    activations: Mapping[str, Float[Tensor, "batch ..."]]
    winners: Mapping[str, Int[Tensor, "batch ..."]]


@dataclass(frozen=True)
class Listening:
    """What is known before the first batch.

    Attributes:
        network: The network, as it is; never to be changed.
        layers: The analysis' own tapped layers, by dotted name in the network's order.
        dataset: The probe set, for access to single images by index.
        device: Where observations lie.
        competitors: Units in a block of those layers that compete (LWTA); the others are missing here.
        dims: Axis of units of those layers that compete.
        forward: Runs any network on pictures as the heard one was run: a twin of it, or itself with gradients.
        show: Shows the heard network pictures of the analysis' own, in the pass or at its end. Hears the analysis'
            layers; later draws of the pass come out as if nothing had been shown.
        previous: The record that this analysis left for the epoch before, where it :attr:`Analysis.follows`.
        workers: Processes that may decode images of the data set where many are read at the end.
        directions: Of those of its layers that are directions of another (``layer3@basis``), by name.
    """

    network: nn.Module
    layers: tuple[str, ...]
    dataset: ImageDataset
    device: torch.device
    competitors: Mapping[str, int]
    dims: Mapping[str, int]
    forward: Forward
    show: Callable[[Images], Shown]
    previous: Record | None = None
    workers: int = 0
    directions: Mapping[str, Directions] = field(default_factory=dict)


@dataclass(frozen=True)
class Observation:
    """One batch, as the network saw it. Padding duplicates of a distributed pass are gone, so a batch may be empty.

    Attributes:
        index: Positions in the data set.
        images: Pictures, 0 to 255.
        labels: Classes, where samples carry them.
        masks: Concepts a pixel (see :class:`rivalry.data.dataset.Sample`), where samples carry them; Broden's are
            coarser than the pictures.
        logits: The network's output.
        activations: Output of each tapped layer, as the layer shapes it.
        winners: Of layers that compete: the winners' places in their blocks, the axis of units holding blocks.
    """

    index: Int[Tensor, " batch"]
    images: UInt8[Tensor, "batch 3 height width"]
    labels: Int[Tensor, " batch"] | None
    masks: Int[Tensor, "batch categories mask_height mask_width"] | None
    logits: Float[Tensor, "batch classes"] | None
    activations: Mapping[str, Float[Tensor, "batch ..."]]
    winners: Mapping[str, Int[Tensor, "batch ..."]]
    _made: dict[Hashable, Any] = field(default_factory=dict, repr=False, compare=False)

    def once(self, what: Hashable, make: Callable[[], Result]) -> Result:
        """Something that is made of this batch, by the first of the analyses that asks for it.

        Args:
            what: Tells it from all other things.
            make: Makes it; never changed afterwards.
        """
        if what not in self._made:
            self._made[what] = make()
        made: Result = self._made[what]
        return made
