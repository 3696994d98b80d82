"""Clusters that are outliers rather than parts of the picture."""

import torch

from rivalry.artefacts.registers.artefact_clusters import artefact_share, cluster_patches


def test_half_is_enough_and_less_is_not() -> None:
    labels = torch.tensor([[0, 0, 1, 1, 1, 2], [3, 3, 3, 3, 4, 4]])
    outliers = torch.tensor([[True, False, True, False, False, False], [True] * 4 + [False] * 2])
    assert abs(artefact_share(labels, outliers) - 2 / 5) < 1e-6  # clusters 0 and 3, of five that have patches
    assert artefact_share(labels, torch.zeros_like(outliers)) == 0
    assert artefact_share(labels, torch.ones_like(outliers)) == 1


def test_outliers_that_look_another_way_are_a_cluster_of_their_own_whatever_their_length() -> None:
    generator = torch.Generator().manual_seed(0)
    patches = torch.randn(3, 36, 12, generator=generator) * 0.1
    for part in range(4):
        patches[:, part::4, part] += 3
    outliers = torch.zeros(3, 36, dtype=torch.bool)
    outliers[:, [5, 20]] = True
    patches[outliers] = 500 * torch.eye(12)[11]
    share = artefact_share(cluster_patches(patches, range(3)), outliers)
    assert abs(share - 1 / 5) < 1e-6
    shorter = torch.where(outliers[:, :, None], patches / 500, patches)
    assert torch.equal(cluster_patches(shorter, range(3)), cluster_patches(patches, range(3)))


def test_an_image_has_its_clusters_in_any_batch_and_a_small_grid_fewer() -> None:
    patches = torch.randn(4, 20, 6, generator=torch.Generator().manual_seed(1))
    whole = cluster_patches(patches, (10, 11, 12, 13))
    assert torch.equal(cluster_patches(patches[2:], (12, 13)), whole[2:])
    assert cluster_patches(patches[:, :3], range(4)).max() <= 2
