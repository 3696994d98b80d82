"""Insight into prototypes: all that is asked of them once they are made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pyarrow as pa
from torch import nn

from rivalry.data.dataset import ImageDataset
from rivalry.data.vocabulary import Vocabulary
from rivalry.data.watermark import Watermark
from rivalry.prototypes.insight.given import Known, Made
from rivalry.records import JSON


@dataclass(frozen=True)
class Found:
    """What was found.

    Attributes:
        tables: Of those that were asked for, by the schemas of :mod:`rivalry.prototypes.insight.schemas`.
        scalars: What they come to.
    """

    tables: Mapping[str, pa.Table] = field(default_factory=dict)
    scalars: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Insight:
    """What is to be asked of prototypes.

    Attributes:
        clip: A CLIP, as for :func:`rivalry.clip.towers.load_clip`, that names prototypes, and looks for the mark.
        vocabulary: The words for it, or the name or file of them.
        watermark: A mark that prototypes of classes are searched for, and that is pasted on pictures.
        concepts: Folder of a record of :class:`rivalry.concepts.ConceptExtraction`, whose concepts of a class its
            prototype is compared along.
        pictures: Natural pictures that each question is asked of, at most.
        counter_images: Whether what prototypes suggest is pasted on pictures of other classes.

    Raises:
        ValueError: For a number out of bounds, or a CLIP that is not known, or names without words.
    """

    clip: str | None = None
    vocabulary: Vocabulary | str | None = None
    watermark: Watermark | None = None
    concepts: str | None = None
    pictures: int = 200
    counter_images: bool = True

    @property
    def layers(self) -> tuple[str, ...]:
        """Layers that must be among those of :attr:`Known.show`: those of the concepts."""
        raise NotImplementedError

    @property
    def settings(self) -> dict[str, JSON]:
        """All that is needed to repeat it."""
        raise NotImplementedError

    def check(self, network: nn.Module, dataset: ImageDataset) -> None:
        """Refuse what cannot be asked, before anything runs.

        Raises:
            ValueError: For a mark that does not fit on the pictures, or a record without concepts.
        """
        raise NotImplementedError

    def look(self, made: Made, known: Known) -> Found:
        """Ask everything of all prototypes. A collective: every rank calls it, and finds the same."""
        raise NotImplementedError
