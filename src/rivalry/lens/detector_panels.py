"""The panels of the figure of a dissection by masks: detectors by category, what a threshold lets anyone detect, units.

The second panel shows the trap of a fixed threshold. Its units mark a fixed share q of the pixels, so that the IoU with
a concept of the share f is min(f, q) / max(f, q) at most: a tent over f. Where a threshold is chosen for each concept
that no longer holds; but then a mask of everything has the IoU f, and only what is above that says something.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from rivalry.lens.page import FALSE, HUE, INK, LINE, PAPER, QUIET
from rivalry.records import Record

Row: TypeAlias = Mapping[str, Any]

COLOURS = {
    "scene": "#7d6bab", "object": HUE, "part": "#3d8361", "colour": "#c58b3b", "texture": "#b9654a",
    "material": "#6f8f9c",
}  # fmt: skip
DETECTOR = 0.04
"""IoU above which a unit is called a detector (Bau et al. 2017)."""

_POLICIES = {
    "quantile": "quantile (2017)",
    "quantile_2020": "quantile (2020)",
    "chosen": "chosen by concept",
    "bias": "above zero",
    "wins": "wins of its block",
}
_LEFT, _TOP = 0.4, 1.5
_BARS = (1.85, 4.1)
_TRAP = (6.55, 10.6)
_AREAS, _IOUS = (1e-4, 1.0), (2e-3, 1.0)
_TILES = 3.35
_NAMES = 66
_NAMED = 16


def draw_categories(page: Axes, rows: Sequence[Row], layers: Sequence[str], policies: Sequence[str]) -> float:
    """Unique detectors by category, a bar for each layer and policy; pale are those that a mask of all would match.

    Returns:
        Inches from the top at which the panel ends.
    """
    page.text(_LEFT, _TOP - 0.12, "Concepts that some unit detects", color=INK, fontsize=12, weight="bold")
    totals = {(row["layer"], row["policy"]): 0 for row in rows}
    for row in rows:
        totals[row["layer"], row["policy"]] += row["unique_detectors"]
    longest = max(1, *totals.values())
    height = _TOP + 0.3
    for layer in layers:
        page.text(_LEFT, height, _end(layer, 44), color=INK, fontsize=9.5, va="center")
        height += 0.23
        for policy in (one for one in policies if (layer, one) in totals):
            own = [row for row in rows if row["layer"] == layer and row["policy"] == policy]
            _draw_bar(page, height, policy, own, (_BARS[1] - _BARS[0]) / longest)
            height += 0.205
        height += 0.12
    return _draw_keys(page, height + 0.02, [name for name in COLOURS if any(row["category"] == name for row in rows)])


def draw_trap(page: Axes, concepts: Sequence[Row], level: float, foot: float, of: str = "places") -> None:
    """IoU of the best unit for each concept over the concept's size, at a fixed threshold and at chosen ones.

    Args:
        page: The paper.
        concepts: A row each: category, area, ceiling, iou and iou_chosen.
        level: Share of its values above a unit's threshold.
        foot: Inches from the top at which the panel ends.
        of: What these values are: places of its maps, or pixels.
    """
    lost = [row for row in concepts if row["ceiling"] is not None and row["ceiling"] <= DETECTOR]
    title = "What a fixed threshold can detect"
    page.text(_TRAP[0] - 0.5, _TOP - 0.12, title, color=INK, fontsize=12, weight="bold")
    top, bottom = _TOP + 0.3, foot - 0.85
    areas = np.geomspace(*_AREAS, 400)
    tent = np.minimum(areas, level) / np.maximum(areas, level)
    across = _along(areas, _AREAS, _TRAP)
    roof, everything = (_along(line, _IOUS, (bottom, top)) for line in (tent, areas))
    page.fill_between(across, bottom, roof, color=HUE, alpha=0.09, linewidth=0)
    page.plot(across, roof, color=HUE, linewidth=1.3, alpha=0.75)
    seen = areas > _IOUS[0]
    page.plot(across[seen], everything[seen], color=QUIET, linewidth=1.0, linestyle=(0, (1, 2)))
    _draw_scales(page, (top, bottom))
    for row in concepts:
        _draw_concept(page, row, (bottom, top), lost=row in lost)
    said = f"no mask of {100 * level:.3g}% of the {of} reaches above the tent"
    page.text(_TRAP[1], top - 0.15, said, color=HUE, fontsize=8, ha="right", va="center")
    page.text(
        _TRAP[1] - 0.03, float(everything[-1]) + 0.85, "a mask of\neverything", color=QUIET, fontsize=8, ha="right"
    )
    if len(concepts) <= _NAMED:
        _draw_names(page, concepts, (bottom, top))
    _draw_marks(page, foot, [row["concept"] for row in lost])


def draw_units(page: Axes, record: Record, top: float, across: float, down: float) -> None:
    """A row for each of the best detectors: its label, IoU and place, and its pictures with the mask outlined."""
    layout: Any = record.settings["detectors"]
    units = {(row["layer"], row["unit"]): row for row in record.tables["units"].to_pylist()}
    sheet, height, width = record.images["detectors"], layout["height"], layout["width"]
    for place, one in enumerate(layout["rows"]):
        row = units[one["layer"], one["unit"]]
        upper = top + place * (down + 0.07)
        _describe(page, upper + down / 2, row)
        band = sheet[place * (height + layout["gap"]) :][:height]
        for column in range(layout["columns"]):
            tile = band[:, column * (width + layout["gap"]) :][:, :width]
            left = _TILES + column * (across + 0.07)
            page.imshow(tile, extent=(left, left + across, upper + down, upper), interpolation="antialiased")


def tile_size(layout: Mapping[str, Any]) -> tuple[float, float]:
    """Width and height of a tile in inches, as large as there is room for."""
    across = (10.6 - _TILES + 0.07) / layout["columns"] - 0.07
    return across, across * layout["height"] / layout["width"]


def _draw_bar(page: Axes, middle: float, policy: str, rows: Sequence[Row], inches: float) -> None:
    """Categories side by side, first what a mask of all would not reach; the numbers behind."""
    page.text(_LEFT + 0.12, middle, _POLICIES.get(policy, policy), color=QUIET, fontsize=8.5, va="center")
    left = _BARS[0]
    for alpha in (1.0, 0.3):
        for row in rows:
            firm = row["unique_beyond_area"]
            wide = (firm if alpha == 1.0 else row["unique_detectors"] - firm) * inches
            if wide > 0:
                colour = COLOURS.get(row["category"], QUIET)
                page.add_patch(
                    Rectangle((left, middle - 0.07), wide, 0.14, facecolor=colour, alpha=alpha, edgecolor="none")
                )
            left += wide
    unique, units = (sum(row[name] for row in rows) for name in ("unique_detectors", "detectors"))
    said = f"{unique} by {units} unit{'s' if units > 1 else ''}" if units else "none"
    page.text(left + 0.08, middle, said, color=INK if units else QUIET, fontsize=8.5, va="center")


def _draw_keys(page: Axes, middle: float, categories: Sequence[str]) -> float:
    """What the colours mean."""
    across = _LEFT + 0.05
    for name in categories:
        page.scatter([across], [middle], s=26, color=COLOURS[name], linewidths=0)
        page.text(across + 0.1, middle, name, color=QUIET, fontsize=8.5, va="center")
        across += 0.38 + 0.075 * len(name)
    said = "pale: a mask of the whole picture would do as well"
    page.text(_LEFT, middle + 0.22, said, color=QUIET, fontsize=8.5, va="center")
    return middle + 0.4


def _draw_scales(page: Axes, ends: tuple[float, float]) -> None:
    """Lines and numbers of both axes, and the IoU of a detector."""
    top, bottom = ends
    for share in (1e-4, 1e-3, 1e-2, 0.1, 1.0):
        place = float(_along(np.array(share), _AREAS, _TRAP))
        page.plot([place, place], [top, bottom], color=LINE, linewidth=0.7, zorder=0)
        page.text(place, bottom + 0.14, f"{share:.4g}", color=QUIET, fontsize=8, ha="center", va="center")
    for iou in (0.01, 0.1, 1.0):
        height = float(_along(np.array(iou), _IOUS, (bottom, top)))
        page.plot([*_TRAP], [height, height], color=LINE, linewidth=0.7, zorder=0)
        page.text(_TRAP[0] - 0.08, height, f"{iou:g}", color=QUIET, fontsize=8, ha="right", va="center")
    height = float(_along(np.array(DETECTOR), _IOUS, (bottom, top)))
    page.plot([*_TRAP], [height, height], color=INK, linewidth=0.9)
    page.text(_TRAP[0] - 0.08, height, f"{DETECTOR:g}", color=INK, fontsize=8, ha="right", va="center")
    page.text(_TRAP[0] - 0.5, top - 0.02, "IoU", color=QUIET, fontsize=8.5, va="center")
    page.text(
        _TRAP[1], bottom + 0.32, "share of the pixels that the concept covers", color=QUIET, fontsize=8.5, ha="right",
        va="center",
    )  # fmt: skip


def _draw_concept(page: Axes, row: Row, ends: tuple[float, float], *, lost: bool) -> None:
    """A dot for the fixed threshold, a ring for the chosen one, and the line between them."""
    if row["area"] is None or row["iou"] is None:
        return
    colour = COLOURS.get(row["category"], QUIET)
    place = float(_along(np.array(row["area"]), _AREAS, _TRAP))
    fixed = float(_along(np.array(row["iou"]), _IOUS, ends))
    if row["iou_chosen"] is not None:
        chosen = float(_along(np.array(row["iou_chosen"]), _IOUS, ends))
        page.plot([place, place], [fixed, chosen], color=colour, linewidth=0.7, alpha=0.3)
        page.scatter([place], [chosen], s=16, facecolor=PAPER, edgecolor=colour, linewidths=0.9, zorder=3)
    if lost:
        page.scatter([place], [fixed], s=20, color=FALSE, marker="x", linewidths=1.1, zorder=3)
    else:
        page.scatter([place], [fixed], s=14, color=colour, linewidths=0, zorder=3)


def _draw_names(page: Axes, concepts: Sequence[Row], ends: tuple[float, float]) -> None:
    """Names to the left of the rings, as long as they lie on no other name or ring."""
    shown = [row for row in concepts if row["area"] is not None and row["iou_chosen"] is not None]
    rings = [
        (float(_along(np.array(row["area"]), _AREAS, _TRAP)), float(_along(np.array(row["iou_chosen"]), _IOUS, ends)))
        for row in shown
    ]
    named: list[tuple[float, float]] = []
    for (across, height), row in zip(rings, shown, strict=True):
        covers_ring = any(0.03 < across - x < 0.6 and abs(height - y) < 0.09 for x, y in rings)
        covers_name = any(abs(across - x) < 0.6 and abs(height - y) < 0.16 for x, y in named)
        if not covers_ring and not covers_name:
            page.text(across - 0.07, height, row["concept"], color=QUIET, fontsize=7, ha="right", va="center")
            named.append((across, height))


def _draw_marks(page: Axes, foot: float, lost: Sequence[str]) -> None:
    """What dots, crosses and rings mean, and which concepts are lost."""
    left, middle = _TRAP[0] - 0.45, foot - 0.3
    page.scatter([left], [middle], s=18, color=QUIET, linewidths=0)
    page.text(left + 0.09, middle, "best unit", color=QUIET, fontsize=8.5, va="center")
    page.scatter([left + 0.83], [middle], s=20, color=FALSE, marker="x", linewidths=1.1)
    page.text(left + 0.93, middle, f"{len(lost)} that no unit can detect", color=FALSE, fontsize=8.5, va="center")
    page.scatter([left + 2.62], [middle], s=18, facecolor=PAPER, edgecolor=QUIET, linewidths=0.9)
    page.text(left + 2.72, middle, "threshold chosen by concept", color=QUIET, fontsize=8.5, va="center")
    names = ", ".join(lost)
    if names:
        said = names if len(names) <= _NAMES else f"{names[:_NAMES].rpartition(', ')[0]} …"
        page.text(left - 0.05, middle + 0.22, said, color=FALSE, fontsize=8.5, va="center")


def _describe(page: Axes, middle: float, row: Row) -> None:
    """What a unit is called by, and how well that holds."""
    colour = COLOURS.get(row["category"], QUIET)
    page.text(_LEFT, middle - 0.2, _end(row["label"], 20), color=INK, fontsize=14, weight="bold", va="center")
    page.text(_LEFT, middle + 0.05, row["category"], color=colour, fontsize=9, va="center")
    said = f"{_end(row['layer'], 24)} · {row['unit']}"
    page.text(_LEFT, middle + 0.25, said, color=QUIET, fontsize=9, va="center")
    detects = row["iou"] > DETECTOR
    page.text(
        _TILES - 0.2, middle - 0.2, f"{row['iou']:.3f}", color=INK if detects else FALSE, fontsize=14, ha="right",
        va="center",
    )  # fmt: skip
    known = row["auroc"] is not None
    below = "IoU" if detects else "no detector"
    page.text(_TILES - 0.2, middle + 0.05, below, color=QUIET, fontsize=9, ha="right", va="center")
    if known:
        said = f"AUROC {row['auroc']:.2f}"
        page.text(_TILES - 0.2, middle + 0.25, said, color=QUIET, fontsize=9, ha="right", va="center")


def _along(
    values: npt.NDArray[np.float64], span: tuple[float, float], sides: tuple[float, float]
) -> npt.NDArray[np.float64]:
    """Inches at which values stand between two sides on a logarithmic scale; those beyond stand at its ends."""
    share = (np.log(np.clip(values, *span)) - np.log(span[0])) / (np.log(span[1]) - np.log(span[0]))
    placed: npt.NDArray[np.float64] = sides[0] + share * (sides[1] - sides[0])
    return placed


def _end(words: str, longest: int) -> str:
    """The end of a long name, which tells layers apart."""
    return words if len(words) <= longest else f"…{words[1 - longest :]}"
