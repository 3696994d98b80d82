"""What a probe has found, in a sentence: for the overview, and for the top of the probe's page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from rivalry.lens.site.addresses import CLASSES, LAYERS, probe_address
from rivalry.lens.site.charts import counted, said, said_percent, short
from rivalry.lens.site.kinds import Kind
from rivalry.lens.site.shelf import Shelf, Volume

Tone: TypeAlias = Literal["good", "bad", "plain"]


@dataclass(frozen=True)
class Verdict:
    """One sentence.

    Attributes:
        tone: Whether it is good news, bad news or neither.
        text: The sentence; may hold outside words.
        address: The page that says more, within the site.
    """

    tone: Tone
    text: str
    address: str | None = None


def verdicts(volume: Volume, shelf: Shelf, *, named: bool = True) -> list[Verdict]:
    """What a record says, the most telling first; none where it says nothing that fits a sentence.

    Args:
        volume: The record.
        shelf: Of its run: where several analyses are of its kind, the sentences say whose they are.
        named: Whether they do; not where the page is of this analysis alone.
    """
    if volume.kind is None or volume.kind not in _SENTENCES:
        return []
    found = list(_SENTENCES[volume.kind](volume))
    if volume.kind == "neurons" and not shelf.of("activity"):
        found += _dead(volume)
    address = _PAGES.get(volume.kind, probe_address(volume.name))
    several = named and len(shelf.names(volume.kind)) > 1
    return [
        replace(
            one, address=address, text=f"{volume.name}: {one.text}" if several else one.text[:1].upper() + one.text[1:]
        )
        for one in found
    ]


def _labels(volume: Volume) -> Iterator[Verdict]:
    confirmed, floor = volume.scalar("confirmed"), volume.scalar("confirmed_floor")
    if confirmed is not None:
        tone: Tone = "plain" if floor is None else "good" if confirmed > 2 * floor else "bad"
        chance = "" if floor is None else f", {said_percent(floor, 0)} if they were shuffled"
        yield Verdict(tone, f"labels of units: {said_percent(confirmed, 0)} confirmed by masks{chance}")


def _activity(volume: Volume) -> Iterator[Verdict]:
    active = volume.scalar("active_fraction")
    if active is not None:
        layers = volume.settings.get("competitors")
        which = " of the units that compete" if layers else " of the units"
        yield Verdict("plain", f"{said_percent(active)}{which} are active at a place")
    yield from _dead(volume)


def _dead(volume: Volume) -> Iterator[Verdict]:
    dead, units = volume.scalar("dead_units"), volume.scalar("units")
    whole = "" if units is None else f" of {said(units, 0)}"
    if dead is not None and dead > 0:
        yield Verdict("bad", f"{counted(dead, 'unit')}{whole} never {'wins' if round(dead) == 1 else 'win'}")
    elif dead == 0 and volume.kind == "activity":
        yield Verdict("good", "no dead units: every unit wins somewhere")


def _registers(volume: Volume) -> Iterator[Verdict]:
    layers, share = volume.scalar("layers_with_outliers"), volume.scalar("outlier_fraction")
    if layers is None:
        return
    if layers == 0:
        yield Verdict("good", "no register outliers: in no layer do patches serve as registers")
        return
    of_all = "" if share is None else f": {said_percent(share)} of the patches where they are most"
    yield Verdict("bad", f"patches serve as registers in {counted(layers, 'layer')}{of_all}")


def _watermark(volume: Volume) -> Iterator[Verdict]:
    target = volume.settings.get("target")
    named = f"class {short(target)}" if isinstance(target, str) else "the target class"
    lift, null = volume.scalar("attack_success_lift"), volume.scalar("attack_success_lift_null")
    surely = volume.scalar("attack_success_excess_low")
    carrying = volume.scalar("carrying_units")
    carry = f"{counted(carrying, 'unit')} {'carries' if round(carrying) == 1 else 'carry'}" if carrying else ""
    if lift is None:
        yield from [Verdict("plain", f"{carry} the mark")] if carry else []
        return
    beside = "" if null is None else f" (null mark {_points(null)})"
    leans = (surely if surely is not None else lift - (null or 0.0)) > 0
    does = "leans on the mark" if leans else "does not lean on the mark more than on a null mark"
    also = f"; {carry} it" if carry else ""
    yield Verdict("bad" if leans else "good", f"{named} {does}: attack success {_points(lift)} points{beside}{also}")


def _clusters(volume: Volume) -> Iterator[Verdict]:
    own, slic, random = (volume.scalar(name) for name in ("miou", "miou_slic", "miou_random"))
    if own is None:
        return
    floors = [(value, name) for value, name in ((slic, "superpixels"), (random, "an untrained network"))
              if value is not None]  # fmt: skip
    beside = ", ".join(f"{name} {said(value)}" for value, name in floors)
    better = bool(floors) and own > max(floors)[0]
    tone: Tone = "plain" if not floors else "good" if better else "bad"
    how = "with " if better or not floors else f"no better than {max(floors)[1]}, with "
    yield Verdict(tone, f"clusters meet the masks {how}a mean IoU of {said(own)}" + (f" ({beside})" if beside else ""))


def _detectors(volume: Volume) -> Iterator[Verdict]:
    found, unique, units = (volume.scalar(name) for name in ("detectors", "unique_detectors", "units"))
    if found is None:
        return
    whole = "" if units is None else f" of {said(units, 0)}"
    concepts = "" if unique is None else f", of {counted(unique, 'concept')}"
    verb = "detects" if found == 1 and units is None else "detect"
    yield Verdict("plain", f"{said(found, 0)}{whole} units {verb} a concept by IoU{concepts}")


def _basis(volume: Volume) -> Iterator[Verdict]:
    found, natural, random = (volume.scalar(f"s1_{basis}") for basis in ("unsupervised", "natural", "random"))
    if found is None or natural is None:
        return
    more = "more interpretable than" if found > natural else "no more interpretable than"
    floor = "" if random is None else f", {said(random, 1)} of a random basis"
    reads = f"S¹ {said(found, 1)} against {said(natural, 1)}{floor}"
    yield Verdict(
        "good" if found > natural else "plain", f"the basis found without labels is {more} the units: {reads}"
    )


def _concepts(volume: Volume) -> Iterator[Verdict]:
    left, strategies = volume.scalar("unexplained"), volume.scalar("strategies")
    if left is not None:
        yield Verdict("plain", f"concepts add up to {said_percent(1 - left)} of the classes' logits")
    if strategies is not None:
        yield Verdict("plain", f"a class is recognised by {said(strategies, 1)} strategies on average")


def _prototypes(volume: Volume) -> Iterator[Verdict]:
    above = volume.scalar("layers_above_plain")
    if above is not None:
        reads = f"more natural paths than plain feature visualisation in {said_percent(above, 0)} of the layers"
        yield Verdict("good" if above > 0.5 else "bad", f"prototypes take {reads}")


def _emergence(volume: Volume) -> Iterator[Verdict]:
    names, new, lost, kept = (
        volume.scalar(name) for name in ("distinct_concepts", "new_concepts", "lost_concepts", "labels_unchanged")
    )
    if names is None:
        return
    change, same = "", ""
    if kept is not None:  # in the first record there is nothing to compare with, and all are new
        same = f"; {said_percent(kept, 0)} of the labels stayed"
        if new is not None and lost is not None:
            change = f", {said(new, 0)} new and {said(lost, 0)} lost since the record before"
    yield Verdict("plain", f"units bear {counted(names, 'name')}{change}{same}")


def _points(share: float) -> str:
    return f"{100 * share:+.0f}".replace("-", "−")


_SENTENCES: dict[Kind, Callable[[Volume], Iterator[Verdict]]] = {
    "neurons": _labels, "activity": _activity, "registers": _registers, "watermark": _watermark,
    "clusters": _clusters, "detectors": _detectors, "basis": _basis, "concepts": _concepts,
    "prototypes": _prototypes, "emergence": _emergence,
}  # fmt: skip

_PAGES: dict[Kind, str] = {"neurons": LAYERS, "concepts": CLASSES}
