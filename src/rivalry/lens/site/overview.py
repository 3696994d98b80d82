"""The overview: what a run came to, in a sentence, in curves over the epochs, and in what each probe found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow.compute as pc

from rivalry.lens.site import addresses
from rivalry.lens.site.charts import counted, said, said_percent
from rivalry.lens.site.classes.names import known_classes
from rivalry.lens.site.columns import NUMBER, TEXT, WHOLE, columns_of
from rivalry.lens.site.links import named_concepts
from rivalry.lens.site.overview_curves import overview_curves
from rivalry.lens.site.pictures import picture_file
from rivalry.lens.site.section import Job, Site, digest_of
from rivalry.lens.site.sheets import File, Page, files_of
from rivalry.lens.site.shelf import Shelf, Volume
from rivalry.lens.site.sources import last_of, layers_of
from rivalry.lens.site.verdicts import verdicts

_CARDS, _PICTURES = 8, 3


@dataclass(frozen=True)
class ClearUnit:
    """A unit whose label is among the clearest.

    Attributes:
        label: Its name.
        layer: Its layer.
        unit: Its number.
        clarity: How alike the pictures are that move it most.
        pictures: Addresses of those.
    """

    label: str
    layer: str
    unit: int
    clarity: float
    pictures: Sequence[str]


@dataclass(frozen=True)
class Door:
    """A part of the site, with how much there is of it."""

    title: str
    count: str
    address: str


def plan(site: Site) -> list[Job]:
    """One job, of all records."""
    shelves = [site.shelf, *([site.beside] if site.beside else [])]
    volumes = [volume for shelf in shelves for volume in shelf.volumes]
    metrics = [[sorted(row.items()) for row in shelf.metrics] for shelf in shelves]
    inputs = digest_of(volumes, metrics, site.shelf.problems, site.told())
    return [Job("overview", (), inputs, "the overview", addresses.OVERVIEW)]


def make(site: Site, job: Job) -> Iterator[File]:
    """The overview at every epoch that has a record."""
    page = Page(addresses.OVERVIEW, "Overview", "overview.html")
    epochs: Sequence[int | None] = site.shelf.epochs or [None]
    yield from files_of(page, {epoch: _shown(site, epoch) for epoch in epochs}, site.told())


def clearest_units(shelf: Shelf, epoch: int | None) -> list[ClearUnit]:
    """The living units of the greatest clarity, one a label, from the last names that are not after an epoch."""
    found: dict[str, ClearUnit] = {}
    for volume in last_of(shelf, "neurons", epoch=epoch):
        wanted = ("layer", TEXT), ("unit", WHOLE), ("label", TEXT), ("clarity", NUMBER)
        rows = columns_of(volume, "units", wanted).sort_by([("clarity", "descending")])
        for row in rows.slice(0, 50 * _CARDS).to_pylist():
            if None not in row.values() and row["unit"] >= 0:
                found.setdefault(row["label"], ClearUnit(**row, pictures=()))
    best = sorted(found.values(), key=lambda one: -one.clarity)[:_CARDS]
    return [
        ClearUnit(one.label, one.layer, one.unit, one.clarity, _pictures_of(shelf, epoch, one.layer, one.unit))
        for one in best
    ]


def _shown(site: Site, epoch: int | None) -> dict[str, Any]:
    lasts = _lasts(site.shelf, epoch)
    told = [verdict for volume in lasts for verdict in verdicts(volume, site.shelf)]
    return {
        "answer": answer(site.shelf, epoch),
        "verdicts": sorted(told, key=lambda verdict: ("bad", "good", "plain").index(verdict.tone)),
        "curves": list(overview_curves(site, epoch if epoch in site.shelf.epochs[:-1] else None)),
        "clearest": clearest_units(site.shelf, epoch),
        "doors": _doors(site),
        "own": [volume for volume in lasts if volume.kind is None],
    }


def answer(shelf: Shelf, epoch: int | None) -> str:
    """What a run came to, in a sentence."""
    parts = []
    accuracy = _at(shelf.curve("val/top1"), epoch)
    if accuracy is not None:
        parts.append(f"it classifies {said_percent(accuracy)} rightly")
    activity = shelf.last("activity", epoch=epoch)
    if activity is not None and (active := activity.scalar("active_fraction")) is not None:
        parts.append(f"{said_percent(active)} of its units are active at a place")
    neurons = shelf.last("neurons", epoch=epoch)
    units, names = (None, None) if neurons is None else map(neurons.scalar, ("units", "distinct_concepts"))
    if neurons is not None and units is not None:
        named = units - (neurons.scalar("dead_units") or 0)
        bear = "" if names is None else f" with {said(names, 0)} concepts"
        parts.append(f"{said(named, 0)} of {said(units, 0)} units that were looked at are named{bear}")
    when = "" if epoch is None else f"At epoch {epoch} "
    if not parts:
        return f"{when}there is nothing yet that fits a sentence; what the records hold is below."
    words = parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + ", and " + parts[-1]
    return f"{when}{words}." if when else f"{words[:1].upper()}{words[1:]}."


def _lasts(shelf: Shelf, epoch: int | None) -> list[Volume]:
    """Of every analysis its last record that is not after an epoch."""
    found = {volume.name: volume for volume in shelf.volumes if epoch is None or volume.epoch <= epoch}
    return list(found.values())


def _at(curve: Sequence[tuple[int, float]], epoch: int | None) -> float | None:
    values = [value for at, value in curve if epoch is None or at <= epoch]
    return values[-1] if values else None


def _pictures_of(shelf: Shelf, epoch: int | None, layer: str, unit: int) -> list[str]:
    """The strongest pictures of a unit, from the record of an analysis that has them."""
    for volume in last_of(shelf, "profiles", epoch=epoch):
        rows = columns_of(volume, "samples", _SAMPLES)
        mine = pc.and_(pc.equal(rows["layer"].cast(TEXT), layer), pc.equal(rows["unit"], unit))
        own = [row for row in rows.filter(pc.fill_null(mine, fill_value=False)).to_pylist() if row["kind"] == "top"]
        files = [picture_file(volume, row["index"]) for row in own if row["index"] is not None]
        if found := [file for file in files if file is not None][:_PICTURES]:
            return found
    return []


_SAMPLES = (("layer", TEXT), ("unit", WHOLE), ("kind", TEXT), ("index", WHOLE))


def _doors(site: Site) -> list[Door]:
    shelf = site.shelf
    layers = layers_of(shelf)
    units = sum(max(len(table.places[layer][0]) for table in tables) for layer, tables in layers.items())
    probes = {volume.name for volume in shelf.volumes}
    return [
        Door("Layers", f"{counted(len(layers), 'layer')}, {counted(units, 'unit')}", addresses.LAYERS),
        Door("Classes", counted(len(known_classes(site)), "class", "classes"), addresses.CLASSES),
        Door("Concepts", counted(len(named_concepts(shelf)), "name"), addresses.CONCEPTS),
        Door("Probes", counted(len(probes), "analysis", "analyses"), addresses.PROBES),
    ]
