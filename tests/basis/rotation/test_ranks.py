"""One rank finds what two find."""

from pathlib import Path

import pytest
import torch

from rivalry.basis.rotation import Recipe, fit_rotation
from tests.basis.rotation.planted import planted
from tests.distributed.ranks import start_two


@pytest.mark.distributed
@pytest.mark.slow
def test_two_ranks_find_what_one_finds(tmp_path: Path) -> None:
    ranks = start_two(Path(__file__).with_name("fit_on_rank.py"), tmp_path)
    assert [rank.wait(timeout=300) for rank in ranks] == [0, 0]
    alone = fit_rotation(planted(0, pixels=300)[0], 4, recipe=Recipe(epochs=2))
    for rank in range(2):
        matrix, margin, bias, found = torch.load(tmp_path / f"rank{rank}")
        assert torch.equal(matrix, alone.matrix)
        assert (margin, bias, found) == (alone.margin, alone.bias, alone.losses)
