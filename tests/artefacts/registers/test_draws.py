"""What is drawn depends on the seed and an image's index, and on nothing else."""

import torch

from rivalry.artefacts.registers.draws import draw_patches, permute_mask


def test_an_images_patches_are_the_same_in_any_batch() -> None:
    both = draw_patches([5, 900], 16, seed=1)
    assert torch.equal(draw_patches([900], 16, seed=1)[0], both[1])
    assert not torch.equal(both[0], both[1])
    assert both.sort(1).values.tolist() == [list(range(16))] * 2
    assert draw_patches([], 16, seed=1).shape == (0, 16)


def test_a_permuted_mask_is_as_large_and_elsewhere() -> None:
    mask = torch.zeros(40, 25, dtype=torch.bool)
    mask[:, 3] = True
    permuted = permute_mask(mask, range(40), seed=0)
    assert torch.equal(permuted.sum(1), mask.sum(1))
    assert 0 <= int(permuted[:, 3].sum()) < 8  # 1.6 of 40 are expected there by chance
    assert torch.equal(permute_mask(mask[7:9], [7, 8], seed=0), permuted[7:9])
