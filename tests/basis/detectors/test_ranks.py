"""Two ranks find what one finds, also where a rank has no picture; what each holds itself stays as it was."""

from pathlib import Path

import pytest
import torch

from tests.basis.detectors.tallies_on_rank import tally_on_rank
from tests.distributed.ranks import start_two


@pytest.mark.slow
@pytest.mark.distributed
def test_two_ranks_tally_what_one_does(tmp_path: Path) -> None:
    ranks = start_two(Path(__file__).with_name("tallies_on_rank.py"), tmp_path)
    tally_on_rank(0, 1, tmp_path / "one")
    assert [rank.wait(timeout=300) for rank in ranks] == [0, 0]
    for pictures in (9, 1):
        one, first, second = (torch.load(tmp_path / who / f"{pictures}.pt") for who in ("one", "rank0", "rank1"))
        assert torch.equal(first["own"] + second["own"], one.pop("own"))
        for name, expected in one.items():
            for found in (first[name], second[name]):
                torch.testing.assert_close(found, expected, rtol=0, atol=0, equal_nan=True, msg=name)
