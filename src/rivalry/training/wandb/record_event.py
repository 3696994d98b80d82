"""A record as one event: its scalars, the table that people look at, its picture, its interactive figures, the epoch.

Everything stands under ``<name of the record>/``, which W&B makes a section of. There is never a key for one neuron.
"""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import wandb
from lightning.pytorch.utilities import rank_zero_info

from rivalry.lens.interactive import interactive_of
from rivalry.lens.pictures import picture_of
from rivalry.lens.site.kinds import Kind, kind_of
from rivalry.records import Record

TABLE_ROWS = 10_000
"""W&B shows no more rows of a table; the whole one is in the record's parquet file."""

HTML_BYTES = 2_000_000
"""An interactive figure that is larger is left out: it would be kept anew every epoch."""

TABLES: Mapping[Kind, tuple[str, ...]] = {
    "activity": ("layers",),
    "neurons": ("units",),
    "profiles": ("units",),
    "emergence": ("concepts",),
    "clusters": ("scores", "depths"),
    "registers": ("layers",),
    "watermark": ("reliance",),
    "detectors": ("units",),
    "basis": ("bases",),
    "concepts": ("concepts",),
    "prototypes": ("prototypes",),
}
"""The table that people look at, of each kind of record; the first of them that it has."""

_too_large: set[str] = set()


def event_of(record: Record) -> dict[str, Any]:
    """What is logged of a record, with its ``epoch``. A scalar keeps its name, whatever else would have the same."""
    shown: dict[str, Any] = {}
    chosen = table_to_show(record)
    if chosen is not None:
        shown["table"] = _as_wandb_table(record.tables[chosen], record.epoch)
    picture = picture_of(record)
    if picture is not None:
        shown["picture"] = wandb.Image(picture)
    shown |= _as_html(record.name, interactive_of(record))
    beside = {f"{name}_shown" if name in record.scalars else name: one for name, one in shown.items()}
    named = {f"{record.name}/{name}": value for name, value in {**beside, **record.scalars}.items()}
    return {**named, "epoch": record.epoch}


def table_to_show(record: Record) -> str | None:
    """The name of a record's one table in W&B.

    Of an analysis that is not ours it is the first table that is shown whole, else the first.
    """
    kind = kind_of({name: table.column_names for name, table in record.tables.items()})
    known = [name for name in TABLES[kind] if name in record.tables] if kind else []
    whole = [name for name, table in record.tables.items() if table.num_rows <= TABLE_ROWS]
    return next(iter([*known, *whole, *record.tables]), None)


def _as_html(record: str, figures: Mapping[str, str]) -> dict[str, wandb.Html]:
    """The documents as they are: W&B would add a style sheet that a reader's browser fetches from elsewhere."""
    shown = {}
    for name, document in figures.items():
        key, size = f"{record}/{name}_figure", len(document.encode())
        if size <= HTML_BYTES:
            shown[f"{name}_figure"] = wandb.Html(document, inject=False, data_is_not_path=True)
        elif key not in _too_large:
            _too_large.add(key)
            rank_zero_info(f"W&B: {key} has {size / 1e6:.1f} MB and is left out where it has more than 2 MB.")
    return shown


def _as_wandb_table(table: pa.Table, epoch: int) -> wandb.Table:
    """The first rows, with an ``epoch`` column; outside words escaped, lists written out, no bytes and vectors."""
    shown = table.slice(0, TABLE_ROWS).select([at for at, kind in enumerate(table.schema.types) if _is_legible(kind)])
    columns = [column.to_pylist() for column in shown.columns]  # of an analysis not ours two may have one name
    data = [[epoch, *(_shown(column[row]) for column in columns)] for row in range(len(shown))]
    return wandb.Table(columns=["epoch", *shown.column_names], data=data)


def _is_legible(kind: pa.DataType) -> bool:
    """Whether people read such a column: no bytes, and no vectors of a thousand numbers."""
    is_bytes = pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind)
    is_list = pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    return not is_bytes and not (is_list and pa.types.is_floating(kind.value_type))


def _shown(value: Any) -> Any:
    """A value as W&B shows it; names, which may have spaces, with commas between them."""
    if isinstance(value, list):
        return (", " if any(isinstance(one, str) for one in value) else " ").join(str(_shown(one)) for one in value)
    return value if value is None or isinstance(value, bool | int | float) else html.escape(str(value))
