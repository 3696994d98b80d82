"""A page for every unit: all that the records say of it, and its history over the epochs."""

from __future__ import annotations

from collections.abc import Iterator

from rivalry.lens.site.addresses import LAYERS, layer_address, unit_address
from rivalry.lens.site.links import concept_link, shown
from rivalry.lens.site.section import Job, Site, digest_of
from rivalry.lens.site.sheets import File, Page, files_of
from rivalry.lens.site.sources import unit_volumes
from rivalry.lens.site.unit_history import said_of
from rivalry.lens.site.units import words
from rivalry.lens.site.units.drawing import naturalness, steps
from rivalry.lens.site.units.gather import gather
from rivalry.lens.site.units.story import known_units, story_of
from rivalry.lens.site.units.view import Unit

BATCH = 250
"""Pages that are made together."""


def plan(site: Site) -> Iterator[Job]:
    """A job for every batch of units of a layer."""
    inputs = digest_of(unit_volumes(site.shelf), site.shelf.name, site.beside is None)
    for layer, units in known_units(site.shelf).items():
        for start in range(0, len(units), BATCH):
            own = units[start : start + BATCH].tolist()
            said = f"units {own[0]} to {own[-1]} of {layer}"
            first, *further = (unit_address(layer, unit) for unit in own)
            yield Job("units", (layer, start), inputs, said, first, tuple(further))


def make(site: Site, job: Job) -> Iterator[File]:
    """The pages of a batch, and the images that were optimised for its units."""
    layer, start = str(job.key[0]), int(job.key[1])
    units = story_of(site.shelf, layer).units[start : start + BATCH].tolist()
    for unit in gather(site, layer, units):
        yield from _images(unit)
        yield from files_of(_page(unit), {None: _told(site, unit)}, site.told())


def _page(unit: Unit) -> Page:
    named = unit.naming["label"] if unit.naming and unit.naming["label"] else ""
    title = f"{shown(named)} · {unit.layer} {unit.unit}" if named else f"{unit.layer} {unit.unit}"
    trail = (("Layers", LAYERS), (unit.layer, layer_address(unit.layer)))
    return Page(unit_address(unit.layer, unit.unit), title, "unit.html", trail)


def _told(site: Site, unit: Unit) -> dict[str, object]:
    label = unit.naming["label"] if unit.naming else None
    profile = unit.profile or {}
    told: dict[str, object] = {
        "unit": unit, "answer": words.answer(unit), "stats": words.stats(unit), "past": said_of(unit.history),
        "label": concept_link(site, label) if label else None, "spread": words.spread(unit), "won": words.won(unit),
        "histogram": steps(profile.get("edges"), profile.get("counts"), "How often it answers how strongly"),
        "curve": naturalness, "effects": words.effects_said(unit),
        "most": max((abs(one.value) for one in (*unit.raised, *unit.lowered) if one.value is not None), default=0),
        "cropped": any(one.crop for one in unit.shots.tops),
        "ever_named": any(one.label for one in unit.history),
        "judged": any(one.confirmed is not None for one in unit.history),
    }  # fmt: skip
    if len(unit.history) > 1:
        last = unit.history[-1].epoch
        rest = f". All else on this page is of epoch {last}."
        past = {one.epoch: {"said": words.moment_said(one) + rest} for one in unit.history[:-1]}
        told["history"] = {**past, last: {"said": ""}}  # the page itself says it
    return told


def _images(unit: Unit) -> Iterator[File]:
    for one in unit.prototypes:
        for address, content in ((one.picture, one.content), (one.alpha, one.alpha_content)):
            if address is not None and content is not None:
                yield address, content
