"""Probes: a page for every analysis, with what it found in a sentence, in curves over the epochs, and in tables."""

from __future__ import annotations

from collections.abc import Iterator

from rivalry.lens.site.addresses import PROBES, probe_address
from rivalry.lens.site.probes.page import index_files, probe_files
from rivalry.lens.site.search import Entry
from rivalry.lens.site.section import Job, Site, digest_of
from rivalry.lens.site.sheets import File

__all__ = ["found", "known_probes", "make", "plan"]


def known_probes(site: Site) -> list[str]:
    """The names of all analyses, in the order in which their records come."""
    return list(dict.fromkeys(volume.name for volume in site.shelf.volumes))


def plan(site: Site) -> Iterator[Job]:
    """A job a probe, and one for the list."""
    shelf = site.shelf
    yield Job("probes", (), digest_of(shelf.volumes, site.told()), "the list of probes", PROBES)
    for name in known_probes(site):
        own = [volume for volume in shelf.volumes if volume.name == name]
        yield Job("probes", (name,), digest_of(own, site.told()), f"probe {name}", probe_address(name))


def make(site: Site, job: Job) -> Iterator[File]:
    """The files of a job."""
    yield from probe_files(site, str(job.key[0])) if job.key else index_files(site, known_probes(site))


def found(site: Site) -> Iterator[Entry]:
    """Every probe."""
    for name in known_probes(site):
        volume = next(one for one in site.shelf.volumes if one.name == name)
        yield Entry(name, "probe", volume.kind or "an analysis of your own", probe_address(name))
