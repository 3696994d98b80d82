"""From the records of a layer to what the pages of a batch of its units show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from rivalry.lens.site.columns import Row, units_of
from rivalry.lens.site.links import class_link, concept_link
from rivalry.lens.site.section import Site
from rivalry.lens.site.unit_history import histories
from rivalry.lens.site.units.directions import parts_of
from rivalry.lens.site.units.prototypes import portraits_of
from rivalry.lens.site.units.settings import settings_of
from rivalry.lens.site.units.story import ACTIVITY, BASIS, DETECTOR, MARK, NAMING, PROFILE, Story, story_of
from rivalry.lens.site.units.tiles import tiles_of
from rivalry.lens.site.units.view import Effect, Name, Other, Shots, Unit


def gather(site: Site, layer: str, units: Sequence[int]) -> list[Unit]:
    """What the pages of some units of a layer show, in the order given; units that no record has are left out."""
    story = story_of(site.shelf, layer)
    rows = _rows(story, units)
    tiles, past = tiles_of(site, story, units), histories(site.shelf, layer, units)
    parts, portraits = parts_of(site, story, units), portraits_of(site.shelf, layer, units)
    settings, missing = settings_of(story), story.lacking
    found = []
    for unit in units:
        place = story.place(unit)
        if place is None:
            continue
        naming, profile, activity = (_first(rows[kind], unit) for kind in ("neurons", "profiles", "activity"))
        rates = [row["win_rate"] for row in (naming, profile, activity) if row and row["win_rate"] is not None]
        dead = [row["dead"] for row in (naming, profile, activity) if row and row["dead"] is not None]
        prototypes, curves = portraits.get(unit, ((), ()))
        found.append(Unit(
            layer=layer, unit=unit, before=_beside(story, place - 1), after=_beside(story, place + 1), naming=naming,
            floors=story.neurons[0].scalars if story.neurons else {}, profile=profile,
            win_rate=rates[0] if rates else None, dead=dead[0] if dead else None,
            competitors=story.competitors,
            shots=tiles.get(unit, Shots()),
            raised=_effects(site, profile, "raised"), lowered=_effects(site, profile, "lowered"),
            effects_by=profile["effects_by"] if profile else None, nearest=_nearest(story, profile),
            rivals=_rivals(story, unit), names=_names(site, story, rows, unit), mark=_first(rows["watermark"], unit),
            parts=parts.get(unit, ()), prototypes=prototypes, naturalness=curves, history=past[unit],
            settings=settings, missing=missing,
        ))  # fmt: skip
    return found


def _rows(story: Story, units: Sequence[int]) -> dict[str, list[tuple[str, dict[int, Row]]]]:
    """By kind of record, for each of its analyses, the rows of the units."""
    wanted = {
        "neurons": (story.neurons, NAMING), "profiles": (story.profiles, PROFILE),
        "activity": (story.activity, ACTIVITY), "detectors": (story.detectors, DETECTOR),
        "basis": (story.basis, BASIS), "watermark": (story.watermark, MARK),
    }  # fmt: skip
    return {
        kind: [(volume.name, units_of(volume, types).rows(story.layer, units)) for volume in volumes]
        for kind, (volumes, types) in wanted.items()
    }


def _first(rows: Sequence[tuple[str, Mapping[int, Row]]], unit: int) -> Row | None:
    """The row of a unit in the first record that has it."""
    return next((own[unit] for _, own in rows if unit in own), None)


def _beside(story: Story, place: int) -> int | None:
    return int(story.units[place]) if 0 <= place < len(story.units) else None


def _effects(site: Site, profile: Row | None, way: str) -> list[Effect]:
    """Classes that a unit raises or lowers."""
    if profile is None:
        return []
    names, values = profile[f"{way}_classes"] or (), profile[f"{way}_effects"] or ()
    pairs = [(name, value) for name, value in zip(names, values, strict=False) if name is not None]
    return [Effect(class_link(site, name), _finite(value)) for name, value in pairs]


def _nearest(story: Story, profile: Row | None) -> list[Other]:
    units, cosines = ((profile or {}).get(name) or () for name in ("nearest_units", "nearest_cosines"))
    pairs = [(unit, _finite(cosine)) for unit, cosine in zip(units, cosines, strict=False) if unit is not None]
    return [Other(unit, story.label(unit), story.address_of(unit), cosine) for unit, cosine in pairs]


def _rivals(story: Story, unit: int) -> list[Other]:
    """The block of a unit, itself among them; nobody where nothing competes."""
    competitors = story.competitors or 1
    if competitors < 2:
        return []
    first = unit - unit % competitors
    block = [(other, story.place(other)) for other in range(first, first + min(competitors, 64))]
    return [
        Other(other, story.label(other), story.address_of(other), story.win_rates[place], own=other == unit)
        for other, place in block
        if place is not None
    ]


def _names(site: Site, story: Story, rows: Mapping[str, Any], unit: int) -> list[Name]:
    """What others than the first dissection call a unit."""

    def named(said: str, row: Row, label: str, score: str, note: str = "") -> Iterable[Name]:
        if row[label]:
            yield Name(said, concept_link(site, row[label]), row[score], note)

    found: list[Name] = []
    for name, own in rows["neurons"][1:]:
        found += named(f"CLIP, in {name}; score", own[unit], "label", "score") if unit in own else ()
    for name, own in rows["detectors"]:
        if row := own.get(unit):
            note = "a detector" if row["detector"] else "no detector: below 0.04" if row["detector"] is False else ""
            found += named(f"masks ({name}); IoU", row, "label", "iou", note)
            found += named("masks, a threshold for each concept; IoU", row, "label_chosen", "iou_chosen")
            found += named("masks, where it wins; IoU", row, "label_wins", "iou_wins")
            found += named("masks, without a threshold; AUROC", row, "auroc_label", "best_auroc")
    for name, own in rows["basis"]:
        if row := own.get(unit):
            found += named(f"masks ({name}), beyond a mask of everything; φ", row, "label", "beyond")
    return found


def _finite(value: float | None) -> float | None:
    return None if value is None or not np.isfinite(value) else float(value)
