"""To come."""

from __future__ import annotations

from collections.abc import Iterator

from rivalry.lens.site.section import Job, Site
from rivalry.lens.site.sheets import File


def plan(site: Site) -> list[Job]:
    """No jobs yet."""
    return []


def make(site: Site, job: Job) -> Iterator[File]:
    """Nothing yet."""
    yield from ()
