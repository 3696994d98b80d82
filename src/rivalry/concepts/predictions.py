"""Which pictures the network took for which class, and those of them that are looked at closely."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Bool, Float, Int, UInt8
from torch import Tensor
from torch.utils.data import DataLoader, Subset

from rivalry.data.dataset import ImageDataset
from rivalry.numerics.nearest import nearest
from rivalry.numerics.sampling import draw
from rivalry.recording.sample_rows import Rows

_BATCH = 32

COLUMNS = 2
"""Numbers that are kept of every picture: the class that it was taken for, and its own."""

UNLABELLED = -1
"""Stands for the class of a picture that has none."""


def prediction_rows(
    logits: Float[Tensor, "batch classes"], labels: Int[Tensor, " batch"] | None
) -> Float[Tensor, "batch columns"]:
    """What is kept of a batch: the predicted class and the label of each picture, where pictures have labels.

    >>> prediction_rows(torch.tensor([[0.0, 2.0]]), torch.tensor([0]))
    tensor([[1., 0.]])
    """
    predicted = logits.argmax(1)
    return torch.stack((predicted, torch.full_like(predicted, UNLABELLED) if labels is None else labels), 1).float()


@dataclass(frozen=True)
class ClassPictures:
    """The pictures predicted as one class, or those of them that were drawn.

    Attributes:
        index: Positions in the data set, ascending.
        labels: Their own classes; ``UNLABELLED`` where they have none.
        predicted: How many were predicted as the class in all.
    """

    index: Int[Tensor, " images"]
    labels: Int[Tensor, " images"]
    predicted: int

    def __len__(self) -> int:
        return len(self.index)

    def correct(self, class_: int) -> Bool[Tensor, " images"]:
        """Which of them are of the class."""
        return self.labels == class_

    def batches(self, dataset: ImageDataset, workers: int = 0) -> Iterator[UInt8[Tensor, "batch 3 height width"]]:
        """Read them, in their order."""
        # A generator of its own: a loader would draw from the one that the network draws from.
        loader: DataLoader[Any] = DataLoader(
            Subset(dataset, self.index.tolist()), _BATCH, num_workers=workers, generator=torch.Generator()
        )
        for batch in loader:
            yield batch["image"]


def pictures_of(rows: Rows, class_: int, count: int, seed: int) -> ClassPictures:
    """Pictures that were predicted as a class: all of them, or so many drawn by seed.

    Args:
        rows: Of all pictures, of :func:`prediction_rows`.
        class_: The class' position.
        count: How many at most.
        seed: Of the draw. The same pictures come on any number of ranks.
    """
    (found,) = (rows.values[:, 0].long() == class_).nonzero(as_tuple=True)
    chosen = found[draw(len(found), count, seed).sort().values.to(found.device)]
    return ClassPictures(rows.index[chosen].cpu(), rows.values[chosen, 1].long().cpu(), len(found))


def chosen_classes(asked: Sequence[str] | None, known: Sequence[str]) -> tuple[int, ...]:
    """Positions of the classes that were asked for, in the order of all; of all where none were.

    Raises:
        ValueError: For an unknown class, naming the nearest.

    >>> chosen_classes(["dog", "cat"], ["cat", "cow", "dog"])
    (0, 2)
    """
    if asked is None:
        return tuple(range(len(known)))
    unknown = [name for name in asked if name not in known]
    if unknown:
        raise ValueError(f"{unknown[0]!r} is none of the {len(known)} classes; nearest: {nearest(unknown[0], known)}")
    return tuple(sorted({known.index(name) for name in asked}))
