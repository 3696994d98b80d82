"""Explanations in a terminal: what comes from outside is shown as it is, and never read as markup."""

from __future__ import annotations

import math

from rich.console import Console
from rich.table import Table
from rich.text import Text

from rivalry.clusters.overlay import PALETTE
from rivalry.export.explaining.explanation import (
    ClusterMap,
    ExplainedConcepts,
    ExplainedLayer,
    Explanation,
    NearestPrototypes,
)
from rivalry.lens.explanation_parts import number, percent, prototypes_said, unit_label
from rivalry.lens.words import in_terminal, printable

WIDEST = 32
"""Places of a cluster map in a line, at most; of wider ones every second, third … is shown."""


def print_explanation(console: Console, explanation: Explanation) -> None:
    """Print what a picture is taken for, and why."""
    asked, said = explanation.asked, " · ".join(f"{one.name} {percent(one.probability)}" for one in explanation.answers)
    console.print()
    _print_line(console, explanation.picture, "bold")
    _print_line(console, f"  {said}")
    against, what = "", "logit"
    if asked.against is not None:
        against, what = f" and not {asked.against}", "difference of logits"
    _print_line(console, f"  why {asked.why}{against}? {what} {number(asked.value)}")
    for layer in explanation.layers:
        _print_units(console, layer)
    for found in explanation.concepts:
        _print_concepts(console, found)
    if explanation.clusters is not None:
        _print_clusters(console, explanation.clusters)
    if explanation.prototypes is not None:
        _print_line(console, _prototypes(explanation.prototypes))


def _print_units(console: Console, layer: ExplainedLayer) -> None:
    rest = "the bias" if layer.exact else "the rest"
    order = "exact" if layer.exact else "of first order"
    said = (
        f"{layer.layer}: {layer.won} of {layer.width} units won; contributions ({order}) {number(layer.total)}, "
        f"{rest} {number(layer.rest)}; {layer.to_cover} units cover 90 %"
    )
    table = _table(["unit", "label"], ["strength", "won", "contribution"])
    for one in layer.units:
        label = in_terminal(unit_label({"label": one.label, "confirmed": one.confirmed}))
        values = number(one.strength), percent(one.win_share), number(one.contribution)
        table.add_row(str(one.unit), label, *values)
    _print_titled(console, said, table)


def _print_concepts(console: Console, found: ExplainedConcepts) -> None:
    said = f"{found.layer}: concepts of the class ({found.record}); together {number(found.total)}"
    table = _table(["concept", "name"], ["amount", "importance"])
    for one in found.concepts:
        amount = number(one.code, signed=False)
        table.add_row(str(one.concept), in_terminal(one.name or ""), amount, number(one.importance))
    _print_titled(console, said, table)


def _print_clusters(console: Console, clusters: ClusterMap) -> None:
    """The cluster of each place as its number on its colour."""
    _print_line(console, f"clusters of {', '.join(clusters.layers)}", "italic")
    step = math.ceil(len(clusters.labels[0]) / WIDEST)
    for row in clusters.labels[::step]:
        line = Text("  ")
        for label in row[::step]:
            red, green, blue = PALETTE[label % len(PALETTE)].tolist()
            line.append(f"{label:<2}", style=f"black on rgb({red},{green},{blue})")
        console.print(line)


def _prototypes(near: NearestPrototypes) -> str:
    said = ", ".join(f"{one.target} {one.similarity:.2f}" for one in near.nearest)
    among = prototypes_said(near.compared, near.known)
    return f"{among} ({near.record}; rank correlation in {near.layer}): {said}"


def _table(words: list[str], numbers: list[str]) -> Table:
    table = Table()
    for column in words:
        table.add_column(column)
    for column in numbers:
        table.add_column(column, justify="right")
    return table


def _print_titled(console: Console, title: str, table: Table) -> None:
    """A title of its own line, which is not broken at the width of its table."""
    _print_line(console, title, "italic")
    console.print(table)


def _print_line(console: Console, line: str, style: str = "") -> None:
    """A line as it is: what it holds is no markup, and no command to the terminal."""
    console.print(Text(printable(line), style=style), soft_wrap=True)
