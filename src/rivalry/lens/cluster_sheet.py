"""The figure of a record of clusters: pictures beside their clusters and the truth, and the scores beside their floors.

Drawn from the record alone; its sheet of overlays says itself where its tiles lie.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from rivalry.lens.drawable import fits_mosaic
from rivalry.lens.page import HUE, INK, LINE, QUIET, blank_page, pixels
from rivalry.records import Picture, Record

_WORDS = {"picture": "picture", "all": "all depths", "truth": "truth"}
_MEASURES = {
    "miou": "mean IoU, matched",
    "ari": "adjusted Rand index",
    "majority_accuracy": "pixels right by majority",
    "corloc_oracle": "objects located (oracle)",
}
_METHODS = {"clusters": ("clusters", HUE), "slic": ("SLIC", "#c58b3b"), "random": ("untrained", "#b9b6ae")}
_LEFT, _TOP, _SPACE = 0.4, 1.62, 0.07
_WIDTH, _SCORES = 11.0, 2.75


def shows_clusters(record: Record) -> bool:
    """Whether a record holds a sheet of overlays that is as large as it says, and scores, if any, of every method."""
    layout = record.settings.get("overlays")
    if not isinstance(layout, dict):
        return False
    index, columns = layout.get("index"), layout.get("columns")
    if not isinstance(index, list) or not isinstance(columns, list):
        return False
    size = (layout.get("height"), layout.get("width"))
    fits = fits_mosaic(record.images.get("overlays"), (len(index), len(columns)), size, layout.get("gap"))
    scores = record.tables.get("scores")
    known = {"clusters", "silhouette"} <= record.scalars.keys()
    return fits and known and all(isinstance(name, str) for name in columns) and (scores is None or _whole(scores))


def cluster_sheet(record: Record) -> Picture:
    """Draw some pictures, what the encoder makes of them, and how well that agrees with the masks.

    Args:
        record: Of :class:`rivalry.clusters.ActivationClusters`.

    Returns:
        uint8 (height, 1100, 3).

    Raises:
        ValueError: If the record holds no overlays.
    """
    if not shows_clusters(record):
        raise ValueError(f"record {record.name!r} holds no overlays to draw; wanted one of ActivationClusters")
    layout: Any = record.settings["overlays"]
    scores = record.tables.get("scores")
    room = _WIDTH - 2 * _LEFT - (_SCORES + 0.45 if scores is not None else 0.0)
    across = min(2.6, (room + _SPACE) / len(layout["columns"]) - _SPACE)
    down = across * layout["height"] / layout["width"]
    foot = _TOP + len(layout["index"]) * (down + _SPACE)
    height = max(foot, 4.9 if scores is not None else 0.0) + 0.3
    figure, page = blank_page(_WIDTH, height, "What the encoder sees", _line(record))
    for column, name in enumerate(layout["columns"]):
        middle = _LEFT + column * (across + _SPACE) + across / 2
        page.text(middle, _TOP - 0.17, _short(_WORDS.get(name, name), across), color=QUIET, fontsize=9, ha="center")
    for row, pictures in enumerate(_tiles(record.images["overlays"], layout)):
        for column, tile in enumerate(pictures):
            left, top = _LEFT + column * (across + _SPACE), _TOP + row * (down + _SPACE)
            page.imshow(tile, extent=(left, left + across, top + down, top), interpolation="antialiased")
    if scores is not None:
        _draw_scores(page, _WIDTH - _LEFT - _SCORES, scores.to_pylist())
    return pixels(figure, page)


def _whole(scores: pa.Table) -> bool:
    """Whether a table of scores has each method once, and a number or nothing for each measure of it."""
    names = scores.column_names
    if len(set(names)) < len(names) or "method" not in names or "miou" not in names:
        return False
    kinds = {name: scores.schema.field(name).type for name in names}
    if kinds["method"] != pa.string() or any(kinds[name] != pa.float64() for name in _MEASURES if name in names):
        return False
    return sorted(map(str, scores["method"].to_pylist())) == sorted(_METHODS)


def _tiles(sheet: Picture, layout: dict[str, Any]) -> list[list[Picture]]:
    height, width, gap = layout["height"], layout["width"], layout["gap"]
    return [
        [
            sheet[row * (height + gap) :, column * (width + gap) :][:height, :width]
            for column in range(len(layout["columns"]))
        ]
        for row in range(len(layout["index"]))
    ]


def _line(record: Record) -> str:
    numbers = record.scalars
    said = [f"epoch {record.epoch}", f"{numbers['clusters']:.3g} clusters a picture"]
    said.append(f"silhouette {numbers['silhouette']:.2f}")
    if "miou" in numbers:
        said.append(f"mean IoU {numbers['miou']:.2f} on {record.settings.get('pictures', 'some')} pictures")
    if "drift_ari" in numbers:
        said.append(f"Rand index {numbers['drift_ari']:.2f} to the epoch before")
    return "   ·   ".join(said)


def _draw_scores(page: Axes, left: float, rows: Sequence[dict[str, Any]]) -> None:
    """A bar for each method, measure by measure."""
    by_method = {row["method"]: row for row in rows}
    top = _TOP
    for measure, words in _MEASURES.items():
        if measure not in rows[0]:
            continue
        page.text(left, top - 0.17, words, color=INK, fontsize=10, weight="bold")
        for place, (method, (name, colour)) in enumerate(_METHODS.items()):
            value = by_method[method][measure]
            height = top + 0.09 + 0.2 * place
            page.text(left, height, name, color=QUIET, fontsize=8.5, va="center")
            _bar(page, left + 0.72, height, value, colour)
        top += 1.0


def _bar(page: Axes, left: float, middle: float, value: float | None, colour: str) -> None:
    long = _SCORES - 0.72 - 0.42
    page.add_patch(Rectangle((left, middle - 0.055), long, 0.11, facecolor=LINE, edgecolor="none"))
    if value is None or not math.isfinite(value):
        return
    page.add_patch(
        Rectangle((left, middle - 0.055), long * min(max(value, 0.0), 1.0), 0.11, facecolor=colour, edgecolor="none")
    )
    page.text(left + long + 0.4, middle, f"{value:.3f}", color=INK, fontsize=8.5, ha="right", va="center")


def _short(name: str, inches: float) -> str:
    """A name that fits above a tile."""
    letters = max(4, int(inches * 13))
    return name if len(name) <= letters else f"…{name[1 - letters :]}"
