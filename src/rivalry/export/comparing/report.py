"""A comparison in the terminal: what stayed in every layer, numbers, units with other labels, concepts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.table import Table

from rivalry.export.comparing.comparison import Comparison
from rivalry.export.comparing.concepts import HeldConcept
from rivalry.export.comparing.headline import headline, number, percent
from rivalry.lens.titled import titled
from rivalry.lens.words import in_terminal


def print_comparison(console: Console, comparison: Comparison, *, rows: int) -> None:
    """Print a comparison.

    Args:
        console: Where to.
        comparison: Of two networks.
        rows: At most so many changed units, and concepts gained and lost.
    """
    for letter, name in zip("AB", comparison.names, strict=True):
        console.print(f"{letter}: {in_terminal(name)}", soft_wrap=True, highlight=False)
    tables = (_summary(comparison), _layers(comparison), _changed(comparison, rows), _concepts(comparison, rows))
    for table in (*tables, _scalars(comparison)):
        if table.row_count:
            console.print(table)
    for line in remarks(comparison):
        console.print(f"  {in_terminal(line)}", soft_wrap=True, highlight=False)


def remarks(comparison: Comparison) -> Iterator[str]:
    """What to know before the numbers are believed: other settings, layers that one network lacks."""
    for what, names in comparison.otherwise.items():
        yield f"{what}: not made alike, and may differ by that alone: {', '.join(names)}"
    for letter, layers in zip("AB", comparison.only, strict=True):
        if layers:
            yield f"dissected in {letter} alone, and left out: {', '.join(layers)}"


def _summary(comparison: Comparison) -> Table:
    table = titled("In short", ("",), ("A", "B"))
    for line in headline(comparison):
        table.add_row(in_terminal(line.name), line.first, line.second)
    both, same = (sum(getattr(one.labels, name) for one in comparison.layers) for name in ("both", "same"))
    table.add_row("units with another label", "", f"{both - same} of {both}")
    table.add_row("concepts gained, lost", "", f"{len(comparison.gained)}, {len(comparison.lost)}")
    return table


def _layers(comparison: Comparison) -> Table:
    table = titled("Layers: units with the same label", ("layer",), ("units", "U", "active", "dead", "same", "chance"))
    for one in comparison.layers:
        labels = one.labels
        kept = f"{labels.same} of {labels.both}" if labels.both else "–"
        table.add_row(
            in_terminal(one.layer),
            _both(*map(str, one.units)),
            _both(*map(str, one.competitors)),
            _both(*map(percent, one.active)),
            _both(*map(str, one.dead)),
            kept,
            f"{labels.same_by_chance:.1f}",
        )
    return table


def _changed(comparison: Comparison, rows: int) -> Table:
    found = comparison.changed
    table = titled(f"Units whose labels changed{_some(found, rows)}, clearest first", ("layer", "unit", "A", "B"), ())
    for one in found[:rows]:
        table.add_row(in_terminal(one.layer), str(one.unit), in_terminal(one.first), in_terminal(one.second))
    return table


def _concepts(comparison: Comparison, rows: int) -> Table:
    table = titled("Concepts gained and lost, with the units that are called so", ("", "concept"), ("A", "B"))
    for word, found in (("gained", comparison.gained), ("lost", comparison.lost)):
        for one in found[:rows]:
            table.add_row(word, in_terminal(one.concept), str(one.first), str(one.second))
        if len(found) > rows:
            table.add_row(word, f"… {len(found) - rows} more, of {_units(found[rows:])}", "", "")
    return table


def _scalars(comparison: Comparison) -> Table:
    """Numbers of analyses that are not the same; all stand in the JSON."""
    table = titled("What analyses found otherwise", ("analysis", "number"), ("A", "B"))
    for one in comparison.scalars:
        if number(one.first) != number(one.second):
            table.add_row(in_terminal(one.of), in_terminal(one.name), number(one.first), number(one.second))
    return table


def _both(first: str, second: str) -> str:
    return first if first == second else f"{first} → {second}"


def _some(found: Sequence[object], rows: int) -> str:
    return f" ({rows} of {len(found)})" if len(found) > rows else ""


def _units(concepts: Sequence[HeldConcept]) -> str:
    most = max(max(one.first, one.second) for one in concepts)
    return "a unit each" if most == 1 else f"{most} units or fewer each"
