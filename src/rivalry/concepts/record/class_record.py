"""All that is written down of one class, layer after layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pyarrow as pa
from torch import Tensor, nn

from rivalry.concepts.one_class import Heard, StudiedClass, Truth
from rivalry.concepts.predictions import ClassPictures
from rivalry.concepts.record import tables
from rivalry.concepts.record.alignment import aligned_classes
from rivalry.concepts.record.crops import Crop, strongest_crops
from rivalry.concepts.record.speech import Speech
from rivalry.concepts.record.tables import Key, Row


@dataclass(frozen=True)
class Writing:
    """How classes are written down.

    Attributes:
        classes: Names of all.
        drawn: Pictures of each, at most.
        draws: Runs of the network that were averaged.
        seed: Of the draw of pictures.
    """

    classes: Sequence[str]
    drawn: int
    draws: int
    seed: int


@dataclass(frozen=True)
class ClassRecord:
    """The rows of one class in every table.

    Attributes:
        name: Of the class.
        number: Its position among those of the network.
        pictures: That were looked at.
        truth: What is known of them.
        labels: Their own classes; None where they have none.
        writing: How much is written down.
    """

    name: str
    number: int
    pictures: ClassPictures
    truth: Truth
    labels: Sequence[str | None]
    writing: Writing
    _rows: dict[str, list[Row]] = field(default_factory=dict, repr=False)

    def refuse(self, layer: str, reason: str) -> None:
        """Write down that nothing was found in a layer, and why."""
        self._add("classes", [tables.class_row(self._key(layer), self.pictures, self.truth, reason)])

    def add(
        self, layer: str, heard: Heard, found: StudiedClass, classifier: nn.Linear | None, speech: Speech | None
    ) -> None:
        """Write down what was found in a layer.

        Args:
            layer: Dotted name.
            heard: What it made of the pictures.
            found: In it.
            classifier: Which reads the layer, where one does.
            speech: By which concepts are to be named.
        """
        key, writing = self._key(layer), self.writing
        codes = found.own.codes
        size, grid = (heard.images.shape[2], heard.images.shape[3]), (heard.maps.shape[2], heard.maps.shape[3])
        crops = strongest_crops(codes, grid, size)
        vectors = found.own.dictionary.concepts
        aligned = None if classifier is None else aligned_classes(vectors, classifier.weight.detach())
        self._add("classes", [tables.class_row(key, self.pictures, self.truth, found)])
        self._add("concepts", tables.concept_rows(key, found, aligned, writing.classes))
        self._add("crops", tables.crop_rows(key, self.pictures, heard, crops))
        shown = tables.picture_rows(key, self.pictures, self.labels, heard, found, writing.drawn, writing.seed)
        self._add("pictures", shown)
        self._add("strategies", tables.strategy_rows(key, found, self.truth.correct is not None))
        self._add("extractions", tables.extraction_rows(key, found))
        draws = writing.draws if classifier is None else 1  # a closed form is not run
        self._add("importances", tables.importance_rows(key, found, draws))
        self._add("kept", tables.kept_rows(key, found, _seen(heard, crops, speech)))

    def tables(self) -> dict[str, pa.Table]:
        """Every table, with the rows of this class."""
        return tables.made(self._rows)

    def _key(self, layer: str) -> Key:
        return Key(layer, self.name, self.number)

    def _add(self, table: str, rows: Sequence[Row]) -> None:
        self._rows.setdefault(table, []).extend(rows)


def _seen(heard: Heard, crops: Sequence[Sequence[Crop]], speech: Speech | None) -> dict[str, Tensor]:
    """What CLIP sees in the views of each concept, if it is asked."""
    if speech is None:
        return {}
    seen = speech.see(heard.images, crops)
    return {"views": seen.counts, "features": seen.features, "mass": seen.masses}
