"""Two ranks find the bases that one finds, also where a rank has no picture to fit them to."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from rivalry.records import Record, find_records
from tests.distributed.basis_on_rank import basis_on_rank
from tests.distributed.ranks import start_two


@pytest.mark.distributed
def test_two_ranks_leave_the_bases_of_one(tmp_path: Path) -> None:
    sizes = ["13", "2"]
    ranks = start_two(Path(__file__).with_name("basis_on_rank.py"), tmp_path, *sizes)
    for size in sizes:
        basis_on_rank(0, 1, int(size), tmp_path / "one" / size)
    assert [rank.wait(timeout=300) for rank in ranks] == [0, 0]
    for size in sizes:
        one, first, second = (
            [Record.load(folder) for folder in find_records(tmp_path / where / size)]
            for where in ("one", "rank0", "rank1")
        )
        assert [record.settings["warm"] for record in one] == [[], ["mix"]]
        for alone, ours, theirs in zip(one, first, second, strict=True):
            assert ours.settings == theirs.settings == alone.settings
            assert ours.scalars == pytest.approx(alone.scalars, abs=1e-4, nan_ok=True)
            assert ours.scalars == pytest.approx(theirs.scalars, nan_ok=True)
            for name, table in alone.tables.items():
                assert ours.tables[name].equals(theirs.tables[name]), name
                assert flat(ours.tables[name]) == pytest.approx(flat(table), abs=1e-3), name


def flat(table: pa.Table) -> list[Any]:
    """All values of a table, one after the other.

    But for one policy, by which a direction may be called otherwise here: in a batch of another size a pixel that is the
    threshold itself may be rounded past it.
    """
    if "policy" in table.column_names:
        table = table.filter(pc.field("policy") != "quantile_2020")
    cells = [cell for column in table.columns for cell in column.to_pylist()]
    return [part for cell in cells for part in (cell if isinstance(cell, list) else [cell])]
