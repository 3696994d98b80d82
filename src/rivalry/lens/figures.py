"""Figures of records: what the clearest units see, and how the units of each layer share the wins.

Drawn from records alone, off screen, into plain arrays.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

from rivalry.lens.drawable import shows_activity, shows_neurons
from rivalry.lens.page import FALSE, HUE, INK, LINE, QUIET, TRUE, blank_page, pixels, round_ticks
from rivalry.records import Picture, Record


def neuron_sheet(record: Record) -> Picture:
    """Draw the clearest units of a dissection, a row each: its label, how clear it is, and its top images.

    Where the dataset's masks have judged the labels, a tick says that a label is true, and a cross what the unit
    answers to instead.

    Args:
        record: Of :class:`rivalry.dissection.neurons.NeuronDissection`.

    Returns:
        uint8 (height, width, 3), some 1100 pixels wide.

    Raises:
        ValueError: If the record is none of a dissection, or none of its units lives.
    """
    if not shows_neurons(record):
        raise ValueError(f"record {record.name!r} holds no labelled units to draw; wanted one of a dissection")
    layout: Any = record.settings["top_images"]
    units = {(row["layer"], row["unit"]): row for row in record.tables["units"].to_pylist()}
    rows = [units[one["layer"], one["unit"]] for one in layout["rows"]]
    figure, page = blank_page(11.0, 1.45 + 0.98 * len(rows), "What the clearest units see", _dissection_line(record))
    for place, row in enumerate(rows):
        middle = 1.25 + 0.98 * place + 0.42
        _describe(page, middle, row, widest=max(one["margin"] for one in rows))
        for column, tile in enumerate(_tiles(record.images["top_images"], layout, place)):
            left = 3.62 + 0.88 * column
            page.imshow(tile, extent=(left, left + 0.82, middle + 0.41, middle - 0.41), interpolation="antialiased")
    return pixels(figure, page)


def activity_chart(record: Record) -> Picture:
    """Draw the win rate of every unit, a row for each layer, with the rate at which all competitors win alike.

    Args:
        record: Of :class:`rivalry.recording.activity.Activity`.

    Returns:
        uint8 (height, width, 3), 1100 pixels wide.

    Raises:
        ValueError: If the record holds no win rates.
    """
    if not shows_activity(record):
        raise ValueError(f"record {record.name!r} holds no win rates to draw; wanted one of Activity")
    layers = record.tables["layers"].to_pylist()
    rates: dict[str, list[float]] = {row["layer"]: [] for row in layers}
    for unit in record.tables["units"].to_pylist():
        rates[unit["layer"]].append(unit["win_rate"])
    end = max(0.02, *(rate for of_layer in rates.values() for rate in of_layer)) * 1.02
    figure, page = blank_page(11.0, 2.0 + 0.52 * len(layers), "How the units share the wins", _activity_line(record))
    bottom = 1.3 + 0.52 * len(layers)
    for tick in round_ticks(0.0, end):
        place = float(_along(np.array(tick), end))
        page.plot([place, place], [1.2, bottom], color=LINE, linewidth=0.8, zorder=0)
        page.text(place, bottom + 0.18, f"{tick:.0%}", color=QUIET, fontsize=9, ha="center", va="center")
    page.text(5.35, bottom + 0.42, "share of positions won, a dot a unit", color=QUIET, fontsize=9, ha="center")
    for row, layer in enumerate(layers):
        _draw_layer(page, 1.5 + 0.52 * row, layer, np.array(rates[layer["layer"]]), end)
    return pixels(figure, page)


def _describe(page: Axes, middle: float, row: dict[str, Any], widest: float) -> None:
    """A unit's label, place, clearness and judgement."""
    page.text(0.4, middle - 0.2, row["label"], color=INK, fontsize=15, weight="bold", va="center")
    page.text(0.4, middle + 0.07, f"{row['layer']} · {row['unit']}", color=QUIET, fontsize=9, va="center")
    share = row["margin"] / widest if widest > 0 else 0.0
    for length, colour in ((1.3, LINE), (1.3 * share, HUE)):
        if length > 0.02:
            box = FancyBboxPatch((0.42, middle + 0.255), length, 0.05, boxstyle="round,pad=0,rounding_size=0.025")
            box.set(facecolor=colour, edgecolor="none")
            page.add_patch(box)
    page.text(1.84, middle + 0.285, f"ahead of {row['runner_up']}", color=QUIET, fontsize=8.5, va="center")
    if row.get("confirmed") is not None:
        true = row["confirmed"]
        page.text(
            3.4, middle - 0.2, "✓" if true else "✗", color=TRUE if true else FALSE, fontsize=15, ha="right", va="center"
        )
        said = "" if true else row["true_concept"] or "nothing it shows"
        page.text(3.4, middle + 0.07, said, color=FALSE, fontsize=9, ha="right", va="center")


