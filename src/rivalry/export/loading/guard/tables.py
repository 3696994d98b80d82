"""Tables of parquet whose footers, and what comes out of them, are of bounded size.

A footer of a few bytes can claim billions of rows, and a page of a few bytes can decode to gigabytes, honestly: runs of
equal values are stored once. So the footer's numbers are bounded, rows are decoded a few at a time, and their bytes are
counted.
"""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

LONGEST_FOOTER = 16 * 2**20
"""Bytes of a footer."""

MOST_ROWS = 20_000_000
"""Rows of a table."""

MOST_VALUES = 500_000_000
"""Values of a table, those in lists included."""

MOST_BYTES = 4 * 2**30
"""Bytes of a table in memory."""

_ROWS_AT_A_TIME = 4_096


def read_table(file: Path) -> pa.Table:
    """Read a table, unless it is too large or none.

    Raises:
        ValueError: Naming the file, and what is too large.
    """
    check_footer(file)
    try:
        with pq.ParquetFile(file) as opened:
            batches, total = [], 0
            for batch in opened.iter_batches(batch_size=_ROWS_AT_A_TIME):
                total += batch.nbytes
                if total > MOST_BYTES:
                    raise ValueError(f"{file} decodes to more than {MOST_BYTES:,} bytes")
                batches.append(batch)
            return pa.Table.from_batches(batches, schema=opened.schema_arrow)
    except (pa.ArrowException, OSError) as error:
        raise _no_table(file, error) from error


def check_footer(file: Path) -> None:
    """Refuse a table that says itself that it is too large.

    Raises:
        ValueError: Naming the file, and what is too large; or that it is no table.
    """
    size = file.stat().st_size
    with file.open("rb") as opened:
        opened.seek(max(0, size - 8))
        length = int.from_bytes(opened.read(4), "little")
    if length > min(LONGEST_FOOTER, size):
        raise ValueError(
            f"{file} claims a footer of {length:,} bytes; it has {size:,}, and at most {LONGEST_FOOTER:,} are read"
        )
    try:
        footer = pq.read_metadata(file)
    except (pa.ArrowException, OSError) as error:
        raise _no_table(file, error) from error
    groups = [footer.row_group(number) for number in range(footer.num_row_groups)]
    chunks = [group.column(number) for group in groups for number in range(group.num_columns)]
    for what, found, most in (
        ("rows", footer.num_rows, MOST_ROWS),
        ("values", sum(chunk.num_values for chunk in chunks), MOST_VALUES),
        ("bytes", sum(chunk.total_uncompressed_size for chunk in chunks), MOST_BYTES),
    ):
        if not 0 <= found <= most:
            raise ValueError(f"{file} claims {found:,} {what}; at most {most:,} are read")


def _no_table(file: Path, error: Exception) -> ValueError:
    return ValueError(f"{file} is no table of parquet that can be read: {str(error).splitlines()[0]}")
