"""Tables of bounded size."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rivalry.export.loading.guard import tables
from rivalry.export.loading.guard.tables import read_table


def test_a_table_comes_back(tmp_path: Path) -> None:
    table = pa.table({"layer": ["a", None] * 5_000, "top": [[1, 2], []] * 5_000, "score": np.arange(10_000) / 3})
    pq.write_table(table, tmp_path / "a.parquet")
    assert read_table(tmp_path / "a.parquet").equals(table)
    pq.write_table(table.slice(0, 0), tmp_path / "a.parquet")
    assert read_table(tmp_path / "a.parquet").equals(table.slice(0, 0))


def test_rows_that_take_no_room_are_counted_all_the_same(tmp_path: Path) -> None:
    """Equal values are stored as one run: sixty million rows are a small file."""
    writer = pq.ParquetWriter(tmp_path / "a.parquet", pa.schema({"unit": pa.int64()}))
    with writer:
        for _ in range(30):
            writer.write_table(pa.table({"unit": np.zeros(2_000_000, dtype=np.int64)}), row_group_size=2_000_000)
    assert (tmp_path / "a.parquet").stat().st_size < 1_000_000
    with pytest.raises(ValueError, match=r"a\.parquet claims 60,000,000 rows; at most 20,000,000 are read"):
        read_table(tmp_path / "a.parquet")


@pytest.mark.parametrize(
    ("bound", "most", "said"),
    [
        ("MOST_VALUES", 999, "claims 1,001 values; at most 999 are read"),
        ("MOST_BYTES", 5, r"claims \d+ bytes; at most 5 are read"),
        ("LONGEST_FOOTER", 5, r"claims a footer of \d+ bytes"),
    ],
)
def test_what_a_footer_claims_is_bounded(
    bound: str, most: int, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pq.write_table(pa.table({"unit": [1], "top": [[7] * 1_000]}), tmp_path / "a.parquet")
    monkeypatch.setattr(tables, bound, most)
    with pytest.raises(ValueError, match=said):
        read_table(tmp_path / "a.parquet")


def test_a_long_text_repeated_is_stopped_while_it_grows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dictionary stores it once, so that the footer is honest and small, and the table is not."""
    pq.write_table(pa.table({"label": ["x" * 1_000] * 20_000}), tmp_path / "a.parquet")
    assert (tmp_path / "a.parquet").stat().st_size < 10_000
    monkeypatch.setattr(tables, "MOST_BYTES", 10_000_000)
    with pytest.raises(ValueError, match="decodes to more than 10,000,000 bytes"):
        read_table(tmp_path / "a.parquet")


@pytest.mark.parametrize("content", [b"", b"PAR1" * 2, b"PAR1" + bytes(40) + (20).to_bytes(4, "little") + b"PAR1"])
def test_what_is_no_table_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_bytes(content)
    with pytest.raises(ValueError, match=r"a\.parquet (is no table of parquet that can be read|claims a footer)"):
        read_table(tmp_path / "a.parquet")


def test_a_page_that_was_damaged_is_refused(tmp_path: Path) -> None:
    pq.write_table(pa.table({"score": np.random.default_rng(0).random(2_000)}), tmp_path / "a.parquet")
    content = bytearray((tmp_path / "a.parquet").read_bytes())
    content[4:60] = b"\xff" * 56
    (tmp_path / "a.parquet").write_bytes(bytes(content))
    with pytest.raises(ValueError, match=r"a\.parquet is no table of parquet that can be read"):
        read_table(tmp_path / "a.parquet")
