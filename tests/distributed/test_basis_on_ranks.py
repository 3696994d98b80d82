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
            assert ours.scalars == pytest.approx(theirs.scalars, nan_ok=True)
            assert all(ours.tables[name].equals(theirs.tables[name]) for name in alone.tables)
            for name in ("directions", "rotations", "losses"):
                assert ours.tables[name].equals(alone.tables[name]), name
            # In a batch of another size a pixel that is a threshold itself may be rounded past it, one or two; of
            # concepts that are as small as here each is worth some points.
            assert ours.scalars == pytest.approx(alone.scalars, abs=0.06, nan_ok=True)
            scores = ours.tables["bases"], alone.tables["bases"]
            for policy in ("chosen", "bias"):
                found, expected = (flat(table.filter(pc.field("policy") == policy)) for table in scores)
                assert found == pytest.approx(expected, abs=0.06)


def flat(table: pa.Table) -> list[Any]:
    """All values of a table, one after the other."""
    return [cell for column in table.columns for cell in column.to_pylist()]
