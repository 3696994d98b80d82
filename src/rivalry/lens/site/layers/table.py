"""The table of a layer's units: a row each, and of the columns those of which a record knows something."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from rivalry.lens.site.addresses import unit_address
from rivalry.lens.site.columns import units_of
from rivalry.lens.site.sheets import Column
from rivalry.lens.site.units.story import ACTIVITY, BASIS, DETECTOR, NAMING, PROFILE, Story

Values = npt.NDArray[np.object_]

_DIGITS = 4  # behind the point, of what is read as two

_SHOWN = (
    ("label", "label", Column("label", "text")),
    ("runner_up", "runner-up", Column("runner-up", "text")),
    ("margin", "ahead by", Column("ahead by", "number", 2)),
    ("masks", "masks", Column("masks", "text")),
    ("true_concept", "answers to", Column("answers to", "text")),
    ("label_iou", "label's IoU", Column("label's IoU", "number", 2)),
    ("clarity", "clarity", Column("clarity", "number", 2)),
    ("redundancy", "redundancy", Column("redundancy", "number", 2)),
    ("win_rate", "win rate", Column("win rate", "number", percent=True)),
    ("wins", "pictures won", Column("pictures won", "number")),
    ("detector", "by masks", Column("by masks", "text")),
    ("detector_iou", "IoU", Column("IoU", "number", 2)),
)  # fmt: skip
"""Of each column: its key, its name, and how it is shown."""


@dataclass(frozen=True)
class LayerTable:
    """Units of a layer at an epoch, as columns.

    Attributes:
        units: Their numbers, ascending.
        values: By key, a value for each, None where nothing is known.
    """

    units: npt.NDArray[np.int64]
    values: dict[str, Values]

    @property
    def columns(self) -> list[Column]:
        """How the table is shown: the unit, what is known, and, hidden, the address of each unit's page."""
        shown = [column for key, _, column in _SHOWN if key in self.values]
        return [Column("unit", "number", href=len(shown) + 1, head=True), *shown, Column("page", "text", hidden=True)]

    def rows(self, layer: str, first: int = 0, last: int | None = None) -> list[list[Any]]:
        """Rows of some units, by columns."""
        numbers = self.units[first:last].tolist()
        shown = [self.values[key][first:last].tolist() for key, _, _ in _SHOWN if key in self.values]
        pages = [unit_address(layer, unit) for unit in numbers]
        return [list(row) for row in zip(numbers, *shown, pages, strict=True)]


def layer_table(story: Story) -> LayerTable:
    """Put together what records say of the units of a layer: of each column the first record that knows."""
    values: dict[str, Values] = {}
    sources = (
        (story.neurons[:1], NAMING, {name: name for name, _ in NAMING}),
        (story.profiles[:1], PROFILE, {name: name for name in ("win_rate", "wins", "dead")}),
        (story.activity[:1], ACTIVITY, {name: name for name in ("win_rate", "dead")}),
        (story.basis[:1], BASIS, {"label": "label", "beyond": "detector_iou", "redundancy": "redundancy"}),
        (story.detectors[:1], DETECTOR, {"label": "detector", "iou": "detector_iou"}),
    )
    for volumes, types, keys in sources:
        for volume in volumes:
            table = units_of(volume, types)
            own = table.units(story.layer)
            at = np.searchsorted(story.units, own)
            inside = (at < len(story.units)) & (story.units[np.minimum(at, len(story.units) - 1)] == own)
            for name, key in keys.items():
                _fill(values, key, at[inside], _plain(table.column(story.layer, name))[inside], len(story.units))
    if "confirmed" in values:
        said = {True: "agree", False: "disagree", None: None}
        values["masks"] = np.array([said[one] for one in values["confirmed"]], object)
    return LayerTable(story.units, {key: column for key, column in values.items() if _known(column)})


def _fill(values: dict[str, Values], key: str, at: npt.NDArray[np.int64], given: Values, units: int) -> None:
    """Put values where none are yet."""
    column = values.setdefault(key, np.full(units, None, object))
    missing = np.array([column[place] is None for place in at.tolist()], bool)
    column[at[missing]] = given[missing]


def _plain(column: pa.ChunkedArray) -> Values:
    """A column as plain values; numbers rounded, empty words as none."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(pa.string())
    if pa.types.is_floating(column.type):
        column = pc.round(column, _DIGITS)
    plain = column.to_pylist()
    found = np.empty(len(plain), object)
    found[:] = [None if value == "" else value for value in plain]
    return found


def _known(column: Values) -> bool:
    return any(value is not None for value in column)
