"""Two ranks find what one finds when they ask the same of prototypes."""

from pathlib import Path

import pyarrow as pa
import pytest

from rivalry.prototypes.insight.schemas import SCHEMAS
from rivalry.records import Record, find_records
from tests.distributed.insight_on_rank import insight_on_rank
from tests.distributed.ranks import start_two
from tests.prototypes.insight.test_agreement import concepts_record


@pytest.mark.distributed
def test_two_ranks_leave_the_insight_of_one(tmp_path: Path) -> None:
    concepts = concepts_record(tmp_path / "concepts")
    ranks = start_two(Path(__file__).with_name("insight_on_rank.py"), tmp_path, concepts)
    insight_on_rank(tmp_path / "one", concepts)
    assert [rank.wait(timeout=300) for rank in ranks] == [0, 0]
    expected, *found = (Record.load(*find_records(tmp_path / where)) for where in ("one", "rank0", "rank1"))
    for theirs in found:
        assert theirs.scalars == pytest.approx(expected.scalars)
        assert theirs.tables.keys() == SCHEMAS.keys()
        for name, table in theirs.tables.items():
            assert table.schema == expected.tables[name].schema
            for column in table.column_names:
                values, wanted = (of.tables[name][column].to_pylist() for of in (theirs, expected))
                floats = table.schema.field(column).type == pa.float64()
                assert values == (pytest.approx(wanted, rel=1e-5, abs=1e-6, nan_ok=True) if floats else wanted), column
