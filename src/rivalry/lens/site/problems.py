"""The page of all that could not be shown, in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rivalry.lens.site.addresses import OVERVIEW, PROBLEMS
from rivalry.lens.site.section import Site
from rivalry.lens.site.sheets import File, Page, files_of
from rivalry.lens.site.shelf import Problem


def problems_page(site: Site, problems: Sequence[Problem]) -> Iterator[File]:
    """The files of the page; it is made last, when all others are."""
    page = Page(PROBLEMS, "What could not be shown", "problems.html", (("Overview", OVERVIEW),))
    yield from files_of(page, {None: {}}, {**site.told(), "problems": problems})
