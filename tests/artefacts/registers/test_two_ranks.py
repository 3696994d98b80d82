"""Two ranks leave the record of one."""

from pathlib import Path

import numpy as np
import pytest

from rivalry.records import Record, find_records
from tests.artefacts.registers.probe_on_rank import probe_on_rank
from tests.distributed.ranks import start_two
from tests.distributed.test_two_ranks import assert_same_rows


@pytest.mark.slow
@pytest.mark.distributed
def test_two_ranks_find_what_one_finds(tmp_path: Path) -> None:
    ranks = start_two(Path(__file__).with_name("probe_on_rank.py"), tmp_path)
    probe_on_rank(0, 1, tmp_path / "one")
    assert [rank.wait(timeout=300) for rank in ranks] == [0, 0]
    (folder,) = find_records(tmp_path / "one")
    expected = Record.load(folder)
    assert expected.settings["images"] == 15
    for rank in range(2):
        (folder,) = find_records(tmp_path / f"rank{rank}")
        found = Record.load(folder)
        assert found.settings == expected.settings
        assert found.scalars == pytest.approx(expected.scalars, rel=1e-5, nan_ok=True)
        assert np.array_equal(found.images["norm_maps"], expected.images["norm_maps"])
        for name, table in expected.tables.items():
            assert_same_rows(found.tables[name].to_pylist(), table.to_pylist())
