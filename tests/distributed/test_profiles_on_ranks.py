"""Two ranks profile units as one does."""

from pathlib import Path

import pytest

from rivalry.records import Record, find_records
from tests.dissection.profiles.painted import assert_alike
from tests.distributed.profiles_on_rank import profile_on_rank
from tests.distributed.ranks import start_two


@pytest.mark.distributed
def test_two_ranks_profile_units_as_one_does(tmp_path: Path) -> None:
    """Eleven pictures are padded to twelve; of one picture a rank sees and shows none."""
    sizes = ["11", "1"]
    ranks = start_two(Path(__file__).with_name("profiles_on_rank.py"), tmp_path, *sizes)
    for size in sizes:
        profile_on_rank(0, 1, int(size), tmp_path / "one" / size)
    assert [rank.wait(timeout=300) for rank in ranks] == [0, 0]
    for size in sizes:
        expected = [Record.load(folder) for folder in find_records(tmp_path / "one" / size)]
        assert [record.name for record in expected] == ["few", "profiles"]
        assert [record.tables["pictures"].num_rows for record in expected][1] == int(size)
        for rank in range(2):
            found = [Record.load(folder) for folder in find_records(tmp_path / f"rank{rank}" / size)]
            for ours, theirs in zip(expected, found, strict=True):
                assert theirs.settings == ours.settings
                assert_alike(ours, theirs)
