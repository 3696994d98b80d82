"""Two ranks find the clusters that one finds, also where a rank has no picture to cluster."""

from pathlib import Path

import numpy as np
import pytest

from rivalry.records import Record, find_records
from tests.distributed.clusters_on_rank import clusters_on_rank
from tests.distributed.ranks import start_two


@pytest.mark.distributed
def test_two_ranks_leave_the_clusters_of_one(tmp_path: Path) -> None:
    sizes = ["7", "1"]
    ranks = start_two(Path(__file__).with_name("clusters_on_rank.py"), tmp_path, *sizes)
    for size in sizes:
        clusters_on_rank(0, 1, int(size), tmp_path / "one" / size)
    assert [rank.wait(timeout=300) for rank in ranks] == [0, 0]
    for size in sizes:
        for rank in range(2):
            expected, found = (
                [Record.load(folder) for folder in find_records(tmp_path / where / size)]
                for where in ("one", f"rank{rank}")
            )
            assert [record.name for record in expected] == ["clusters", "joint"]
            for ours, theirs in zip(expected, found, strict=True):
                assert theirs.settings == ours.settings
                assert theirs.tables["maps"].equals(ours.tables["maps"])
                assert theirs.scalars == pytest.approx(ours.scalars, rel=1e-6, nan_ok=True)
                assert np.array_equal(theirs.images["overlays"], ours.images["overlays"])
