"""The contract of a section of the site: it plans jobs from the shelf, and makes the files of one job at a time.

Jobs run in processes of their own, in any order; a job is run again only where its ``inputs`` have changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from rivalry.lens.site.sheets import File
from rivalry.lens.site.shelf import Shelf, Volume


@dataclass(frozen=True)
class Job:
    """Pages that are made together.

    Attributes:
        section: Module of :mod:`rivalry.lens.site` that makes them.
        key: Tells the job from the section's others; plain values.
        inputs: Digest of all that its pages show (see :func:`digest_of`).
        said: What it makes, in words, for progress and for an error's page.
        address: Its main page: where an error is told if the job fails; empty for none.
        further: Its other pages: it is told on those that have not been made by then.
    """

    section: str
    key: tuple[str | int, ...]
    inputs: str
    said: str
    address: str
    further: tuple[str, ...] = ()


@dataclass(frozen=True)
class Site:
    """What sections plan from.

    Attributes:
        shelf: The run.
        beside: Another run to compare it with.
    """

    shelf: Shelf
    beside: Shelf | None = None

    def told(self) -> dict[str, Any]:
        """What every page knows."""
        return {"run": self.shelf.name, "beside": self.beside and self.beside.name, "problems": self.shelf.problems}


class Section(Protocol):
    """A module of the site."""

    def plan(self, site: Site) -> Iterable[Job]:
        """The jobs of this section; quick, for it reads little more than what records say of themselves."""

    def make(self, site: Site, job: Job) -> Iterator[File]:
        """The files of a job."""


def digest_of(volumes: Iterable[Volume | None], *further: object) -> str:
    """One digest of some records and plain values."""
    parts: Sequence[str] = [one.digest for one in volumes if one is not None]
    return hashlib.blake2b("|".join([*parts, *map(repr, further)]).encode(), digest_size=12).hexdigest()
