"""Words that lead to pages, where those pages exist: a link that leads nowhere is not drawn."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import pyarrow as pa

from rivalry.lens.site.addresses import class_address, concept_address
from rivalry.lens.site.columns import TEXT, Itself, columns_of
from rivalry.lens.site.kinds import Kind
from rivalry.lens.site.section import Site
from rivalry.lens.site.shelf import Shelf
from rivalry.lens.site.sources import last_of

NAMED_IN: dict[Kind, tuple[str, str]] = {
    "neurons": ("units", "label"), "basis": ("units", "label"), "detectors": ("units", "label"),
    "concepts": ("concepts", "name"), "emergence": ("concepts", "concept"),
}  # fmt: skip
"""Tables and columns in which records name concepts."""


@dataclass(frozen=True)
class Linked:
    """Words that may lead to a page.

    Attributes:
        text: The words, from outside.
        address: Of the page, if there is one.
    """

    text: str
    address: str | None = None


def shown(word: str) -> str:
    """A word as it is shown: blank ones would leave nothing to see, or to follow.

    >>> shown("wheel"), shown(" ")
    ('wheel', '(no name)')
    """
    return word if word.strip() else "(no name)"


def concept_link(site: Site, name: str) -> Linked:
    """The name of a concept, leading to its page."""
    return Linked(shown(name), concept_address(name) if name in named_concepts(site.shelf) else None)


def class_link(site: Site, name: str) -> Linked:
    """The name of a class, leading to its page."""
    return Linked(shown(name), class_address(name) if name in _classes(Itself(site)) else None)


def named_concepts(shelf: Shelf) -> frozenset[str]:
    """All names that the last records give to units, directions and concepts, and those that emerged and went."""
    return _concepts(Itself(shelf))


@lru_cache(maxsize=4)
def _concepts(shelf: Itself[Shelf]) -> frozenset[str]:
    names: set[str] = set()
    for kind, (table, column) in NAMED_IN.items():
        for volume in last_of(shelf.thing, kind):
            values = columns_of(volume, table, ((column, TEXT),))[column]
            names |= set(values.unique().cast(pa.string()).to_pylist())
    return frozenset(name for name in names if name)


@lru_cache(maxsize=4)
def _classes(site: Itself[Site]) -> frozenset[str]:
    from rivalry.lens.site.classes.names import known_classes  # here, for pages of classes link to concepts

    return frozenset(known_classes(site.thing))
