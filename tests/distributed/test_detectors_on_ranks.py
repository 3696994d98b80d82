"""Two ranks find the detectors that one finds, also where a rank has no picture."""

from pathlib import Path

import numpy as np
import pytest

from rivalry.records import Record, find_records
from tests.distributed.detectors_on_rank import detectors_on_rank
from tests.distributed.ranks import start_two


@pytest.mark.distributed
def test_two_ranks_leave_the_detectors_of_one(tmp_path: Path) -> None:
    sizes = ["9", "1"]
    ranks = start_two(Path(__file__).with_name("detectors_on_rank.py"), tmp_path, *sizes)
    for size in sizes:
        detectors_on_rank(0, 1, int(size), tmp_path / "one" / size)
    assert [rank.wait(timeout=300) for rank in ranks] == [0, 0]
    for size in sizes:
        for rank in range(2):
            expected, found = (
                [Record.load(folder) for folder in find_records(tmp_path / where / size)]
                for where in ("one", f"rank{rank}")
            )
            assert [record.name for record in expected] == ["detectors", "sampled"]
            for ours, theirs in zip(expected, found, strict=True):
                assert theirs.settings == ours.settings
                assert theirs.scalars == pytest.approx(ours.scalars, rel=1e-6, nan_ok=True)
                assert set(theirs.tables) == {"units", "concepts", "categories", "layers"}
                for name, table in theirs.tables.items():
                    assert table.equals(ours.tables[name]), name
                assert theirs.images.keys() == ours.images.keys()
                assert all(np.array_equal(theirs.images[name], ours.images[name]) for name in ours.images)
