"""What can be said when all classes are known: names, what concepts share over classes, and means over all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc
import torch
from jaxtyping import Float, Shaped
from torch import Tensor
from torch.nn import functional

from rivalry.concepts.record.alignment import Likeness, shared_pairs, similar_concepts
from rivalry.concepts.record.naming import Called, SeenViews
from rivalry.concepts.record.schemas import CLASS_TABLES, CONCEPTS, SHARED
from rivalry.concepts.record.speech import Speech
from rivalry.concepts.record.tables import Row
from rivalry.recording.directions import TABLE, Directions

PAIRS = 100
"""Pairs of concepts in the table ``shared`` at most, of each layer."""


def overview(
    tables: Mapping[str, pa.Table], axes: Mapping[str, int | None], speech: Speech | None
) -> dict[str, pa.Table]:
    """The tables of a record, from what was written of each class.

    Args:
        tables: Of all classes together, by the schemas ``CLASS_TABLES``.
        axes: Of the units of each layer, in the network's order; None of a layer that cannot be heard along
            directions, which are then not offered.
        speech: Words for concepts, where they are to be named.
    """
    concepts: list[Row] = []
    shared: list[Row] = []
    directions = []
    for layer, axis in axes.items():
        of_layer = pc.field("layer") == layer
        own, kept = tables["concepts"].filter(of_layer), tables["kept"].filter(of_layer)
        if not len(own):
            continue
        vectors = _matrix(kept["vector"])
        likeness = similar_concepts(vectors, _column(kept["number"]))
        rows = own.to_pylist()
        called = _called(kept, speech)
        concepts += [
            {**row, "unit": unit, **_names(one), **_similar(rows, likeness, unit)}
            for unit, (row, one) in enumerate(zip(rows, called, strict=True))
        ]
        shared += _shared_rows(rows, called, likeness)
        if axis is not None:
            weights = functional.normalize(vectors, dim=1).T
            directions.append(Directions(weights, torch.zeros(len(vectors)), axis).rows(layer))
    made = {name: table for name, table in tables.items() if name in CLASS_TABLES and name not in ("concepts", "kept")}
    made |= {"concepts": pa.Table.from_pylist(concepts, CONCEPTS), "shared": pa.Table.from_pylist(shared, SHARED)}
    return made | ({TABLE: pa.concat_tables(directions)} if directions else {})


def scalars(tables: Mapping[str, pa.Table], extraction: str) -> dict[str, float]:
    """Means over classes and layers, and the number of classes with concepts.

    Args:
        tables: Of the record.
        extraction: Name of the study's own extraction, of which scores are told.
    """
    classes, concepts = tables["classes"], tables["concepts"]
    own = tables["extractions"].filter(pc.field("extraction") == extraction)
    found = {"classes": float(len(pc.unique(concepts["class"])))}
    for table, names in (
        (classes, ("unexplained", "strategies", "marked_ami")),
        (own, ("relative_l2", "zeros", "stability", "mu_fidelity", "gain")),
        (concepts, ("reliability",)),
    ):
        means = {name: pc.mean(table[name]).as_py() for name in names}
        found |= {name: mean for name, mean in means.items() if mean is not None}
    return found


def _called(kept: pa.Table, speech: Speech | None) -> list[Called]:
    if speech is None:
        return [Called()] * len(kept)
    counts, masses, class_ = (_column(kept[name]) for name in ("views", "mass", "number"))
    return speech.call(SeenViews(counts, _matrix(kept["features"]), masses), class_)


def _names(called: Called) -> Row:
    return {"name": called.name, "name_score": called.score, "runner_up": called.runner_up}


def _similar(rows: Sequence[Row], likeness: Likeness, unit: int) -> Row:
    """The concepts of other classes that are like one, as ``class:concept``."""
    places = [place for place in likeness.which[unit].tolist() if place >= 0]
    return {
        "similar": [f"{rows[place]['class']}:{rows[place]['concept']}" for place in places],
        "similarities": likeness.cosines[unit, : len(places)].tolist(),
    }


def _shared_rows(rows: Sequence[Row], called: Sequence[Called], likeness: Likeness) -> list[Row]:
    """The pairs of concepts of different classes that are most alike."""
    return [
        {"layer": rows[first]["layer"], "cosine": cosine}
        | {"class": rows[first]["class"], "concept": rows[first]["concept"], "name": called[first].name}
        | {"other_class": rows[other]["class"], "other_concept": rows[other]["concept"]}
        | {"other_name": called[other].name}
        for first, other, cosine in shared_pairs(likeness, PAIRS)
    ]


def _column(column: pa.ChunkedArray) -> Shaped[Tensor, " rows"]:
    """A column of numbers as a vector."""
    return torch.from_numpy(column.to_numpy().copy())


def _matrix(column: pa.ChunkedArray) -> Float[Tensor, "rows columns"]:
    """A column of lists of one length as a matrix."""
    values = column.combine_chunks().flatten().to_numpy(zero_copy_only=False)
    return torch.from_numpy(values.reshape(len(column), -1).copy())
