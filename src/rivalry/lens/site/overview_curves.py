"""The overview's small charts: what a run came to, over its epochs, with the floors that tell what it is worth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup

from rivalry.lens.site.charts import Series, curves
from rivalry.lens.site.kinds import Kind
from rivalry.lens.site.section import Site
from rivalry.lens.site.shelf import Shelf


@dataclass(frozen=True)
class _Chart:
    """Scalars of the records of a kind, by the names that the key gives them."""

    title: str
    kind: Kind
    lines: tuple[tuple[str, str], ...]
    floors: tuple[tuple[str, str], ...] = ()
    percent: bool = False


_BASES = (("the units", "natural"), ("unsupervised", "unsupervised"), ("PCA", "pca"), ("supervised", "supervised"))

CHARTS = (
    _Chart("Share of outputs that are active", "activity", (("active", "active_fraction"),), percent=True),
    _Chart("Concepts among the labels", "emergence",
           (("distinct", "distinct_concepts"), ("new", "new_concepts"), ("lost", "lost_concepts"))),
    _Chart("Labels that masks confirm", "neurons", (("confirmed", "confirmed"),),
           (("shuffled labels", "confirmed_floor"),), percent=True),
    _Chart("Clarity of units", "neurons", (("clarity", "clarity"),), (("random pictures", "clarity_floor"),)),
    _Chart("Units that detect a concept", "detectors", (("detectors", "detectors"), ("concepts", "unique_detectors"))),
    _Chart("S¹: how interpretable a basis is", "basis", tuple((said, f"s1_{name}") for said, name in _BASES),
           (("random", "s1_random"),)),
    _Chart("S²: the same, each concept once", "basis", tuple((said, f"s2_{name}") for said, name in _BASES),
           (("random", "s2_random"),)),
    _Chart("Clusters and masks, mean IoU", "clusters", (("clusters", "miou"), ("superpixels", "miou_slic")),
           (("untrained", "miou_random"),)),
    _Chart("Taken for the target because of the mark", "watermark", (("mark", "attack_success_lift"),),
           (("null mark", "attack_success_lift_null"),), percent=True),
    _Chart("Patches that serve as registers", "registers", (("outliers", "outlier_fraction"),), percent=True),
    _Chart("Share of logits outside the concepts", "concepts", (("unexplained", "unexplained"),), percent=True),
    _Chart("Naturalness of prototypes' paths", "prototypes", (("prototypes", "naturalness"),),
           (("plain visualisation", "naturalness_plain"),)),
)  # fmt: skip


def overview_curves(site: Site, epoch: int | None) -> Iterator[Markup]:
    """The charts that the records have numbers for.

    Args:
        site: The run, and one beside it as dashed lines of the same quantities.
        epoch: That is marked.
    """
    accuracy = [
        _metric(site.shelf, "val/top1", "argmax"),
        _metric(site.shelf, "val/sampled_top1", "averaged draws"),
        *([_metric(site.beside, "val/top1", site.beside.name, "beside")] if site.beside else []),
    ]
    if any(one.points for one in accuracy[:2]):
        yield curves(accuracy, title="Accuracy", percent=True, marked=epoch)
    for chart in CHARTS:
        lines = _lines(site.shelf, chart, chart.lines)
        if not any(one.points for one in lines):
            continue  # also where the run beside has some: the page that compares shows them
        if site.beside is not None:
            [first] = _lines(site.beside, chart, chart.lines[:1])
            which = f"{site.beside.name}, {first.name}" if len(chart.lines) > 1 else site.beside.name
            lines.append(replace(first, name=which, kind="beside"))
        floors = _lines(site.shelf, chart, chart.floors)
        yield curves(lines, title=chart.title, floor=floors, percent=chart.percent, marked=epoch)


def _lines(shelf: Shelf, chart: _Chart, scalars: Sequence[tuple[str, str]]) -> list[Series]:
    """Of the first analysis of the kind; the last record of an epoch counts."""
    names = shelf.names(chart.kind)[:1]
    volumes = {volume.epoch: volume for name in names for volume in shelf.of(chart.kind, name)}
    return [
        Series(
            said, [(epoch, value) for epoch in sorted(volumes) if (value := volumes[epoch].scalar(name)) is not None]
        )
        for said, name in scalars
    ]


def _metric(shelf: Shelf, metric: str, name: str, kind: str = "main") -> Series:
    return Series(name, shelf.curve(metric), "beside" if kind == "beside" else "main")
