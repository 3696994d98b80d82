"""A layer as the pages of its units need it: which records speak of it, and what is looked up of other units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from rivalry.lens.site.addresses import unit_address
from rivalry.lens.site.columns import NUMBER, NUMBERS, TEXT, TEXTS, TRUTH, WHOLE, WHOLES, Itself, Types, units_of
from rivalry.lens.site.kinds import Kind
from rivalry.lens.site.shelf import Shelf, Volume
from rivalry.lens.site.sources import competitors_of, layers_of, speaking_of

NAMING: Types = (
    ("label", TEXT), ("score", NUMBER), ("runner_up", TEXT), ("margin", NUMBER), ("wins", WHOLE), ("win_rate", NUMBER),
    ("dead", TRUTH), ("clarity", NUMBER), ("redundancy", NUMBER), ("polysemanticity", NUMBER),
    ("monosemanticity", NUMBER), ("true_concept", TEXT), ("pearson", NUMBER), ("auprc", NUMBER), ("iou", NUMBER),
    ("label_pearson", NUMBER), ("label_auprc", NUMBER), ("label_iou", NUMBER), ("confirmed", TRUTH),
)  # fmt: skip
PROFILE: Types = (
    ("pictures", WHOLE), ("wins", WHOLE), ("win_rate", NUMBER), ("mean", NUMBER), ("standard_deviation", NUMBER),
    ("lowest", NUMBER), ("highest", NUMBER), ("dead", TRUTH), ("density", NUMBER), ("edges", NUMBERS),
    ("counts", WHOLES), ("sampled", WHOLE), ("raised_classes", TEXTS), ("raised_effects", NUMBERS),
    ("lowered_classes", TEXTS), ("lowered_effects", NUMBERS), ("effects_by", TEXT), ("nearest_units", WHOLES),
    ("nearest_cosines", NUMBERS),
)  # fmt: skip
ACTIVITY: Types = (("win_rate", NUMBER), ("dead", TRUTH))
DETECTOR: Types = (
    ("label", TEXT), ("category", TEXT), ("iou", NUMBER), ("detector", TRUTH), ("auroc_label", TEXT),
    ("best_auroc", NUMBER), ("label_chosen", TEXT), ("iou_chosen", NUMBER), ("label_wins", TEXT), ("iou_wins", NUMBER),
)  # fmt: skip
BASIS: Types = (
    ("label", TEXT), ("category", TEXT), ("iou", NUMBER), ("beyond", NUMBER), ("best_auroc", NUMBER),
    ("stability", NUMBER), ("redundancy", NUMBER),
)  # fmt: skip
MARK: Types = (("auroc", NUMBER), ("auroc_null", NUMBER), ("carries", TRUTH))

_LACKED: tuple[tuple[Kind, str, str], ...] = (
    ("neurons", "No labels", "rivalry.dissection.NeuronDissection"),
    ("profiles", "No pictures, values or neighbours", "rivalry.dissection.UnitProfiles"),
)


@dataclass(frozen=True)
class Story:
    """A layer and those who speak of it.

    Attributes:
        shelf: The run.
        layer: The layer.
        units: Its units, ascending: those that some record has.
        neurons: Of every dissection the last record with this layer; the first gives units their names.
        profiles: Likewise of profiles.
        activity: Of countings of wins.
        detectors: Of dissections by masks.
        basis: Of fitted bases that the layer is a basis of.
        watermark: Of probes for a mark.
    """

    shelf: Shelf
    layer: str
    units: npt.NDArray[np.int64]
    neurons: Sequence[Volume]
    profiles: Sequence[Volume]
    activity: Sequence[Volume]
    detectors: Sequence[Volume]
    basis: Sequence[Volume]
    watermark: Sequence[Volume]

    @cached_property
    def competitors(self) -> int | None:
        """Units in a block."""
        return competitors_of([*self.neurons, *self.profiles, *self.activity, *self.detectors], self.layer)

    @cached_property
    def labels(self) -> npt.NDArray[np.object_]:
        """What each of ``units`` is called, empty where nothing names it; a fitted basis names where no CLIP has."""
        return self._looked_up([*self.neurons[:1], *self.basis[:1]], "label", "")

    @cached_property
    def win_rates(self) -> npt.NDArray[np.object_]:
        """Share of positions that each of ``units`` wins, None where that is not known."""
        return self._looked_up([*self.neurons[:1], *self.profiles[:1], *self.activity[:1]], "win_rate", None)

    @property
    def lacking(self) -> list[str]:
        """What no record says of the layer, and which analysis would."""
        told = []
        for kind, what, analysis in _LACKED:
            if getattr(self, kind):
                continue
            if speaking_of(self.shelf, kind, self.layer):
                told.append(f"{what} yet: later epochs have them.")
            elif self.shelf.of(kind):
                told.append(f"{what}: name this layer among the `layers` of {analysis} in `analyses:`.")
            else:
                told.append(f"{what}: add {analysis} to `analyses:`.")
        return told

    def address_of(self, unit: int) -> str | None:
        """Of the page of a unit, None where it has none."""
        return unit_address(self.layer, unit) if self.place(unit) is not None else None

    def place(self, unit: int) -> int | None:
        """Where a unit stands in ``units``."""
        place = int(np.searchsorted(self.units, unit))
        return place if place < len(self.units) and self.units[place] == unit else None

    def label(self, unit: int) -> str:
        """What a unit is called; empty where nothing names it."""
        place = self.place(unit)
        return "" if place is None else str(self.labels[place])

    def _looked_up(self, volumes: Sequence[Volume], column: str, otherwise: object) -> npt.NDArray[np.object_]:
        """A column of all units, from the first record that has a value for each."""
        found = np.full(len(self.units), otherwise, dtype=object)
        for volume in reversed(volumes):
            table = units_of(volume, _TYPES[column])
            own = table.units(self.layer)
            values = np.array(table.column(self.layer, column).cast(_TYPES[column][0][1]).to_pylist() or [], object)
            known = np.array([value is not None and value != "" for value in values], bool)
            found[np.searchsorted(self.units, own[known])] = values[known]
        return found


_TYPES: dict[str, Types] = {"label": (("label", pa.string()),), "win_rate": (("win_rate", pa.float64()),)}


def story_of(shelf: Shelf, layer: str) -> Story:
    """A layer, as long as the same shelf is asked."""
    return _story(Itself(shelf), layer)


def story_at(shelf: Shelf, layer: str, epoch: int) -> Story:
    """A layer at an epoch: by the last records that are not after it, and their units alone."""
    return _story(Itself(shelf), layer, epoch)


def known_units(shelf: Shelf) -> dict[str, npt.NDArray[np.int64]]:
    """The units of every layer that have a page, ascending."""
    return _known_units(Itself(shelf))


@lru_cache(maxsize=4)
def _known_units(shelf: Itself[Shelf]) -> dict[str, npt.NDArray[np.int64]]:
    layers = layers_of(shelf.thing)
    return {layer: _union([table.places[layer][0] for table in tables]) for layer, tables in layers.items()}


def _union(parts: Sequence[npt.NDArray[np.int64]]) -> npt.NDArray[np.int64]:
    return np.unique(np.concatenate(parts))


@lru_cache(maxsize=256)
def _story(shelf: Itself[Shelf], layer: str, epoch: int | None = None) -> Story:
    def speaking(kind: Kind) -> list[Volume]:
        return speaking_of(shelf.thing, kind, layer, epoch=epoch)

    if epoch is None:
        units = known_units(shelf.thing).get(layer, np.zeros(0, np.int64))
    else:
        tables = layers_of(shelf.thing, epoch=epoch).get(layer, [])
        units = _union([np.zeros(0, np.int64), *(table.places[layer][0] for table in tables)])
    return Story(
        shelf.thing, layer, units, speaking("neurons"), speaking("profiles"), speaking("activity"),
        speaking("detectors"), speaking("basis"), speaking("watermark"),
    )  # fmt: skip
