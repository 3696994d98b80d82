"""What is written down of a class: its rows of every table (see :mod:`rivalry.concepts.record.schemas`)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass

import pyarrow as pa
from torch import Tensor

from rivalry.concepts.one_class import Extracted, Heard, StudiedClass, Truth
from rivalry.concepts.predictions import ClassPictures
from rivalry.concepts.record.alignment import Likeness
from rivalry.concepts.record.crops import Crop
from rivalry.concepts.record.schemas import CLASS_TABLES
from rivalry.numerics.sampling import draw
from rivalry.recording.thumbnails import png

Row = dict[str, object]

CROP_SIDE, THUMBNAIL_SIDE = 64, 40
"""The longer side of crops and thumbnails at most, in pixels."""


@dataclass(frozen=True)
class Key:
    """Which class, in which layer.

    Attributes:
        layer: Dotted name.
        class_: Its name.
        number: Its position among the classes of the network.
    """

    layer: str
    class_: str
    number: int

    @property
    def columns(self) -> Row:
        """The key columns."""
        return {"layer": self.layer, "class": self.class_}


def class_row(key: Key, pictures: ClassPictures, truth: Truth, found: StudiedClass | str) -> Row:
    """The row of a class.

    Args:
        key: Of the class.
        pictures: That were looked at.
        truth: What is known of them.
        found: In them; or why nothing was.
    """
    row: Row = {**key.columns, "images": len(pictures), "predicted": pictures.predicted}
    for column, of_images in (("accuracy", truth.correct), ("marked_share", truth.marked)):
        row[column] = None if of_images is None else float(of_images.double().mean())
    if isinstance(found, str):
        return row | {"reason": found}
    shares, told = found.own.weighed.shares, found.strategies
    row |= {"logit": shares.logit, "unexplained": shares.unexplained, "relative_l2": found.own.scores.relative_l2}
    row |= {**_fitted(found.own), "linear": told.linear is not None}
    row |= {"strategies": len(told.portraits), "silhouette": told.clusters.silhouette}
    if told.information is not None:
        row |= {"marked_ami": told.information.ami, "marked_ami_shuffled": told.information.shuffled}
        row["marked_ami_high"] = told.information.shuffled_high
    return row


def concept_rows(key: Key, found: StudiedClass, aligned: Likeness | None, classes: Sequence[str]) -> list[Row]:
    """A row for each concept of a class, but for its name and what it is like elsewhere.

    Args:
        key: Of the class.
        found: In it.
        aligned: Positions of the classes that each concept is aligned with, where a classifier reads the layer.
        classes: Names of all.
    """
    shares, told = found.own.weighed.shares, found.strategies
    columns: dict[str, Iterable[object]] = {
        "concept": range(len(shares.contributions)),
        "importance": found.own.weighed.importance.double().mean(0).tolist(),
        "contribution": shares.contributions,
        "prevalence": told.prevalence.tolist(),
        "reliability": told.reliability.tolist(),
        "energy": found.energy.tolist(),
    }
    if shares.shares is not None:
        columns["share"] = shares.shares
    if told.linear is not None:
        columns["linear_reliability"], columns["linear_prevalence"] = (one.tolist() for one in told.linear)
    if aligned is not None:
        columns["aligned_classes"] = [[classes[place] for place in row] for row in aligned.which.tolist()]
        columns["alignments"] = aligned.cosines.tolist()
    return [{**key.columns, **row} for row in _rows_of(columns)]


def crop_rows(key: Key, pictures: ClassPictures, heard: Heard, crops: Sequence[Sequence[Crop]]) -> list[Row]:
    """A row for each crop of each concept, with what it shows."""
    index = pictures.index.tolist()
    return [
        {**key.columns, "concept": concept, "rank": rank, "index": index[crop.picture], **asdict(crop.box)}
        | {"code": crop.code, "picture": png(crop.box.of(heard.images[crop.picture]), CROP_SIDE)}
        for concept, listed in enumerate(crops)
        for rank, crop in enumerate(listed)
    ]


def picture_rows(
    key: Key,
    pictures: ClassPictures,
    labels: Sequence[str | None],
    heard: Heard,
    found: StudiedClass,
    drawn: int,
    seed: int,
) -> list[Row]:
    """A row for each of some pictures, drawn by seed: where it lies among the others, and by which strategy.

    Args:
        key: Of the class.
        pictures: All that were looked at.
        labels: Their own classes, where they have one.
        heard: What the layer made of them.
        found: In them.
        drawn: How many are written down at most.
        seed: Of the draw.
    """
    told = found.strategies
    columns: dict[str, Sequence[object]] = {
        "index": pictures.index.tolist(),
        "label": labels,
        "strategy": told.clusters.labels.tolist(),
        "dominant": told.dominant.tolist(),
        "importance": found.own.weighed.importance.double().tolist(),
    }
    known = vars(heard.truth)
    columns |= {name: of_images.tolist() for name, of_images in known.items() if of_images is not None}
    if told.places is not None:
        columns["x"], columns["y"] = told.places.double().T.tolist()
    rows = list(_rows_of(columns))
    return [
        {**key.columns, **rows[place], "thumbnail": png(heard.images[place], THUMBNAIL_SIDE)}
        for place in draw(len(pictures), drawn, seed).sort().values.tolist()
    ]


def strategy_rows(key: Key, found: StudiedClass, accuracy_known: bool) -> list[Row]:
    """A row for each strategy of a class."""
    unknown: Row = {} if accuracy_known else {"accuracy": None}
    return [{**key.columns, **asdict(portrait), **unknown} for portrait in found.strategies.portraits]


def extraction_rows(key: Key, found: StudiedClass) -> list[Row]:
    """A row for each extraction that was judged, the study's own first; or why one found nothing."""
    rows: list[Row] = []
    for name, one in {found.own.name: found.own, **found.compared}.items():
        row: Row = {**key.columns, "extraction": name}
        if isinstance(one, str):
            rows.append(row | {"reason": one})
            continue
        faithful = asdict(one.faithfulness)
        row |= {"concepts": len(one.dictionary.concepts), **asdict(one.scores), **_fitted(one)}
        row["unexplained"] = one.weighed.shares.unexplained
        rows.append(row | {name: faithful[name] for name in ("deletion", "insertion", "mu_fidelity", "gain")})
    return rows


