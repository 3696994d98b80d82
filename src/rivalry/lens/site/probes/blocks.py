"""What a probe's page is made of: stats, drawings, tables and pictures, whichever probe it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from markupsafe import Markup

from rivalry.lens.site.charts import said
from rivalry.lens.site.shelf import Volume

MOST_ROWS = 50
_LONGEST = 80


@dataclass(frozen=True)
class Stat:
    """A number that stands by itself."""

    label: str
    value: str
    note: str = ""


@dataclass(frozen=True)
class Drawing:
    """Charts side by side under a heading.

    Attributes:
        title: The heading.
        charts: What :mod:`rivalry.lens.site.charts` draws.
        note: How to read them.
    """

    title: str
    charts: Sequence[Markup]
    note: str = ""


@dataclass(frozen=True)
class Table:
    """A table as it is read.

    Attributes:
        title: Its caption.
        columns: Heads, and whether a column holds numbers.
        rows: Cells in words.
        note: Said below, such as how many rows there are in all.
    """

    title: str
    columns: Sequence[tuple[str, bool]]
    rows: Sequence[Sequence[str]]
    note: str = ""


@dataclass(frozen=True)
class Shown:
    """What a probe's page shows at an epoch."""

    stats: Sequence[Stat] = ()
    drawings: Sequence[Drawing] = ()
    tables: Sequence[Table] = ()


def first_rows(volume: Volume, name: str, most: int = MOST_ROWS) -> Table:
    """The first rows of any table, whatever it holds; a column of bytes or of long lists is told by its size."""
    table = volume.table(name)
    head = table.slice(0, most)
    columns = [(column, _is_number(head.schema.field(at).type)) for at, column in enumerate(head.column_names)]
    cells = [[cell(value) for value in head.column(at).to_pylist()] for at in range(head.num_columns)]
    note = f"the first {most} of {table.num_rows:,} rows" if table.num_rows > most else ""
    return Table(name, columns, list(zip(*cells, strict=True)), note)


def cell(value: Any) -> str:
    """A value in words.

    >>> cell(0.12345), cell(7), cell(None), cell(True), cell([1, 2]), cell(b"abc")
    ('0.123', '7', '–', 'yes', '1, 2', '3 bytes')
    """
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}".replace("-", "−")
    if isinstance(value, float):
        return said(value, 3)
    if isinstance(value, bytes):
        return f"{len(value):,} bytes"
    if isinstance(value, list):
        words = ", ".join(cell(one) for one in value[:5])
        return f"{words}, … ({len(value)})" if len(value) > 5 else words
    words = str(value)
    return words if len(words) <= _LONGEST else f"{words[: _LONGEST - 1]}…"


def settings_of(volume: Volume) -> Mapping[str, str]:
    """The settings of a record in words."""
    return {name: cell(value if isinstance(value, str | int | float | bool | list | None) else str(value))
            for name, value in volume.settings.items()}  # fmt: skip


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))
