"""What an insight is made of: prototypes, and what the analysis knows of the pictures and the network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from rivalry.data.dataset import ImageDataset
from rivalry.recording.layer_maps import Maps
from rivalry.recording.observation import Images

Show = Callable[[Images], tuple[Maps, Float[Tensor, "batch classes"]]]
"""From pictures, 0 to 255, to the maps of the analysis' layers and the logits."""


@dataclass(frozen=True)
class Made:
    """Prototypes that were made, a row each: the copies of all targets, the same on every rank.

    Attributes:
        targets: What each is for, as the user wrote it; copies of one target share it.
        classes: The class that each is for, as a position in the logits; None for targets of another kind.
        copies: Which copy of its target each is, from 0.
        images: In [0, 1].
        alpha: What of the picture drew the gradient while it was made, 0 or more: Σ over steps of |∂L/∂x|.
    """

    targets: tuple[str, ...]
    classes: tuple[int | None, ...]
    copies: tuple[int, ...]
    images: Float[Tensor, "prototypes 3 height width"]
    alpha: Float[Tensor, "prototypes height width"]

    def __post_init__(self) -> None:
        counts = {len(part) for part in (self.targets, self.classes, self.copies, self.images, self.alpha)}
        if len(counts) != 1:
            raise ValueError(f"every prototype has a target, a class, a copy, an image and an α map; got {counts}")

    def rows_of(self) -> dict[str, tuple[int, ...]]:
        """The rows of each target's copies, targets in the order in which they first occur."""
        return {
            target: tuple(row for row, of in enumerate(self.targets) if of == target)
            for target in dict.fromkeys(self.targets)
        }

    def rows_of_classes(self) -> dict[int, tuple[int, ...]]:
        """The rows of all prototypes of each class, in the order in which classes first occur."""
        known = dict.fromkeys(class_ for class_ in self.classes if class_ is not None)
        return {class_: tuple(row for row, of in enumerate(self.classes) if of == class_) for class_ in known}


@dataclass(frozen=True)
class Known:
    """What the analysis knows when it asks for insight.

    Attributes:
        dataset: The probe set, whose pictures the network was not trained on.
        device: Where pictures are shown.
        show: Shows them to the network.
        own: Of each target, natural pictures of it by index in the data set: of its class, or the strongest.
        class_names: Names of the network's classes, in the order of its logits.
        workers: Processes that may decode pictures.
        seed: Of all that is drawn.
    """

    dataset: ImageDataset
    device: torch.device
    show: Show
    own: Mapping[str, tuple[int, ...]]
    class_names: tuple[str, ...]
    workers: int = 0
    seed: int = 0
