"""The classes that records speak of, and which records these are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import pyarrow as pa

from rivalry.lens.site.columns import TEXT, Itself, columns_of
from rivalry.lens.site.kinds import Kind
from rivalry.lens.site.section import Site
from rivalry.lens.site.shelf import Shelf, Volume

TOLD_IN: Mapping[Kind, str] = {
    "concepts": "classes", "profiles": "samples", "neurons": "classes", "prototypes": "prototypes",
    "watermark": "groups",
}  # fmt: skip
"""Kinds of records that speak of classes, and the table whose column ``class`` names them."""


def known_classes(site: Site) -> Sequence[str]:
    """All classes that have a page, in the order in which records name them."""
    return _known(Itself(site.shelf))


def class_volumes(shelf: Shelf) -> list[Volume]:
    """All records of which pages of classes show something."""
    return [one for one in shelf.volumes if one.kind in TOLD_IN]


def class_epochs(shelf: Shelf) -> list[int]:
    """The epochs whose records speak of classes."""
    return sorted({volume.epoch for volume in class_volumes(shelf)})


@lru_cache(maxsize=8)
def _known(shelf: Itself[Shelf]) -> Sequence[str]:
    names: dict[str, None] = {}
    for kind, table in TOLD_IN.items():
        for analysis in shelf.thing.names(kind):
            volume = shelf.thing.last(kind, analysis)
            if volume is not None:
                values = columns_of(volume, table, (("class", TEXT),))["class"].unique().cast(pa.string())
                names.update(dict.fromkeys(name for name in values.to_pylist() if name is not None))
    return tuple(names)
