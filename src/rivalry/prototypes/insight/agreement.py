"""Does a prototype hold the concepts of its class, as much of each as the class's pictures do?

    codes of a picture = mean over places of the layer's map along the directions of the class's concepts
    agreement = rank correlation, and cosine, of a prototype's codes with the mean codes of the class's pictures

Beside it stand the same numbers of the class's own pictures, each against the mean of the others, and of pictures of
all other classes: a prototype can be as much of its class as one of its pictures, and as little as those of others.
The concepts are those of a record of :class:`rivalry.concepts.ConceptExtraction` of the same network.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow.compute as pc
import torch
from jaxtyping import Float
from torch import Tensor

from rivalry.data.paths import expand
from rivalry.numerics.nearest import nearest
from rivalry.numerics.sampling import draw
from rivalry.numerics.similarity import cosine, rank_correlation
from rivalry.prototypes.insight.given import Known, Made
from rivalry.prototypes.insight.schemas import Row
from rivalry.recording.chosen import ChosenPictures
from rivalry.recording.directions import TABLE, Directions, directions_in
from rivalry.records import Record


@dataclass(frozen=True, eq=False)
class ClassConcepts:
    """The concepts of a class in a layer.

    Attributes:
        layer: Dotted name.
        class_: Name of the class.
        directions: A direction a concept.
    """

    layer: str
    class_: str
    directions: Directions

    def codes(self, maps: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch concepts"]:
        """How much of each concept there is in pictures."""
        return self.directions.of(maps).mean((2, 3))


def read_concepts(folder: str) -> tuple[ClassConcepts, ...]:
    """The concepts in a record, of all layers and classes that have two or more.

    Args:
        folder: Of the record.

    Raises:
        ValueError: If it holds no concepts along directions.
    """
    record = Record.load(expand(folder), tables=["concepts", TABLE])
    if not {"concepts", TABLE} <= record.tables.keys():
        raise ValueError(
            f"the record in {folder} is of {record.name!r} and holds no concepts along directions; wanted one of a "
            "ConceptExtraction over positions"
        )
    table, found = record.tables["concepts"], []
    for layer, directions in directions_in(record.tables[TABLE]).items():
        of_layer = table.filter(pc.field("layer") == layer)
        for class_ in pc.unique(of_layer["class"]).to_pylist():
            units = of_layer.filter(pc.field("class") == class_)["unit"].to_pylist()
            own = Directions(directions.weights[:, units], directions.bias[units], directions.axis)
            found += [ClassConcepts(layer, class_, own)] if len(units) > 1 else []
    return tuple(found)


def agreement_rows(made: Made, known: Known, concepts: Sequence[ClassConcepts], pictures: int) -> list[Row]:
    """Rows of the table ``agreement``: of each prototype of a class, layer by layer. A collective.

    Args:
        made: The prototypes.
        known: Says which pictures are of a class.
        concepts: Of :func:`read_concepts`.
        pictures: Pictures of a class, and of all others, at most.

    Raises:
        ValueError: If a class has concepts in no layer.
    """
    classes = {known.class_names[class_] for class_ in made.classes if class_ is not None}
    asked = [one for one in concepts if one.class_ in classes]
    for name in sorted(classes - {one.class_ for one in asked}):
        raise ValueError(f"no concepts are known of {name!r}; nearest: {nearest(name, {c.class_ for c in concepts})}")
    usual = tuple(sorted(draw(len(known.dataset), pictures, known.seed).tolist()))
    codes_of_usual = dict(zip(asked, _natural_codes(asked, known, usual), strict=True))
    rows: list[Row] = []
    for target, of_target in made.rows_of().items():
        here = [one for one in asked if made.classes[of_target[0]] == _place(one, known)]
        own = tuple(sorted(known.own[target][:pictures]))
        others = torch.tensor([index not in own for index in usual], device=known.device)
        natural = _natural_codes(here, known, own)
        maps, _ = known.show(255 * made.images[list(of_target)].to(known.device)) if here else ({}, None)
        for one, of_own in zip(here, natural, strict=True):
            beside = _beside(of_own, codes_of_usual[one][others])
            found = agreement(one.codes(maps[one.layer]), of_own)
            rows += [
                {"target": target, "copy": made.copies[row], "layer": one.layer, "class": one.class_}
                | {"concepts": of_own.shape[1]}
                | {name: float(values[place]) for name, values in found.items()}
                | beside
                for place, row in enumerate(of_target)
            ]
    return rows


def agreement(
    codes: Float[Tensor, "pictures concepts"], natural: Float[Tensor, "others concepts"]
) -> dict[str, Float[Tensor, " pictures"]]:
    """Rank correlation and cosine of each row with the mean of others; NaN where there are none.

    >>> agreement(torch.tensor([[1.0, 2.0]]), torch.tensor([[2.0, 5.0], [2.0, 3.0]]))["spearman"].round(decimals=3)
    tensor([1.], dtype=torch.float64)
    """
    if not len(natural):
        unknown = torch.full((len(codes),), torch.nan, dtype=torch.float64, device=codes.device)
        return {"spearman": unknown, "cosine": unknown}
    mean = natural.double().mean(0, keepdim=True)
    return {"spearman": rank_correlation(codes, mean)[:, 0], "cosine": cosine(codes, mean)[:, 0]}


def agreement_of_each(natural: Float[Tensor, "pictures concepts"]) -> dict[str, Float[Tensor, " pictures"]]:
    """Agreement of each picture with the mean of all others; NaN of a single one."""
    if len(natural) < 2:
        return agreement(natural, natural[:0])
    others = (natural.double().sum(0) - natural) / (len(natural) - 1)
    return {"spearman": rank_correlation(natural, others).diagonal(), "cosine": cosine(natural, others).diagonal()}


def _beside(own: Tensor, others: Tensor) -> dict[str, float]:
    """Mean agreement of the class's own pictures, and of pictures of all other classes."""
    means = {"same": agreement_of_each(own), "other": agreement(others, own)}
    return {f"{of}_{name}": float(values.mean()) for of, found in means.items() for name, values in found.items()}


def _natural_codes(concepts: Sequence[ClassConcepts], known: Known, indices: tuple[int, ...]) -> list[Tensor]:
    """Codes of natural pictures, for the concepts of each layer and class. A collective."""
    if not concepts:
        return []
    counts = [one.directions.weights.shape[1] for one in concepts]
    chosen = ChosenPictures(known.dataset, indices, known.device, known.workers)
    rows = []
    for batch in chosen.batches():
        maps, _ = known.show(batch["image"].to(known.device))
        rows.append(torch.cat([one.codes(maps[one.layer]) for one in concepts], 1))
    return list(torch.split(chosen.gather(rows, sum(counts)).values, counts, dim=1))


def _place(one: ClassConcepts, known: Known) -> int:
    return known.class_names.index(one.class_)
