"""Two ranks know of pictures what one knows."""

from pathlib import Path

import pytest
import torch

from tests.distributed.ranks import start_two
from tests.distributed.statistics_on_rank import statistics_on_rank


@pytest.mark.distributed
def test_two_ranks_take_the_statistics_of_one(tmp_path: Path) -> None:
    """But for the last bits of sums, whose order is another; both ranks have the same."""
    ranks = start_two(Path(__file__).with_name("statistics_on_rank.py"), tmp_path)
    expected = statistics_on_rank(0, 1)
    assert [rank.wait(timeout=300) for rank in ranks] == [0, 0]
    first, second = (torch.load(tmp_path / f"rank{rank}" / "statistics.pt") for rank in range(2))
    assert first["pictures"] == second["pictures"] == expected.pictures == 7
    for name in ("mean", "covariance", "magnitude"):
        assert torch.equal(first[name], second[name])
        torch.testing.assert_close(first[name], getattr(expected, name), rtol=1e-11, atol=1e-11)
