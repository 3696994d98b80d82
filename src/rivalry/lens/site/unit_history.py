"""What units were called, epoch by epoch: from the dissections of every epoch, and the wins that others count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from rivalry.lens.site.columns import NUMBER, TEXT, TRUTH, Row, Types, units_of
from rivalry.lens.site.kinds import Kind
from rivalry.lens.site.shelf import Shelf
from rivalry.lens.site.sources import over_epochs

FOLLOWED: Types = (
    ("label", TEXT), ("margin", NUMBER), ("win_rate", NUMBER), ("confirmed", TRUTH), ("dead", TRUTH),
)  # fmt: skip

_TELLING: tuple[Kind, ...] = ("neurons", "profiles", "activity", "basis")


@dataclass(frozen=True)
class Moment:
    """A unit at one epoch.

    Attributes:
        epoch: Of the training.
        label: What it was called; empty where nothing named it.
        margin: By how much the label was ahead of the runner-up.
        win_rate: Share of positions that it won.
        confirmed: Whether masks said that the label was true.
        dead: Whether it never won.
    """

    epoch: int
    label: str
    margin: float | None
    win_rate: float | None
    confirmed: bool | None
    dead: bool | None


def histories(shelf: Shelf, layer: str, units: Sequence[int]) -> dict[int, list[Moment]]:
    """What some units of a layer were, by unit and then by epoch; of each epoch the first that tells.

    Of a kind of record, the first analysis that has the layer is followed.
    """
    rows: dict[int, dict[int, list[Row]]] = {}
    for kind in _TELLING:
        name = next((name for name in shelf.names(kind) if over_epochs(shelf, kind, name, layer)), None)
        for volume in over_epochs(shelf, kind, name, layer) if name is not None else []:
            at = rows.setdefault(volume.epoch, {})
            for unit, row in units_of(volume, FOLLOWED).rows(layer, units).items():
                at.setdefault(unit, []).append(row)
    return {unit: [_moment(epoch, rows[epoch][unit]) for epoch in sorted(rows) if unit in rows[epoch]]
            for unit in units}  # fmt: skip


def said_of(history: Sequence[Moment]) -> str:
    """How long a unit has been what it is, in a sentence; empty where fewer than two epochs name it.

    >>> said_of([Moment(0, "sea", 0.1, 0.2, None, False), Moment(2, "sky", 0.1, 0.2, None, False)])
    'Its label changed in 1 of 1 steps between epochs; it has been “sky” since epoch 2.'
    """
    named = [moment for moment in history if moment.label]
    if len(named) < 2:
        return ""
    changes = [later for earlier, later in pairwise(named) if later.label != earlier.label]
    if not changes:
        return f"It has been “{named[0].label}” in all {len(named)} epochs that name it."
    steps = f"Its label changed in {len(changes)} of {len(named) - 1} steps between epochs"
    return f"{steps}; it has been “{named[-1].label}” since epoch {changes[-1].epoch}."


def _moment(epoch: int, rows: Sequence[Row]) -> Moment:
    def first(name: str) -> object:
        return next((row[name] for row in rows if row[name] is not None and row[name] != ""), None)

    label, margin, rate, confirmed, dead = (first(name) for name, _ in FOLLOWED)
    return Moment(epoch, label or "", margin, rate, confirmed, dead)  # type: ignore[arg-type]
