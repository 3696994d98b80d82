"""Small runs with concepts of classes, known by hand; every picture has an index."""

from pathlib import Path

import numpy as np
import pyarrow as pa

from rivalry.records import Record
from tests.lens.class_record import Rows, class_rows, concept_record


def indexed(rows: dict[str, Rows]) -> Record:
    """A record of one class whose pictures and crops are numbered, as those of ConceptExtraction are."""
    record = concept_record(rows)
    for name in ("pictures", "crops"):
        table = record.tables[name]
        record.tables[name] = table.append_column("index", pa.array(np.arange(len(table)), pa.int64()))
    return record


def write_concepts(root: Path, epoch: int, name: str = "tree") -> Path:
    """The concepts of a class at an epoch."""
    record = indexed(class_rows(name))
    return Record("concepts", epoch, 20 * epoch, {"unexplained": 0.35}, record.tables).save(root / "records")
