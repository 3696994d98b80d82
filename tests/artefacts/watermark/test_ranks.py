"""Two ranks find what one finds."""

from pathlib import Path

import numpy as np
import pytest

from rivalry.records import Record, find_records
from tests.artefacts.watermark.probe_on_rank import probe_on_rank
from tests.distributed.ranks import start_two
from tests.distributed.test_two_ranks import assert_same_rows


@pytest.mark.slow
@pytest.mark.distributed
def test_two_ranks_leave_the_records_of_one(tmp_path: Path) -> None:
    """Of 17 samples on two ranks the last batch of the second is of padding alone."""
    sizes = ["17"]
    ranks = start_two(Path(__file__).with_name("probe_on_rank.py"), tmp_path, *sizes)
    for size in sizes:
        probe_on_rank(0, 1, int(size), tmp_path / "one" / size)
    assert [rank.wait(timeout=300) for rank in ranks] == [0, 0]
    for size in sizes:
        expected = [Record.load(folder) for folder in find_records(tmp_path / "one" / size)]
        assert [record.name for record in expected] == ["lwta", "watermark"]
        for rank in range(2):
            found = [Record.load(folder) for folder in find_records(tmp_path / f"rank{rank}" / size)]
            for ours, theirs in zip(expected, found, strict=True):
                assert theirs.settings == ours.settings
                assert theirs.scalars == pytest.approx(ours.scalars, rel=1e-4, abs=1e-6, nan_ok=True)
                assert np.abs(theirs.images["renders"].astype(int) - ours.images["renders"]).max() <= 1
                for name, table in ours.tables.items():
                    assert_same_rows(theirs.tables[name].to_pylist(), table.to_pylist())
