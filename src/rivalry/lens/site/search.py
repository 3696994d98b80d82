"""Search: what sections find worth finding, in chunks by the first two letters of a word."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from rivalry.lens.site.section import Job, Site
from rivalry.lens.site.sheets import File


@dataclass(frozen=True)
class Entry:
    """Something to find.

    Attributes:
        title: What is shown, and by whose words it is found: a label, a class, a layer.
        kind: What it is.
        note: Said below; not searched. Of a unit its layer and number, for these are found without an entry.
        address: Its page, within the site.
        weight: The larger, the further up among entries of its kind.
    """

    title: str
    kind: Literal["unit", "concept", "class", "layer", "probe"]
    note: str
    address: str
    weight: float = 0


def plan(site: Site) -> list[Job]:
    """No jobs yet."""
    return []


def make(site: Site, job: Job) -> Iterator[File]:
    """Nothing yet."""
    yield from ()
