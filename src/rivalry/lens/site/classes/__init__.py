"""Classes: the strategies by which pictures are taken for one, its concepts, its prototype, and who speaks for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rivalry.lens.site.addresses import CLASSES, class_address
from rivalry.lens.site.classes.index import index_files
from rivalry.lens.site.classes.media import media_files
from rivalry.lens.site.classes.names import class_volumes, known_classes
from rivalry.lens.site.classes.page import class_files
from rivalry.lens.site.search import Entry
from rivalry.lens.site.section import Job, Site, digest_of
from rivalry.lens.site.sheets import File

__all__ = ["found", "known_classes", "make", "plan"]

A_JOB = 20
"""Classes whose pages are made together."""


def plan(site: Site) -> Iterable[Job]:
    """A job for the list, one for some classes' pages each, and one for the pictures of a record of concepts each."""
    names, volumes = known_classes(site), class_volumes(site.shelf)
    yield Job("classes", ("index",), digest_of(volumes, names, site.told()), "the list of classes", CLASSES)
    further = digest_of([*volumes, *site.shelf.of("neurons")], names, site.told())
    for begin in range(0, len(names), A_JOB):
        own = names[begin : begin + A_JOB]
        said, pages = f"{len(own)} classes from {own[0]!r}", [class_address(name) for name in own]
        yield Job("classes", ("pages", begin), further, said, pages[0], tuple(pages[1:]))
    for volume in site.shelf.of("concepts"):
        last = volume is site.shelf.last("concepts", volume.name)
        key = ("media", volume.name, volume.epoch, int(volume.afterwards))
        said = f"pictures of {volume.name}, epoch {volume.epoch}"
        yield Job("classes", key, digest_of([volume], last), said, "")


def make(site: Site, job: Job) -> Iterator[File]:
    """The files of a job."""
    if job.key[0] == "media":
        yield from media_files(site, *job.key[1:])
    elif job.key[0] == "index":
        yield from index_files(site)
    else:
        begin = int(job.key[1])
        yield from class_files(site, known_classes(site)[begin : begin + A_JOB])


def found(site: Site) -> Iterator[Entry]:
    """Every class."""
    yield from (Entry(name, "class", "", class_address(name)) for name in known_classes(site))
