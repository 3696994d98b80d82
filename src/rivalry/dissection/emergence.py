"""Which concepts emerge while a network learns: what its units are called, followed over the epochs.

Nothing is heard anew: all is counted from the ``units`` tables of a dissection's records. A concept is there in an
epoch when a living unit has it as its label. With L_t(u) the label of unit u in epoch t:

    new_t  = concepts of t that were there in no epoch before        lost_t = concepts of t − 1 that are not there in t
    labels_unchanged_t = #{u : u lives in t − 1 and t, L_{t−1}(u) = L_t(u)} / #{u : u lives in t − 1 and t}
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from rivalry.records import JSON, Record, find_records

SAME = (
    "layers",
    "competitors",
    "mode",
    "seed",
    "dataset",
    "clip_fingerprint",
    "vocabulary",
    "templates",
    "similarity",
    "similarity_parameters",
    "pooling",
)
"""Settings of a dissection that labels depend on: epochs are compared only where these are the same."""

_NAMING = {"layer": pa.string(), "unit": pa.int64(), "label": pa.string(), "dead": pa.bool_()}


def names_units(record: Record) -> bool:
    """Whether a record holds labels of units, so that they can be followed."""
    table = record.tables.get("units")
    if table is None:
        return False
    once = all(table.column_names.count(name) == 1 for name in _NAMING)
    return once and all(table.schema.field(name).type == kind for name, kind in _NAMING.items())


def way_of_naming(record: Record) -> dict[str, JSON]:
    """How a dissection found its labels: labels of two epochs can be compared if this is the same."""
    return {name: record.settings[name] for name in SAME if name in record.settings}


def labels_in(folder: Path) -> Record:
    """Read a dissection's record with no more of its units than their labels: who follows it reads every epoch."""
    record, file = Record.load(folder, tables=()), folder / "units.parquet"
    if not file.is_file():
        return record
    return replace(record, tables={"units": pq.read_table(file, columns=list(_NAMING), use_threads=False)})


def name_of_emergence(dissection: str) -> str:
    """What the record is called that follows a dissection.

    >>> name_of_emergence("neurons"), name_of_emergence("late")
    ('emergence', 'late-emergence')
    """
    return "emergence" if dissection == "neurons" else f"{dissection}-emergence"


def emergence_in(root: Path, dissection: str, epoch: int) -> Record:
    """Follow a dissection from its first epoch to this one, by the records under ``root``. Later ones do not count.

    Args:
        root: Folder of a run's records.
        dissection: Name of the dissection.
        epoch: The last epoch to look at.

    Raises:
        ValueError: If there is no record of such labels of that epoch.
    """
    folders = find_records(root, dissection, before=epoch + 1)
    records = [labels_in(folder) for folder in folders]
    if not records or records[-1].epoch != epoch or not names_units(records[-1]):
        raise ValueError(f"{root} holds no record {dissection!r} of epoch {epoch} with labels of units")
    return emergence(records)


def emergence(records: Sequence[Record]) -> Record:
    """Follow a dissection over the epochs.

    The record holds the tables ``concepts`` (every concept that ever was there: ``concept``, ``first_epoch``,
    ``last_epoch``, ``epochs`` in which it was there, ``units`` now), ``streams`` (``epoch``, ``concept``, ``units``,
    where there are any) and ``epochs`` (``epoch``, ``step`` and the scalars of each), and the last epoch's scalars:
    ``distinct_concepts``, ``new_concepts``, ``lost_concepts``, ``concepts_so_far`` and ``labels_unchanged`` (NaN in the
    first epoch, or where no unit lives in both).

    Args:
        records: Of one dissection, by epoch; one at least. Epochs whose labels were found in another way than those of
            the last (``SAME``) are left out, and named in the settings.
    """
    last = records[-1]
    alike = [one for one in records if names_units(one) and way_of_naming(one) == way_of_naming(last)]
    living = [one.tables["units"].filter(pc.invert(one.tables["units"]["dead"])) for one in alike]
    counts = [_count(units["label"]) for units in living]
    rows = _epoch_rows(alike, living, counts)
    followed: list[JSON] = [one.epoch for one in alike]
    left_out: list[JSON] = [one.epoch for one in records if one.epoch not in followed]
    return Record(
        name_of_emergence(last.name),
        last.epoch,
        last.step,
        scalars={
            name: float(value) for name, value in rows[-1].items() if name not in ("epoch", "step", "living_units")
        },
        tables={
            "concepts": _concept_table(alike, counts),
            "streams": _stream_table(alike, counts),
            "epochs": _epoch_table(rows),
        },
        settings={"of": last.name, "epochs": followed, "left_out": left_out, **way_of_naming(last)},
    )


