"""Two ranks share the targets and find what one finds, also of one target, or of too few pictures for both."""

from pathlib import Path

import pytest

from rivalry.records import Record, find_records
from tests.distributed.prototypes_on_rank import prototypes_on_rank
from tests.distributed.ranks import start_two

EXACT = ("cosine", "relative_l1")
"""Ends of the columns of naturalness that go by no ranks."""


@pytest.mark.distributed
def test_two_ranks_leave_the_prototypes_of_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = ["31", "31-class:red"]
    caches = {where: str(tmp_path / f"cache-{where}") for where in ("one", "two")}
    ranks = start_two(Path(__file__).with_name("prototypes_on_rank.py"), tmp_path, *sizes, RIVALRY_CACHE=caches["two"])
    monkeypatch.setenv("RIVALRY_CACHE", caches["one"])
    monkeypatch.setattr("rivalry.prototypes.study.FEWEST", 2)
    monkeypatch.setattr("rivalry.prototypes.study.MOST", 2)
    for size in sizes:
        prototypes_on_rank(0, 1, size, tmp_path / "one" / size)
    assert [rank.wait(timeout=300) for rank in ranks] == [0, 0]
    for size in sizes:
        for epoch in range(2):
            alone, first, second = (
                Record.load(find_records(tmp_path / where / size)[epoch]) for where in ("one", "rank0", "rank1")
            )
            assert first.settings == second.settings == alone.settings
            assert first.scalars == second.scalars
            assert all(first.scalars[name] == alone.scalars[name] for name in ("targets", "without", "above_natural"))
            assert first.tables.keys() == alone.tables.keys()
            for name, table in alone.tables.items():
                assert first.tables[name].equals(second.tables[name]), name
                _assert_near(first.tables[name].to_pylist(), table.to_pylist(), name)
    made = Record.load(find_records(tmp_path / "one" / "31")[1]).tables["prototypes"]
    assert set(made["steps"].to_pylist()) == {2}
    assert len(made) == 10


def _assert_near(ours: list[dict[str, object]], theirs: list[dict[str, object]], table: str) -> None:
    """Compare all but what goes by ranks: numbers that are equal but for rounding change places there."""
    for our, their in zip(ours, theirs, strict=True):
        for column, value in their.items():
            if isinstance(value, float) and table.startswith("naturalness") and not column.endswith(EXACT):
                continue
            near = pytest.approx(value, rel=1e-5, abs=1e-6) if isinstance(value, float) else value
            assert our[column] == near, (table, column)
