"""What the page of a layer says of it, and the tiles of its grid."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from rivalry.lens.site.charts import counted, said, said_percent
from rivalry.lens.site.columns import NUMBER, TEXT, TRUTH, WHOLE, Types, columns_of, units_of
from rivalry.lens.site.layers.table import LayerTable
from rivalry.lens.site.links import Linked, concept_link, shown
from rivalry.lens.site.section import Site
from rivalry.lens.site.shelf import Shelf, Volume
from rivalry.lens.site.sources import last_of
from rivalry.lens.site.units.story import Story
from rivalry.lens.site.units.tiles import best_of
from rivalry.lens.site.units.view import Sample

TILES = 200
"""Units that the grid shows at most."""

_LABELS = 16
_LAYERS: Types = (
    ("layer", TEXT), ("competitors", WHOLE), ("active_fraction", NUMBER), ("winner_entropy", NUMBER),
    ("dead_units", WHOLE), ("negative_share", NUMBER),
)  # fmt: skip


@dataclass(frozen=True)
class Tile:
    """A unit in the grid.

    Attributes:
        unit: Its number.
        label: What it is called; empty where nothing names it.
        dead: Whether it never won.
        best: Its strongest picture, if a record has one.
    """

    unit: int
    label: str
    dead: bool
    best: Sample | None


@dataclass(frozen=True)
class Summary:
    """A layer in numbers; None where no record knows.

    Attributes:
        layer: Its name.
        units: How many.
        competitors: Units in a block; 1 without competition.
        dead: Units that never won.
        labels: Different labels.
        commonest: The labels of the most units, and how many.
        confirmed: Share of judged labels that masks confirm.
        floor: What chance would confirm, over all layers.
        clarity: Mean.
        win_rate: Mean.
        active: Share of values that are not zero.
        evenness: Of the wins in a block, 1 where all win alike.
    """

    layer: str
    units: int
    competitors: int | None
    dead: int | None
    labels: int | None
    commonest: Sequence[tuple[Linked, int]]
    confirmed: float | None
    floor: float | None
    clarity: float | None
    win_rate: float | None
    active: float | None
    evenness: float | None


def summary(site: Site, story: Story, *, epoch: int | None = None) -> Summary:
    """A layer in numbers at an epoch; of each the first record that knows."""
    activity = activity_of(site.shelf, epoch=epoch).get(story.layer, {})
    named = _column([*story.neurons[:1], *story.basis[:1]], story.layer, "label", TEXT)
    counted = _counted(named)
    by_wins = [*story.neurons[:1], *story.profiles[:1], *story.activity[:1]]
    dead = pc.sum(_column(by_wins, story.layer, "dead", TRUTH)).as_py()
    return Summary(
        story.layer, len(story.units), story.competitors or activity.get("competitors"),
        activity.get("dead_units") if dead is None else dead, len(counted) or None,
        [(concept_link(site, label), number) for label, number in counted.most_common(_LABELS)],
        pc.mean(_column(story.neurons[:1], story.layer, "confirmed", TRUTH)).as_py(),
        story.neurons[0].scalar("confirmed_floor") if story.neurons else None,
        pc.mean(_column(story.neurons[:1], story.layer, "clarity", NUMBER)).as_py(),
        pc.mean(_column(by_wins, story.layer, "win_rate", NUMBER)).as_py(), activity.get("active_fraction"),
        activity.get("winner_entropy"),
    )  # fmt: skip


def _column(volumes: Sequence[Volume], layer: str, name: str, kind: pa.DataType) -> pa.ChunkedArray:
    """A column of a layer's units, from the first record that knows any value."""
    for volume in volumes:
        values = units_of(volume, ((name, kind),)).column(layer, name)
        if values.null_count < len(values):
            return values
    return pa.chunked_array([pa.array([], kind)])


def _counted(labels: pa.ChunkedArray) -> Counter[str]:
    """How often each label stands there."""
    counts = labels.cast(pa.string()).value_counts()
    pairs = zip(counts.field("values").to_pylist(), counts.field("counts").to_pylist(), strict=True)
    return Counter({label: number for label, number in pairs if label})


def activity_of(shelf: Shelf, *, epoch: int | None = None) -> dict[str, Mapping[str, Any]]:
    """What countings of wins say of each layer at an epoch."""
    volumes = reversed(last_of(shelf, "activity", epoch=epoch))
    return {row["layer"]: row for volume in volumes for row in columns_of(volume, "layers", _LAYERS).to_pylist()}


def tiles(site: Site, story: Story, table: LayerTable, *, maps: bool) -> tuple[list[Tile], str]:
    """The units of the clearest labels, each with its strongest picture, and the style of what holds them.

    None where no record has pictures; without ``maps`` none says where its unit answers.
    """
    if not story.profiles:
        return [], ""
    margins, labels = (table.values.get(key) for key in ("margin", "label"))
    dead = table.values.get("dead")
    places = list(range(len(table.units)))
    if margins is not None:
        places.sort(key=lambda place: -(margins[place] if margins[place] is not None else float("-inf")))
    places = places[:TILES]
    chosen = [int(table.units[place]) for place in places]
    best, style = best_of([(story.profiles[0], story.layer, chosen)], site, maps=maps)
    found = []
    for place, unit in zip(places, chosen, strict=True):
        label = labels[place] if labels is not None else None
        found.append(
            Tile(
                unit,
                shown(label) if label else "",
                bool(dead is not None and dead[place]),
                best.get((story.layer, unit)),
            )
        )
    return found, style


def answer(told: Summary) -> str:
    """A layer in a sentence."""
    competing, alone = (told.competitors or 0) > 1, told.competitors == 1
    how = f", of which one in {told.competitors} wins" if competing else " that do not compete" if alone else ""
    parts = [f"{counted(told.units, 'unit')}{how}"]
    if told.labels is not None:
        parts.append(counted(told.labels, "different label"))
    if told.confirmed is not None:
        floor = f" ({said_percent(told.floor, 0)} by chance)" if told.floor is not None else ""
        parts.append(f"the masks confirm the labels of {said_percent(told.confirmed, 0)} of the units{floor}")
    if told.dead is not None:
        parts.append("no unit is dead" if not told.dead else f"{said(told.dead, 0)} dead")
    return "; ".join(parts) + "."
