"""Natural pictures of units as tiles: where the picture lies, what of it to show, and where the unit answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from rivalry.lens.site.columns import WHOLE, Kept, Row, columns_of, kept
from rivalry.lens.site.links import class_link
from rivalry.lens.site.overlay import overlays
from rivalry.lens.site.pictures import picture_file
from rivalry.lens.site.section import Site
from rivalry.lens.site.shelf import Volume
from rivalry.lens.site.units.samples import samples_of, strongest_of
from rivalry.lens.site.units.story import Story, story_of
from rivalry.lens.site.units.view import Sample, Shots

_LEAST = 0.01


def tiles_of(site: Site, story: Story, units: Sequence[int]) -> dict[int, Shots]:
    """The natural pictures of some units, by unit; of several profiles, the first that has the layer."""
    if not story.profiles:
        return {}
    volume = story.profiles[0]
    found = {}
    for unit, rows in samples_of(volume, story.layer, units).items():
        tops, quantiles = (_ranked(rows, kind) for kind in ("top", "quantile"))
        maps = overlays([*tops, *quantiles])
        shots = [_sample(site, volume, row, where) for row, where in
                 zip([*tops, *quantiles], maps.places, strict=True)]  # fmt: skip
        found[unit] = Shots(shots[: len(tops)], shots[len(tops) :], maps.style)
    return found


def best_tiles(site: Site, wanted: Mapping[str, Sequence[int]]) -> tuple[dict[tuple[str, int], Sample], str]:
    """The strongest pictures of some units of some layers, by layer and unit, and the style of what holds them.

    Args:
        site: The site.
        wanted: Units by layer; those without a picture are left out.
    """
    return best_of([(volume, layer, units) for layer, units in wanted.items()
                    for volume in story_of(site.shelf, layer).profiles[:1]], site)  # fmt: skip


def best_of(
    wanted: Sequence[tuple[Volume, str, Sequence[int]]], site: Site, *, maps: bool = True
) -> tuple[dict[tuple[str, int], Sample], str]:
    """The same of given profiles: layers and units of each; where ``maps`` is false, without saying where."""
    rows = [
        (volume, layer, unit, row)
        for volume, layer, units in wanted
        for unit, row in strongest_of(volume, layer, units, maps=maps).items()
        if row["index"] is not None
    ]
    drawn = overlays([row if maps else {**row, "map": None} for *_, row in rows])
    tiles = {(layer, unit): _sample(site, volume, row, where)
             for (volume, layer, unit, row), where in zip(rows, drawn.places, strict=True)}  # fmt: skip
    return tiles, drawn.style


def _ranked(rows: Sequence[Row], kind: str) -> list[Row]:
    known = [row for row in rows if row["index"] is not None and row["kind"] == kind]
    return sorted(known, key=lambda row: (row["rank"] is None, row["rank"]))


def _sample(site: Site, volume: Volume, row: Row, where: str | None) -> Sample:
    linked = class_link(site, row["class"]) if row["class"] is not None else None
    return Sample(
        row["index"], row["value"], row["quantile"], linked, picture_file(volume, row["index"]),
        _sizes(kept(volume)).get(row["index"]), where, _crop(row),
    )  # fmt: skip


def _crop(row: Row) -> str | None:
    """The box of a sample as the place of the whole picture in it; None where it is no box, or all of the picture."""
    left, top, right, bottom = (row[side] for side in ("left", "top", "right", "bottom"))
    if None in (left, top, right, bottom) or not (0 <= left < right <= 1 and 0 <= top < bottom <= 1):
        return None
    wide, high = right - left, bottom - top
    if min(wide, high) < _LEAST or (wide, high) == (1, 1):
        return None
    return f"--w:{100 / wide:.4g}%;--l:{-100 * left / wide:.3g}%;--t:{-100 * top / high:.3g}%"


@lru_cache(maxsize=4)
def _sizes(volume: Kept) -> dict[int, tuple[int, int]]:
    """Width and height of every picture that a profile knows and that is no square."""
    table = columns_of(volume.volume, "pictures", (("index", WHOLE), ("width", WHOLE), ("height", WHOLE)))
    rows = zip(*(table[name].to_pylist() for name in ("index", "width", "height")), strict=True)
    return {index: (wide, high) for index, wide, high in rows if index is not None and wide and high and wide != high}
