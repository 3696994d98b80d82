"""The page of a class, at every epoch that has something to say of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rivalry.lens.class_view import ClassView, Row
from rivalry.lens.site import links
from rivalry.lens.site.addresses import CLASSES, class_address, relative
from rivalry.lens.site.charts import Bar, bars, curves
from rivalry.lens.site.classes import further
from rivalry.lens.site.classes.media import crop_at, crops_of, picture_at
from rivalry.lens.site.classes.names import class_epochs
from rivalry.lens.site.classes.reading import rows_of, views_of
from rivalry.lens.site.classes.shown import Places, ShownClass, answer, shown_class
from rivalry.lens.site.section import Site
from rivalry.lens.site.sheets import File, Page, files_of
from rivalry.lens.site.shelf import Volume
from rivalry.lens.site.sources import last_of


def class_files(site: Site, names: Sequence[str]) -> Iterator[File]:
    """The pages of some classes."""
    epochs = class_epochs(site.shelf)
    told: dict[str, dict[int | None, Mapping[str, Any]]] = {name: {} for name in names}
    for epoch in epochs:
        moment = _Moment(site, names, epoch)
        yield from moment.files
        for name in names:
            told[name][epoch] = moment.told(name)
    for name in names:
        page = Page(class_address(name), name.strip() or "(no name)", "class.html", (("Classes", CLASSES),))
        yield from files_of(page, told[name], site.told())


class _Moment:
    """What the records of an epoch, or the last before it, say of some classes."""

    def __init__(self, site: Site, names: Sequence[str], epoch: int) -> None:
        self.site, self.epoch = site, epoch
        self.volumes = last_of(site.shelf, "concepts", epoch=epoch)
        self.views = [(volume, views_of(volume, names)) for volume in self.volumes]
        self.shared = [rows_of(volume, "shared", names) for volume in self.volumes]
        self.portraits, self.files = further.portraits_of(site.shelf, names, epoch)
        self.groups = further.groups_of(site.shelf, names, epoch)
        self.judged = further.judged_of(site.shelf, names, epoch)

    def told(self, name: str) -> Mapping[str, Any]:
        """What the page of a class shows."""
        views = [(volume, view) for volume, found in self.views for view in found.get(name, [])]
        shown = [self._shown(volume, view) for volume, view in views if view.concepts or view.pictures]
        portrait = self.portraits.get(name)
        voices = further.voices_of(self.site.shelf, name, self.epoch)
        return {
            "shown": shown,
            "reasons": [(view.layer, view.summary["reason"]) for _, view in views if view.summary["reason"]],
            "answer": answer(shown[0]) if shown else _answer(self.groups.get(name), portrait),
            "shared": self._shared(name),
            "portrait": portrait,
            "naturalness": _naturalness(portrait),
            "voices": [_bars(own, *said, class_address(name)) for said, own in voices.items()],
            "groups": self.groups.get(name, []),
            "judged": next(iter(self.judged.get(name, [])), None),
        }

    def _shown(self, volume: Volume, view: ClassView) -> ShownClass:
        page = class_address(view.name)

        def from_page(address: str | None) -> str | None:
            return None if address is None else relative(address, page)

        places = Places(
            lambda index: from_page(picture_at(volume, index)),
            lambda view, crop: from_page(crop_at(volume, view.layer, view.name, crop)),
            lambda name: links.class_link(self.site, name).address,
            lambda name: from_page(links.concept_link(self.site, name).address),
        )
        return shown_class(view, places, crops_of(self.site, volume))

    def _shared(self, name: str) -> list[Mapping[str, Any]]:
        """Concepts of other classes that are as good as the same, the most alike first."""
        rows: list[Row] = [
            row for found in self.shared for own in found.values() for row in own if row["class"] == name
        ]
        named = [row for row in rows if row["other_class"] is not None and row["cosine"] is not None]
        named.sort(key=lambda row: -row["cosine"])
        return [{**row, "link": links.class_link(self.site, row["other_class"])} for row in named[:20]]


def _answer(groups: Sequence[Row] | None, portrait: further.Portrait | None) -> str:
    clean = next((row for row in groups or () if row["marked"] is False and row["accuracy"] is not None), None)
    if clean is not None:
        return f"{100 * clean['accuracy']:.0f} % of its {clean['pictures']} pictures are told rightly."
    return "What the network looks for in this class." if portrait else "What the records say of this class."


def _naturalness(portrait: further.Portrait | None) -> Any:
    if portrait is None or not portrait.curves:
        return None
    title = "How natural the path through the network is: 1 as pictures of the class, 0 as others"
    return curves(portrait.curves, title=title, x="layer, from the input")


def _bars(voices: Sequence[further.Voice], way: str, by: str, page: str) -> Any:
    rows = [
        Bar(
            one.label.strip() or f"unit {one.unit}",
            one.effect,
            relative(one.address, page),
            note=f"{one.layer} · {one.unit}",
        )
        for one in voices
    ]
    return bars(rows, title=f"Units that {'raise' if way == 'raised' else 'lower'} it most, {further.BY.get(by, by)}")
