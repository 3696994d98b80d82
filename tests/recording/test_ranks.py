"""Of what several ranks are shown, every sample counts once."""

import pytest
from torch.utils.data import DistributedSampler

from rivalry.recording.ranks import keep_once


@pytest.mark.parametrize("world", [1, 2, 3, 5])
@pytest.mark.parametrize("total", [1, 6, 7])
@pytest.mark.parametrize("shuffle", [False, True])
def test_every_sample_is_kept_once(world: int, total: int, shuffle: bool) -> None:
    kept = []
    for rank in range(world):
        shard = list(DistributedSampler(range(total), world, rank, shuffle=shuffle))
        seen = 0
        for batch in (shard[:2], shard[2:]):
            keep = keep_once(seen, len(batch), rank, world, total)
            kept += [sample for sample, own in zip(batch, keep.tolist(), strict=True) if own]
            seen += len(batch)
    assert sorted(kept) == list(range(total))
