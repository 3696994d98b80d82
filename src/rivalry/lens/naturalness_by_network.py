"""The naturalness of prototypes in several networks, side by side: a panel a kind of network. From records alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean
from typing import Any

from matplotlib.axes import Axes

from rivalry.lens.depth_panel import DepthPanel, draw_curve, draw_frame, draw_names, span
from rivalry.lens.naturalness_chart import METHODS, shows_naturalness
from rivalry.lens.page import INK, QUIET, TRUE, blank_page, pixels
from rivalry.records import Picture, Record

_ACROSS, _LEFT, _TOP, _WIDE, _HIGH, _STEP = 3, 0.75, 2.15, 2.95, 1.9, 3.6
_LIMITS = (-1.0, 1.5)


@dataclass(frozen=True)
class Studied:
    """A record of prototypes of one network.

    Attributes:
        record: Of :class:`rivalry.prototypes.Prototypes`.
        network: What it is called; networks of one name share a panel, and must have the same layers.
    """

    record: Record
    network: str


def naturalness_by_network(studied: Sequence[Studied]) -> Picture:
    """Draw how natural the path of prototypes and of plain visualisations is, a panel a name.

    A thin line is a network, a thick one their mean, over those that have a scale in the layer.

    Args:
        studied: One at least; the order decides that of panels.

    Returns:
        uint8 (height, 1100, 3); the more names, the higher.

    Raises:
        ValueError: If there is none, a record holds no naturalness, or two of one name have other layers.
    """
    panels: dict[str, list[list[dict[str, Any]]]] = {}
    for one in studied:
        if not shows_naturalness(one.record):
            raise ValueError(f"record {one.record.name!r} holds no naturalness of paths; wanted one of Prototypes")
        panels.setdefault(one.network, []).append(one.record.tables["naturalness_layers"].to_pylist())
    if not panels:
        raise ValueError("wanted a record of prototypes at least; given none")
    lines = -(-len(panels) // _ACROSS)
    said = "1: as another picture of the class   ·   0: as pictures of other classes   ·   from shallow to deep layers"
    figure, page = blank_page(11.0, _TOP + _STEP * lines - 0.45, "Do prototypes pass as natural pictures do?", said)
    _draw_legend(page)
    for place, (name, networks) in enumerate(panels.items()):
        left, top = _LEFT + (_WIDE + 0.55) * (place % _ACROSS), _TOP + _STEP * (place // _ACROSS)
        _draw_panel(page, name, networks, left, top)
    return pixels(figure, page)


def _draw_panel(
    page: Axes, name: str, networks: Sequence[Sequence[Mapping[str, Any]]], left: float, top: float
) -> None:
    layers = {row["depth"]: row["layer"] for row in networks[0]}
    if any({row["depth"]: row["layer"] for row in rows} != layers for rows in networks):
        raise ValueError(f"networks called {name!r} have different layers: give them names of their own")
    values = [row["normalised"] for rows in networks for row in rows]
    panel = DepthPanel(left, top, _WIDE, _HIGH, len(layers), *span(values, least=-0.5, most=1.1, limits=_LIMITS))
    draw_frame(page, panel, name, f"ours above plain in {_above(networks)} layers")
    for value, colour in ((1.0, TRUE), (0.0, QUIET)):
        page.plot([left, left + _WIDE], [panel.y(value)] * 2, color=colour, linewidth=1.0, alpha=0.7)
    for method, (_, colour) in METHODS.items():
        found = [_curve(rows, method) for rows in networks]
        for curve in found if len(found) > 1 else ():
            draw_curve(page, panel, curve, colour, "--", 0.6)
        draw_curve(page, panel, _mean(found), colour, wide=1.6)
    draw_names(page, panel, layers)


def _curve(rows: Sequence[Mapping[str, Any]], method: str) -> dict[int, float]:
    own = [row for row in rows if row["method"] == method and row["normalised"] is not None]
    return {row["depth"]: row["normalised"] for row in own}


def _mean(curves: Sequence[Mapping[int, float]]) -> dict[int, float | None]:
    depths = sorted({depth for curve in curves for depth in curve})
    return {depth: mean(curve[depth] for curve in curves if depth in curve) for depth in depths}


def _above(networks: Sequence[Sequence[Mapping[str, Any]]]) -> str:
    """In how many layers with a scale ours is the more natural: of each network."""
    said = []
    for rows in networks:
        above = [row["above"] > 0 for row in rows if row["method"] == "prototype" and row["above"] is not None]
        said.append(f"{sum(above)} of {len(above)}")
    return ", ".join(said)


def _draw_legend(page: Axes) -> None:
    left = _LEFT
    for said, colour in METHODS.values():
        page.plot([left, left + 0.28], [1.22, 1.22], color=colour, linewidth=1.8)
        page.text(left + 0.36, 1.22, said, color=INK, fontsize=9.5, va="center")
        left += 0.8 + 0.078 * len(said)