def _tiles(sheet: Picture, layout: dict[str, Any], row: int) -> list[Picture]:
    """The pictures of one row of a mosaic."""
    side, step = layout["side"], layout["side"] + layout["gap"]
    band = sheet[row * step : row * step + side]
    return [band[:, column * step : column * step + side] for column in range(layout["columns"])]


def _dissection_line(record: Record) -> str:
    numbers = record.scalars
    said = [
        f"epoch {record.epoch}",
        f"{numbers['distinct_concepts']:.0f} different labels on {numbers['units'] - numbers['dead_units']:.0f} units",
    ]
    if numbers["dead_units"]:
        said.append(f"{numbers['dead_units']:.0f} dead")
    if "confirmed" in numbers:
        said.append(f"{numbers['confirmed']:.0%} of labels true ({numbers['confirmed_floor']:.0%} by chance)")
    return "   ·   ".join(said)


def _activity_line(record: Record) -> str:
    numbers = record.scalars
    said = [f"epoch {record.epoch}", f"{numbers['active_fraction']:.1%} of the network active"]
    said.append(f"{numbers['dead_units']:.0f} dead units")
    said.append(f"{numbers['negative_share']:.1%} of what is active is negative")
    return "   ·   ".join(said)


def _draw_layer(page: Axes, middle: float, layer: dict[str, Any], rates: npt.NDArray[np.float64], end: float) -> None:
    """One dot a unit before the outline of their density; the mark is where all would win alike."""
    page.text(0.4, middle, layer["layer"], color=INK, fontsize=11, va="center")
    grid = np.linspace(0, end, 240)
    width = 0.02 * end
    density = np.exp(-(((grid[:, None] - rates[None, :]) / width) ** 2) / 2).sum(1)
    outline = 0.24 * density / max(float(density.max()), 1e-9)
    page.fill_between(_along(grid, end), middle - outline, middle + outline, color=HUE, alpha=0.16, linewidth=0)
    spread = (np.arange(len(rates)) * 0.618034 % 1 - 0.5) * 1.4 * np.interp(rates, grid, outline)
    dead = rates == 0
    for chosen, colour in ((~dead, HUE), (dead, FALSE)):
        places = _along(rates[chosen], end)
        page.scatter(places, middle + spread[chosen], s=11, color=colour, alpha=0.7, linewidths=0)
    said = "no competition"
    if layer["competitors"] > 1:
        even = float(_along(np.array(1 / layer["competitors"]), end))
        page.plot([even, even], [middle - 0.25, middle + 0.25], color=INK, linewidth=1.4)
        said = f"1 of {layer['competitors']} wins, evenness {layer['winner_entropy']:.2f}"
    page.text(10.6, middle, said, color=QUIET, fontsize=9, ha="right", va="center")


def _along(rates: npt.NDArray[np.float64], end: float) -> npt.NDArray[np.float64]:
    """Inches from the left at which win rates stand."""
    return 2.1 + 6.5 * rates / end
