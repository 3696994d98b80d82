"""Natural pictures of units as tiles: where the picture lies, what of it to show, and where the unit answers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from rivalry.lens.site.columns import WHOLE, Kept, Row, columns_of, kept
from rivalry.lens.site.links import class_link
from rivalry.lens.site.overlay import overlay
from rivalry.lens.site.pictures import picture_file
from rivalry.lens.site.section import Site
from rivalry.lens.site.shelf import Volume
from rivalry.lens.site.units.samples import samples_of
from rivalry.lens.site.units.story import Story
from rivalry.lens.site.units.view import Sample

Tiles = tuple[Sequence[Sample], Sequence[Sample]]
"""The strongest pictures, and those spread over the unit's values."""


_LEAST = 0.01


def tiles_of(site: Site, story: Story, units: Sequence[int]) -> dict[int, Tiles]:
    """The natural pictures of some units, by unit; of several profiles, the first that has the layer."""
    if not story.profiles:
        return {}
    volume = story.profiles[0]
    found = {}
    for unit, rows in samples_of(volume, story.layer, units).items():
        tops, quantiles = ([row for row in rows if row["kind"] == kind] for kind in ("top", "quantile"))
        found[unit] = ([_sample(site, volume, row) for row in _ranked(tops)],
                       [_sample(site, volume, row) for row in _ranked(quantiles)])  # fmt: skip
    return found


def best_tile(site: Site, volume: Volume, layer: str, units: Sequence[int]) -> dict[int, Sample]:
    """The strongest picture of each of some units that has one."""
    rows = samples_of(volume, layer, units, most=1)
    unsorted = [unit for unit, own in rows.items() if own and (own[0]["kind"], own[0]["rank"]) != ("top", 0)]
    rows |= samples_of(volume, layer, unsorted)
    best = {unit: _ranked([row for row in own if row["kind"] == "top"])[:1] for unit, own in rows.items()}
    return {unit: _sample(site, volume, own[0]) for unit, own in best.items() if own}


def _ranked(rows: Sequence[Row]) -> list[Row]:
    known = [row for row in rows if row["index"] is not None]
    return sorted(known, key=lambda row: (row["rank"] is None, row["rank"]))


def _sample(site: Site, volume: Volume, row: Row) -> Sample:
    linked = class_link(site, row["class"]) if row["class"] is not None else None
    return Sample(
        row["index"], row["value"], row["quantile"], linked, picture_file(volume, row["index"]),
        _sizes(kept(volume)).get(row["index"]), overlay(row["map"], row["height"], row["width"]), _crop(row),
    )  # fmt: skip


def _crop(row: Row) -> str | None:
    """The box of a sample as the place of the whole picture in it; None where it is no box, or all of the picture."""
    left, top, right, bottom = (row[side] for side in ("left", "top", "right", "bottom"))
    if None in (left, top, right, bottom) or not (0 <= left < right <= 1 and 0 <= top < bottom <= 1):
        return None
    wide, high = right - left, bottom - top
    if min(wide, high) < _LEAST or (wide, high) == (1, 1):
        return None
    return f"--w:{100 / wide:.4g}%;--l:{-100 * left / wide:.4g}%;--t:{-100 * top / high:.4g}%"


@lru_cache(maxsize=4)
def _sizes(volume: Kept) -> dict[int, tuple[int, int]]:
    """Width and height of every picture that a profile knows."""
    table = columns_of(volume.volume, "pictures", (("index", WHOLE), ("width", WHOLE), ("height", WHOLE)))
    rows = zip(*(table[name].to_pylist() for name in ("index", "width", "height")), strict=True)
    return {index: (wide, high) for index, wide, high in rows if index is not None and wide and high}
