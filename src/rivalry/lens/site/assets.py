"""The site's own style and script, as they are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rivalry.lens.site.section import Job, Site
from rivalry.lens.site.sheets import File

_FOLDER = Path(__file__).parent / "assets"


def plan(site: Site) -> list[Job]:
    """One job."""
    return [Job("assets", (), "", "style and script", "assets/lens.css")]


def make(site: Site, job: Job) -> Iterator[File]:
    """All files of the folder ``assets``."""
    yield from ((f"assets/{file.name}", file.read_bytes()) for file in sorted(_FOLDER.iterdir()))
