"""A digest is of everything that it is told, and of nothing else."""

from __future__ import annotations

import torch

from rivalry.recording.digest import digest_of


def test_a_digest_is_of_everything() -> None:
    ones = torch.ones(2)
    parts = (["a", ones], ["b", ones], ["a", ones[:1]], ["a", ones.double()], ["a", ones.bfloat16()], ["a"])
    digests = [digest_of(told) for told in parts]
    assert len(set(digests)) == len(parts)
    assert digest_of(["a", ones.clone()]) == digests[0]


def test_the_last_bit_of_a_number_counts() -> None:
    for number in (torch.tensor(1.0, dtype=torch.float64), torch.tensor(2**53)):
        after = number.nextafter(number + 1) if number.is_floating_point() else number + 1
        assert digest_of([number]) != digest_of([after])