def _count(labels: pa.ChunkedArray) -> Counter[str]:
    counted = pc.value_counts(labels)
    return Counter(dict(zip(counted.field("values").to_pylist(), counted.field("counts").to_pylist(), strict=True)))


def _unchanged(before: pa.Table, now: pa.Table) -> float:
    """Of the units that live in both epochs, the share that kept its label; NaN where none does."""
    both = now.join(before, ["layer", "unit"], join_type="inner", right_suffix=" before", use_threads=False)
    same = pc.sum(pc.equal(both["label"], both["label before"])).as_py()
    return same / both.num_rows if both.num_rows else math.nan


def _epoch_rows(
    records: Sequence[Record], living: Sequence[pa.Table], counts: Sequence[Counter[str]]
) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    so_far: set[str] = set()
    for place, (record, now) in enumerate(zip(records, counts, strict=True)):
        before = counts[place - 1] if place else Counter[str]()
        rows.append(
            {
                "epoch": record.epoch,
                "step": record.step,
                "living_units": now.total(),
                "distinct_concepts": len(now),
                "new_concepts": len(now.keys() - so_far),
                "lost_concepts": len(before.keys() - now.keys()),
                "concepts_so_far": len(so_far := so_far | now.keys()),
                "labels_unchanged": _unchanged(living[place - 1], living[place]) if place else math.nan,
            }
        )
    return rows


def _concept_table(records: Sequence[Record], counts: Sequence[Counter[str]]) -> pa.Table:
    """Every concept, in the order in which they came; of one epoch the most frequent first."""
    epochs: dict[str, list[int]] = {}
    for record, now in zip(records, counts, strict=True):
        for concept in sorted(now, key=lambda concept: (-now[concept], concept)):
            epochs.setdefault(concept, []).append(record.epoch)
    kind = pa.int64()
    return pa.table(
        {
            "concept": pa.array(epochs, pa.string()),
            "first_epoch": pa.array([there[0] for there in epochs.values()], kind),
            "last_epoch": pa.array([there[-1] for there in epochs.values()], kind),
            "epochs": pa.array([len(there) for there in epochs.values()], kind),
            "units": pa.array([counts[-1][concept] for concept in epochs], kind),
        }
    )


def _stream_table(records: Sequence[Record], counts: Sequence[Counter[str]]) -> pa.Table:
    rows = [
        (record.epoch, concept, now[concept])
        for record, now in zip(records, counts, strict=True)
        for concept in sorted(now)
    ]
    return pa.table(
        {
            "epoch": pa.array([epoch for epoch, _, _ in rows], pa.int64()),
            "concept": pa.array([concept for _, concept, _ in rows], pa.string()),
            "units": pa.array([units for _, _, units in rows], pa.int64()),
        }
    )


def _epoch_table(rows: Sequence[dict[str, Any]]) -> pa.Table:
    shares = [None if math.isnan(row["labels_unchanged"]) else row["labels_unchanged"] for row in rows]
    counted = [name for name in rows[0] if name != "labels_unchanged"]
    columns = {name: pa.array([row[name] for row in rows], pa.int64()) for name in counted}
    return pa.table({**columns, "labels_unchanged": pa.array(shares, pa.float64())})
