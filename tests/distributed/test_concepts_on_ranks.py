"""Two ranks share the classes and find what one finds, also of too few pictures for any class, or of one class."""

from pathlib import Path
from typing import Any

import pytest

from rivalry.records import Record, find_records
from tests.distributed.concepts_on_rank import concepts_on_rank
from tests.distributed.ranks import start_two


@pytest.mark.distributed
def test_two_ranks_leave_the_concepts_of_one(tmp_path: Path) -> None:
    sizes = ["31", "1", "31-green"]
    ranks = start_two(Path(__file__).with_name("concepts_on_rank.py"), tmp_path, *sizes)
    for size in sizes:
        concepts_on_rank(0, 1, size, tmp_path / "one" / size)
    assert [rank.wait(timeout=300) for rank in ranks] == [0, 0]
    for size in sizes:
        alone, first, second = (
            Record.load(*find_records(tmp_path / where / size)) for where in ("one", "rank0", "rank1")
        )
        assert first.settings == second.settings == alone.settings
        assert first.scalars == second.scalars == pytest.approx(alone.scalars, rel=1e-5)
        assert first.tables.keys() == alone.tables.keys()
        for name, table in alone.tables.items():
            assert first.tables[name].equals(second.tables[name]), name
            for column in table.column_names:
                ours, theirs = (flat(one[name][column].to_pylist()) for one in (first.tables, alone.tables))
                for our, their in zip(ours, theirs, strict=True):
                    near = pytest.approx(their, rel=1e-4, abs=1e-5) if isinstance(their, float) else their
                    assert our == near, (name, column)
    found = {size: len(Record.load(*find_records(tmp_path / "one" / size)).tables["concepts"]) for size in sizes}
    assert found == {"31": 12, "1": 0, "31-green": 4}


def flat(values: list[Any]) -> list[Any]:
    """Values of a column, those of lists one after another."""
    return [one for value in values for one in (value if isinstance(value, list) else [value])]
