"""Two ranks find what one finds."""

from pathlib import Path

import numpy as np
import pytest

from rivalry.records import Record, find_records
from tests.clip.tiny_clip import write_tiny_clip
from tests.distributed.ranks import start_two
from tests.distributed.sweep_on_rank import sweep_on_rank


@pytest.mark.distributed
def test_two_ranks_leave_the_records_of_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Seven samples on two ranks are padded to eight; one sample leaves a rank with an empty batch."""
    sizes, clip = ["7", "1"], str(write_tiny_clip(tmp_path / "clip"))
    ranks = start_two(
        Path(__file__).with_name("sweep_on_rank.py"), tmp_path, clip, *sizes, RIVALRY_CACHE=str(tmp_path / "cache")
    )
    monkeypatch.setenv("RIVALRY_CACHE", str(tmp_path / "own cache"))
    for size in sizes:
        sweep_on_rank(0, 1, int(size), clip, tmp_path / "one" / size)
    assert [rank.wait(timeout=300) for rank in ranks] == [0, 0]
    for size in sizes:
        expected = [Record.load(folder) for folder in find_records(tmp_path / "one" / size)]
        assert [record.name for record in expected] == ["activity", "neurons", "neurons_by_cosine", "strongest"]
        assert expected[-1].settings["samples"] == int(size)
        for rank in range(2):
            found = [Record.load(folder) for folder in find_records(tmp_path / f"rank{rank}" / size)]
            for ours, theirs in zip(expected, found, strict=True):
                assert theirs.settings == ours.settings
                assert theirs.scalars == pytest.approx(ours.scalars, rel=1e-5, abs=1e-6, nan_ok=True)
                assert theirs.images.keys() == ours.images.keys()
                for name in ours.images:
                    assert np.array_equal(theirs.images[name], ours.images[name])
                for name, table in ours.tables.items():
                    assert_same_rows(theirs.tables[name].to_pylist(), table.to_pylist())


def assert_same_rows(first: list[dict], second: list[dict]) -> None:
    """Equal but for the last digits of sums, whose order is another on two ranks."""
    for one, other in zip(first, second, strict=True):
        for name, value in one.items():
            assert (pytest.approx(value, rel=1e-5, abs=1e-6) if isinstance(value, float) else value) == other[name], (
                name
            )
