"""The overview: accuracy, sparsity, emergence and verdicts, over the epochs."""

from __future__ import annotations

from collections.abc import Iterator

from rivalry.lens.site.addresses import OVERVIEW
from rivalry.lens.site.section import Job, Site, digest_of
from rivalry.lens.site.sheets import File, Page, files_of


def plan(site: Site) -> list[Job]:
    """One job, of all records."""
    shelf = site.shelf
    inputs = digest_of(shelf.volumes, [dict(row) for row in shelf.metrics], shelf.problems, site.told())
    return [Job("overview", (), inputs, "the overview", OVERVIEW)]


def make(site: Site, job: Job) -> Iterator[File]:
    """The overview at every epoch that has a record."""
    page = Page(OVERVIEW, "Overview", "overview.html")
    yield from files_of(page, {epoch: {} for epoch in site.shelf.epochs}, site.told())
