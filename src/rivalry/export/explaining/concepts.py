"""How much each concept of a class counts in a picture, by the directions that a record of concepts holds.

    φ_i = Σ_p u_pi (v_i · ∂value/∂a_p)          a_p ≈ Σ_i u_pi v_i at each place p

Codes times gradient along the concepts, as :class:`rivalry.concepts.importance.GradientInput`, with the gradient where
the activations are. Where a linear classifier reads the layer it is the same to the digit; elsewhere of first order.

A record keeps directions of length 1 and not how codes are found. Those of PCA and of natural units are products; of
all others the non-negative least squares are taken, which are NMF's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Float
from torch import Tensor

from rivalry.data.class_names import distinct
from rivalry.export.explaining.explanation import ExplainedConcept, ExplainedConcepts
from rivalry.export.loading import DissectedCheckpoint
from rivalry.numerics.non_negative import non_negative_codes
from rivalry.recording.directions import TABLE, Directions, directions_in
from rivalry.records import Record

Codes = Literal["non_negative", "product"]
"""How much of each concept there is: of least squares with none below zero, or each by itself."""

_ORTHONORMAL = ("PCA(", "NaturalUnits(")


def concept_records(records: Mapping[str, Record]) -> dict[str, Record]:
    """Those records that hold concepts of classes as directions, whatever they are called."""
    wanted = {"classes", "concepts", "crops", TABLE}
    return {name: record for name, record in records.items() if wanted <= record.tables.keys()}


def concept_layers(record: Record) -> tuple[str, ...]:
    """The layers that a record's concepts are directions of."""
    return tuple(record.tables[TABLE]["layer"].unique().to_pylist())


class ConceptsOfPicture:
    """The concepts of a class, weighed in single pictures.

    Args:
        checkpoint: Whose classes are meant.
        name: Of the record.
        record: That holds concepts.
    """

    def __init__(self, checkpoint: DissectedCheckpoint, name: str, record: Record) -> None:
        self.name, self.record, self.layers = name, record, concept_layers(record)
        self._names = distinct(checkpoint.classes, range(len(checkpoint.classes)))
        self._codes: Codes = (
            "product" if str(record.settings.get("extraction")).startswith(_ORTHONORMAL) else "non_negative"
        )

    def weigh(
        self,
        layer: str,
        class_: int,
        activations: Float[Tensor, "places channels"],
        gradient: Float[Tensor, "places channels"],
    ) -> ExplainedConcepts | None:
        """Weigh the concepts of a class in one layer.

        Args:
            layer: One of ``layers``.
            class_: Number of the class.
            activations: Of the layer at each place of the picture.
            gradient: Of the value that is asked for, by them.

        Returns:
            None where the record has no concepts of the class there.

        Raises:
            ValueError: For concepts of another number of channels, or without directions.
        """
        rows = self._rows(layer, class_)
        if not len(rows):
            return None
        vectors = self._directions(layer, rows).weights.T.to(activations)
        if vectors.shape[1] != activations.shape[1]:
            raise ValueError(
                f"record {self.name!r} has concepts of {vectors.shape[1]} channels, and layer {layer!r} has "
                f"{activations.shape[1]}: it is of another network"
            )
        codes = codes_of(activations, vectors, self._codes)
        importance = (codes * (gradient @ vectors.T)).double().sum(0).tolist()
        crops = self._crops(layer, rows["class"][0].as_py())
        found = [
            ExplainedConcept(concept, name, code, counts, crops.get(concept))
            for concept, name, code, counts in zip(
                rows["concept"].to_pylist(), rows["name"].to_pylist(), codes.mean(0).tolist(), importance, strict=True
            )
        ]
        found.sort(key=lambda one: -abs(one.importance))
        return ExplainedConcepts(self.name, layer, self._codes, sum(importance), tuple(found))

    def _rows(self, layer: str, class_: int) -> pa.Table:
        """The class's rows of the table of concepts; where classes of the record have no names, by its number."""
        of_layer = self.record.tables["concepts"].filter(pc.field("layer") == layer)
        named = of_layer.filter(pc.field("class") == self._names[class_])
        rows = named if len(named) else of_layer.filter(pc.field("class") == str(class_))
        return rows.sort_by("unit")

    def _directions(self, layer: str, rows: pa.Table) -> Directions:
        """Of these concepts, in their order; a record may hold thousands of others."""
        of_layer = self.record.tables[TABLE].filter(pc.field("layer") == layer)
        own = of_layer.filter(pc.is_in(of_layer["unit"], rows["unit"].combine_chunks())).sort_by("unit")
        if len(own) != len(rows):
            raise ValueError(f"record {self.name!r} has {len(rows)} concepts of a class and directions of {len(own)}")
        return directions_in(own)[layer]

    def _crops(self, layer: str, class_: str) -> dict[int, bytes]:
        """Where each concept was seen most clearly."""
        first = (pc.field("layer") == layer) & (pc.field("class") == class_) & (pc.field("rank") == 0)
        rows = self.record.tables["crops"].filter(first)
        return dict(zip(rows["concept"].to_pylist(), rows["picture"].to_pylist(), strict=True))


def codes_of(
    activations: Float[Tensor, "places channels"], vectors: Float[Tensor, "concepts channels"], codes: Codes
) -> Float[Tensor, "places concepts"]:
    """How much of each concept there is at each place.

    >>> import torch
    >>> codes_of(torch.tensor([[3.0, -1.0]]), torch.eye(2), "non_negative")
    tensor([[3., 0.]])
    """
    if codes == "product":
        return activations @ vectors.T
    return non_negative_codes(activations, vectors)
