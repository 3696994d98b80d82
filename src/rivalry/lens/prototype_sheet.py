"""The sheet of prototypes: a row a target, natural pictures always beside, and how natural its path is.

Drawn from the record alone. People do better with natural pictures than with synthetic ones, so a prototype never
stands alone.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from PIL import Image

from rivalry.lens.depth_panel import DepthPanel, draw_curve, draw_frame
from rivalry.lens.drawable import has_columns
from rivalry.lens.page import FALSE, HUE, INK, PAPER, QUIET, blank_page, pixels
from rivalry.numerics.nearest import nearest
from rivalry.records import Picture, Record

Row: TypeAlias = Mapping[str, Any]

OURS, PLAIN = "prototype", "fourier"
"""Methods, as the record calls them: the recipe that was chosen, and the plain feature visualisation."""

MOST_ROWS, MOST_COPIES = 20, 3
"""Targets of a sheet where none were chosen, and prototypes of a target."""

COLUMNS: dict[str, dict[str, pa.DataType]] = {
    "prototypes": {"target": pa.string(), "copy": pa.int64(), "method": pa.string(), "reason": pa.string()}
    | dict.fromkeys(("value", "probability", "natural_value", "natural_top"), pa.float64())
    | dict.fromkeys(("picture", "alpha"), pa.binary()),
    "examples": {"target": pa.string(), "kind": pa.string(), "rank": pa.int64(), "picture": pa.binary()}
    | dict.fromkeys(("quantile", "value"), pa.float64()),
    "naturalness": {"target": pa.string(), "method": pa.string(), "copy": pa.int64(), "depth": pa.int64()}
    | {"normalised": pa.float64()},
}
"""Of the tables that the sheet is drawn from; naturalness may be empty."""

_TILE, _SMALL, _GAP, _STEP = 1.65, 0.79, 0.07, 1.9  # inches
_TOP, _WORDS, _CURVE, _BESIDE = 1.75, 1.85, 2.0, 4
_LIMITS = (-0.5, 1.5)  # of a normalised similarity that has a height of its own


@dataclass(frozen=True)
class _View:
    """What the sheet shows of one target."""

    name: str
    ours: Sequence[Row]
    plain: Row | None
    top: Sequence[Row]
    quantiles: Sequence[Row]
    curves: Mapping[str, Mapping[int, float | None]]
    depths: int


def shows_prototypes(record: Record) -> bool:
    """Whether a record holds prototypes, one at least, with natural pictures and naturalness."""
    for name, columns in COLUMNS.items():
        table = record.tables.get(name)
        if table is None or not has_columns(table, columns):
            return False
    return any(_is_ours(row) for row in record.tables["prototypes"].to_pylist())


def prototype_sheet(record: Record, targets: Sequence[str] | None = None) -> Picture:
    """Draw prototypes, without and with their α map, a plain feature visualisation and natural pictures beside them.

    Args:
        record: Of :class:`rivalry.prototypes.Prototypes`.
        targets: Which, as the record calls them; by default the first twenty.

    Returns:
        uint8 (height, width, 3); the more targets, the higher, and the more copies, the wider.

    Raises:
        ValueError: If the record holds no prototypes, or none of such a target.
    """
    if not shows_prototypes(record):
        raise ValueError(f"record {record.name!r} holds no prototypes to draw; wanted one of Prototypes")
    there = list(dict.fromkeys(row["target"] for row in record.tables["prototypes"].to_pylist() if _is_ours(row)))
    strange = [target for target in targets or () if target not in there]
    if strange:
        raise ValueError(f"the record has no prototype of {strange[0]!r}; nearest: {nearest(strange[0], there)}")
    views = [_view(record, target) for target in (targets or there[:MOST_ROWS])]
    copies = max(len(view.ours) for view in views)
    places = _places(copies, plain=any(view.plain is not None for view in views))
    missing = _missing(record) if targets is None else ""
    height = _TOP + _STEP * len(views) + (0.45 if missing else 0.2)
    figure, page = blank_page(places["end"] + 0.4, height, "Prototypes", _line(record, len(views), len(there)))
    _draw_heads(page, places)
    for number, view in enumerate(views):
        _draw_row(page, view, places, _TOP + _STEP * number)
    page.text(0.4, height - 0.25, missing, color=QUIET, fontsize=9, va="center")
    return pixels(figure, page)


def _is_ours(row: Row) -> bool:
    return bool(row["method"] == OURS and row["picture"] is not None and row["alpha"] is not None)


def _view(record: Record, target: str) -> _View:
    tables = {name: [row for row in record.tables[name].to_pylist() if row["target"] == target] for name in COLUMNS}
    made = sorted(tables["prototypes"], key=lambda row: row["copy"] or 0)
    examples = sorted(tables["examples"], key=lambda row: row["rank"])
    curves = {
        method: {row["depth"]: row["normalised"] for row in tables["naturalness"] if _of_first(row, method)}
        for method in (OURS, PLAIN)
    }
    return _View(
        target,
        [row for row in made if _is_ours(row)][:MOST_COPIES],
        next((row for row in made if row["method"] == PLAIN and row["picture"] is not None), None),
        [row for row in examples if row["kind"] == "top"][:_BESIDE],
        [row for row in examples if row["kind"] == "quantile"][:_BESIDE],
        curves,
        1 + max((row["depth"] for row in record.tables["naturalness"].to_pylist()), default=0),
    )


def _of_first(row: Row, method: str) -> bool:
    return bool(row["method"] == method and row["copy"] == 0)


def _places(copies: int, *, plain: bool) -> dict[str, float]:
    """Where columns begin, in inches."""
    step = _TILE + _GAP
    places = {"words": 0.4, "ours": 0.4 + _WORDS}
    places["alpha"] = places["ours"] + copies * step
    places["plain"] = places["alpha"] + step
    places["natural"] = places["plain"] + (step if plain else 0) + 0.15
    places["curve"] = places["natural"] + _BESIDE * (_SMALL + _GAP) + 0.45
    places["end"] = places["curve"] + _CURVE
    return places


def _draw_heads(page: Axes, places: Mapping[str, float]) -> None:
    heads = {"ours": "prototype", "alpha": "where from (α)", "natural": "strongest · at quantiles"}
    if places["natural"] - places["plain"] > _TILE:
        heads["plain"] = "plain Fourier"
    for name, said in heads.items():
        page.text(places[name], _TOP - 0.17, said, color=QUIET, fontsize=9, va="center")
    left = places["curve"]
    page.text(left, _TOP - 0.42, "natural path, by depth", color=QUIET, fontsize=9, va="center")
    for at, said, colour in ((0.0, "prototype", HUE), (1.05, "plain", FALSE)):
        page.plot([left + at, left + at + 0.2], [_TOP - 0.17] * 2, color=colour, linewidth=1.7)
        page.text(left + at + 0.27, _TOP - 0.17, said, color=QUIET, fontsize=9, va="center")


def _draw_row(page: Axes, view: _View, places: Mapping[str, float], top: float) -> None:
    _draw_words(page, view, places["words"], top)
    for place, row in enumerate(view.ours):
        _draw_tile(page, _read(row["picture"]), places["ours"] + place * (_TILE + _GAP), top, _TILE)
    if view.ours:
        _draw_tile(page, _with_alpha(view.ours[0]), places["alpha"], top, _TILE)
    if view.plain is not None:
        _draw_tile(page, _read(view.plain["picture"]), places["plain"], top, _TILE)
    for line, rows in enumerate((view.top, view.quantiles)):
        for place, row in enumerate(rows):
            left, height = places["natural"] + place * (_SMALL + _GAP), top + line * (_SMALL + 0.06)
            _draw_tile(page, _read(row["picture"]), left, height, _SMALL)
            if row["quantile"] is not None:
                said = f"{row['quantile']:g}"
                page.text(
                    left + _SMALL / 2, height + _SMALL + 0.08, said, color=QUIET, fontsize=7, ha="center", va="center"
                )
    _draw_path(page, view, places["curve"], top)


def _draw_words(page: Axes, view: _View, left: float, top: float) -> None:
    """What the target is, and what prototype and natural pictures are worth to it."""
    kind, _, name = view.name.partition(":")
    page.text(left, top + 0.12, _short(name), color=INK, fontsize=12, weight="bold", va="center")
    first = view.ours[0]
    said = [kind if first["reason"] is None else f"{kind}  ·  does not answer", f"value {first['value']:.3g}"]
    if first["probability"] is not None:
        said[-1] += f"  ·  p {first['probability']:.2f}"
    if view.plain is not None:
        said.append(f"plain {view.plain['value']:.3g}")
    if first["natural_value"] is not None:
        said.append(f"natural {first['natural_value']:.3g}")
    if first["natural_top"] is not None:
        said[-1] += f"  ·  best {first['natural_top']:.3g}"
    for line, words in enumerate(said):
        page.text(left, top + 0.4 + 0.22 * line, words, color=QUIET, fontsize=9, va="center")


def _draw_path(page: Axes, view: _View, left: float, top: float) -> None:
    """Normalised similarity by depth: 1 as another picture of the target, 0 as one of another class."""
    panel = DepthPanel(left, top, _CURVE - 0.1, _TILE, view.depths, *_LIMITS)
    draw_frame(page, panel, "", small=True)
    if not any(value is not None for points in view.curves.values() for value in points.values()):
        middle = left + panel.wide / 2, panel.y(0.5)
        page.text(*middle, "not known", color=QUIET, fontsize=8.5, ha="center", va="center")
    for method, colour in ((PLAIN, FALSE), (OURS, HUE)):
        draw_curve(page, panel, view.curves[method], colour, wide=1.4)


def _draw_tile(page: Axes, picture: Picture, left: float, top: float, side: float) -> None:
    """A picture in a square, as large as it can be."""
    height, width, _ = picture.shape
    scale = side / max(height, width)
    extent = (left, left + width * scale, top + height * scale, top)
    page.imshow(picture, extent=extent, interpolation="antialiased", interpolation_stage="rgba")


def _with_alpha(row: Row) -> Picture:
    """A prototype on paper, seen as far as its α map lets it."""
    shown = _read(row["picture"]).astype(float)
    share = _read(row["alpha"]).astype(float)[..., :1] / 255
    paper = 255 * np.array(to_rgb(PAPER))
    seen: Picture = np.round(share * shown + (1 - share) * paper).astype(np.uint8)
    return seen


def _read(file: bytes) -> Picture:
    with Image.open(io.BytesIO(file)) as picture:
        return np.asarray(picture.convert("RGB"))


def _line(record: Record, drawn: int, there: int) -> str:
    said = [f"epoch {record.epoch}", f"{drawn} of {there} targets" if drawn < there else f"{there} targets"]
    known = record.scalars.get("naturalness"), record.scalars.get("naturalness_plain")
    if known[0] is not None:
        said.append(f"naturalness {known[0]:.2f}" + ("" if known[1] is None else f", plain {known[1]:.2f}"))
    return "   ·   ".join([*said, "1: as another picture of it, 0: as one of another class"])


def _missing(record: Record) -> str:
    """Targets without a prototype, and why the first has none."""
    rows = [row for row in record.tables["prototypes"].to_pylist() if row["picture"] is None]
    if not rows:
        return ""
    names = ", ".join(row["target"] for row in rows[:4]) + (" …" if len(rows) > 4 else "")
    return f"without a prototype: {names} – {rows[0]['reason']}"


def _short(name: str) -> str:
    """The end of a long name: what tells units of a layer apart."""
    return name if len(name) <= 19 else f"…{name[-18:]}"
