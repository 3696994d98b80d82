"""What a picture in Rivalry is: a sample, the concepts its masks speak of, and the data sets that give samples.

Images stay ``uint8`` until the network's wrapper normalises them, so that every analysis sees the pixels themselves.
Every sample carries its index in the data set it came from: results are keyed by it, and padding duplicates of several
ranks are removed by it. Concepts fall into the categories of Broden (Bau et al. 2017, "Network Dissection: Quantifying
Interpretability of Deep Visual Representations", arXiv:1704.05796).
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypedDict

import numpy as np
import numpy.typing as npt
from torch import Tensor
from torch.utils.data import Dataset

CATEGORIES = ("scene", "object", "part", "colour", "texture", "material")
"""The categories of Broden, in the order of the first axis of ``Sample.masks``."""

Transform = Callable[[Any], Any]
"""From one ``uint8`` image (3, height, width) to another, such as a transform of torchvision's ``v2``."""


@dataclass(frozen=True)
class Concept:
    """One thing that pixels can show.

    Attributes:
        name: How it is said, e.g. ``"wheel"``.
        category: One of ``CATEGORIES``.

    Raises:
        ValueError: If the category is none of ``CATEGORIES``.

    >>> Concept("wheel", "part").category
    'part'
    """

    name: str
    category: str

    def __post_init__(self) -> None:
        if self.category not in CATEGORIES:
            known = ", ".join(CATEGORIES)
            raise ValueError(f"concept {self.name!r} has category {self.category!r}; the categories are {known}")


class Sample(TypedDict, total=False):
    """What a data set gives for an index; ``default_collate`` of torch stacks samples into a batch of the same keys.

    Attributes:
        image: ``uint8`` (3, height, width), 0 to 255, never normalised.
        label: Position in the data set's ``classes``.
        index: Position in the data set that was asked: ``dataset[index]["index"] == index``, in every epoch.
        masks: ``int16`` (categories, height, width), in the order of ``CATEGORIES``: 1 + position in the data set's
            ``concepts``, 0 where no concept of the category is. The last categories may be missing where the data set
            has no concept of them. Only where asked for.
        repeat: How often the image was shown before in this epoch of a training that repeats its pictures.
        target: ``float32`` (classes), shares of the classes in an image that was mixed of two. Only in training.
    """

    image: Tensor
    label: int
    index: int
    masks: Tensor
    repeat: int
    target: Tensor


class ImageDataset(Dataset[Sample], ABC):
    """Labelled pictures, found by index.

    Attributes:
        classes: Names of the classes; a sample's label is a position here.
        concepts: What the masks speak of; empty where samples carry no masks.
    """

    classes: tuple[str, ...]
    concepts: tuple[Concept, ...] = ()

    @property
    @abstractmethod
    def fingerprint(self) -> str:
        """Hex digest of all that decides what the samples are, so that records of the same pictures can be told."""

    @property
    def labels(self) -> npt.NDArray[np.int64]:
        """The labels of all samples. Here every sample is read; a data set that knows them otherwise says so."""
        return np.array([self[index]["label"] for index in range(len(self))], dtype=np.int64)

    def prepare(self) -> None:
        """Do ahead of the first read, once a machine, what can be kept for later: draw, decode."""

    @abstractmethod
    def __len__(self) -> int:
        """Number of samples."""

    @abstractmethod
    def __getitem__(self, index: int) -> Sample:
        """The sample at ``index``, 0 to ``len(self) - 1``.

        Raises:
            IndexError: If there is no such sample.
        """


def describe_transform(transform: Transform | None) -> str:
    """Say what a data set does to its images, for its fingerprint: how Python shows it, without places in memory.

    >>> describe_transform(None)
    'None'
    """
    return re.sub(r" at 0x[0-9a-f]+", "", repr(transform))