def importance_rows(key: Key, found: StudiedClass, draws: int) -> list[Row]:
    """A row for each method of importance that was judged, the study's own first."""
    return [
        {**key.columns, "method": name, **asdict(one), "draws": draws}
        for name, one in found.own.weighed.faithfulness.items()
    ]


def kept_rows(key: Key, found: StudiedClass, seen: Mapping[str, Tensor]) -> list[Row]:
    """What a class's concepts are compared by with those of others: their vectors, and what CLIP saw in their views."""
    columns: dict[str, Iterable[object]] = {"vector": found.own.dictionary.concepts.float().cpu().unbind()}
    columns |= {name: values.tolist() for name, values in seen.items()}
    return [
        {"layer": key.layer, "class": key.class_, "number": key.number, "concept": place, **row}
        | {"vector": row["vector"].numpy()}  # type: ignore[attr-defined]
        for place, row in enumerate(_rows_of(columns))
    ]


def made(rows: Mapping[str, Sequence[Row]]) -> dict[str, pa.Table]:
    """Tables by their schemas, empty where there are no rows; null where nothing is known."""
    return {
        name: pa.Table.from_pylist([_known(row) for row in rows.get(name, ())], schema)
        for name, schema in CLASS_TABLES.items()
    }


def _rows_of(columns: Mapping[str, Iterable[object]]) -> Iterable[Row]:
    return (dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True))


def _fitted(one: Extracted) -> Row:
    fitted = one.dictionary.fitted
    return {"iterations": fitted.iterations, "converged": fitted.converged, "dead": fitted.dead}


def _known(row: Row) -> Row:
    return {name: None if isinstance(value, float) and math.isnan(value) else value for name, value in row.items()}
