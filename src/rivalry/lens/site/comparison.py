"""Two runs side by side: headline numbers, curves, and the concepts that one has and the other has not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from markupsafe import Markup

from rivalry.lens.site import links
from rivalry.lens.site.addresses import COMPARISON
from rivalry.lens.site.charts import Series, curves, said, said_percent
from rivalry.lens.site.columns import TEXT, columns_of
from rivalry.lens.site.kinds import Kind
from rivalry.lens.site.section import Job, Site, digest_of
from rivalry.lens.site.sheets import File, Page, files_of
from rivalry.lens.site.shelf import Shelf
from rivalry.lens.site.sources import last_of

MOST_CONCEPTS = 60


@dataclass(frozen=True)
class Headline:
    """A number that both runs may have.

    Attributes:
        group: What it belongs to.
        said: What it is of.
        kind: Of the record that holds it; None for a metric of the training.
        name: Among the scalars.
        percent: Whether it is a share.
        floor: The scalar that says what chance gives.
    """

    group: str
    said: str
    kind: Kind | None
    name: str
    percent: bool = False
    floor: str | None = None


HEADLINES = (
    Headline("accuracy", "validation accuracy", None, "val/top1", percent=True),
    Headline("accuracy", "by averaged draws", None, "val/sampled_top1", percent=True),
    Headline("sparsity", "active at a place", "activity", "active_fraction", percent=True),
    Headline("sparsity", "dead units", "activity", "dead_units"),
    Headline("labels", "different labels", "neurons", "distinct_concepts"),
    Headline("labels", "confirmed by masks", "neurons", "confirmed", percent=True, floor="confirmed_floor"),
    Headline("labels", "clarity of top images", "neurons", "clarity", floor="clarity_floor"),
    Headline("labels", "monosemanticity", "neurons", "monosemanticity"),
    Headline("detectors", "units that detect a concept", "detectors", "detectors"),
    Headline("detectors", "different concepts detected", "detectors", "unique_detectors"),
    Headline("bases", "S¹ of the units", "basis", "s1_natural", floor="s1_random"),
    Headline("bases", "S¹, fitted without labels", "basis", "s1_unsupervised", floor="s1_random"),
    Headline("bases", "S² of the units", "basis", "s2_natural", floor="s2_random"),
    Headline("bases", "S², fitted without labels", "basis", "s2_unsupervised", floor="s2_random"),
    Headline("clusters", "mean IoU with the masks", "clusters", "miou", floor="miou_random"),
    Headline("watermark", "attack success over clean", "watermark", "attack_success_lift", percent=True,
             floor="attack_success_lift_null"),
    Headline("watermark", "accuracy lost by the mark", "watermark", "accuracy_gap", percent=True,
             floor="accuracy_gap_null"),
    Headline("registers", "patches that are outliers", "registers", "outlier_fraction", percent=True),
    Headline("concepts", "share of logits outside the concepts", "concepts", "unexplained", percent=True),
    Headline("concepts", "strategies per class", "concepts", "strategies"),
    Headline("prototypes", "naturalness", "prototypes", "naturalness", floor="naturalness_plain"),
)  # fmt: skip
"""What is compared, in the order of the page."""


def plan(site: Site) -> list[Job]:
    """One job where there is a run beside, none else."""
    if site.beside is None:
        return []
    metrics = [[sorted(row.items()) for row in shelf.metrics] for shelf in (site.shelf, site.beside)]
    inputs = digest_of([*site.shelf.volumes, *site.beside.volumes], metrics, site.told())
    return [Job("comparison", (), inputs, "the comparison", COMPARISON)]


def make(site: Site, job: Job) -> Iterator[File]:
    """The page."""
    if site.beside is not None:
        told = _told(site, site.shelf, site.beside)
        yield from files_of(Page(COMPARISON, "Compare", "comparison.html"), {None: told}, site.told())


def compared_concepts(one: Shelf, other: Shelf) -> list[tuple[str, int, int]]:
    """The names of living units of both runs: how many units of either are called so, the commonest first."""
    first, second = (_named(shelf) for shelf in (one, other))
    names = sorted(first.keys() | second.keys(), key=lambda name: (-first.get(name, 0) - second.get(name, 0), name))
    return [(name, first.get(name, 0), second.get(name, 0)) for name in names]


def _told(site: Site, one: Shelf, other: Shelf) -> Mapping[str, Any]:
    rows = [row for head in HEADLINES if (row := _row(head, one, other)) is not None]
    concepts = compared_concepts(one, other)
    groups = {
        f"Only in {one.name}": [concept for concept in concepts if concept[1] and not concept[2]],
        f"Only in {other.name}": [concept for concept in concepts if concept[2] and not concept[1]],
        "In both": [concept for concept in concepts if concept[1] and concept[2]],
    }
    return {
        "names": (one.name, other.name),
        "answer": _answer(one, other, groups),
        "rows": rows,
        "curves": [drawn for head in HEADLINES if (drawn := _curve(head, one, other)) is not None],
        "groups": [
            (title, len(own), [(links.concept_link(site, name), *units) for name, *units in own[:MOST_CONCEPTS]])
            for title, own in groups.items() if own
        ],
    }  # fmt: skip


def _answer(one: Shelf, other: Shelf, groups: Mapping[str, Sequence[Any]]) -> str:
    parts = []
    ends = [shelf.curve("val/top1") for shelf in (one, other)]
    if all(ends):
        first, second = (said_percent(end[-1][1]) for end in ends)
        parts.append(f"{one.name} is right on {first} of the validation pictures, {other.name} on {second}.")
    only, others, both = (len(own) for own in groups.values())
    if only or others or both:
        parts.append(
            f"Concepts that name units of both: {both}, only of {one.name}: {only}, only of {other.name}: {others}."
        )
    return " ".join(parts) or f"What the records of {one.name} and {other.name} say of both."


def _value(head: Headline, shelf: Shelf, name: str) -> float | None:
    if head.kind is None:
        points = shelf.curve(name)
        return points[-1][1] if points else None
    volume = shelf.last(head.kind)
    return None if volume is None else volume.scalar(name)


def _row(head: Headline, one: Shelf, other: Shelf) -> Mapping[str, Any] | None:
    """A line of the table; none where neither run knows the number."""
    first, second = (_value(head, shelf, head.name) for shelf in (one, other))
    if first is None and second is None:
        return None
    show = said_percent if head.percent else _plain
    floors = [_value(head, shelf, head.floor) if head.floor else None for shelf in (one, other)]
    change = None if first is None or second is None else first - second
    return {
        "group": head.group, "said": head.said, "first": show(first), "second": show(second),
        "floors": ["" if floor is None else show(floor) for floor in floors],
        "change": "–" if change is None else ("+" if change > 0 else "") + show(change).replace(" %", " points"),
    }  # fmt: skip


def _plain(value: float | None) -> str:
    """A number; of a count no digits behind the point."""
    return said(value, 0 if value is not None and value == round(value) else 2)


def _curve(head: Headline, one: Shelf, other: Shelf) -> Markup | None:
    """Both runs over the epochs; none where there is no line with two points."""
    lines = [Series(one.name, _points(head, one)), Series(other.name, _points(head, other), "beside")]
    if max(len(line.points) for line in lines) < 2:
        return None
    return curves(lines, title=head.said[:1].upper() + head.said[1:], percent=head.percent)


def _points(head: Headline, shelf: Shelf) -> list[tuple[float, float]]:
    if head.kind is None:
        return [(float(epoch), value) for epoch, value in shelf.curve(head.name)]
    last = shelf.last(head.kind)
    own = [] if last is None else shelf.of(head.kind, last.name)
    return [(float(one.epoch), value) for one in own if (value := one.scalar(head.name)) is not None]


def _named(shelf: Shelf) -> dict[str, int]:
    """Units by their names in the last records."""
    found: dict[str, int] = {}
    for volume in last_of(shelf, "neurons"):
        counts = columns_of(volume, "units", (("label", TEXT),))["label"].cast(pa.string()).value_counts()
        for row in counts.to_pylist():
            if row["values"]:
                found[row["values"]] = found.get(row["values"], 0) + row["counts"]
    return found
