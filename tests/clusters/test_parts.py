"""The single steps: layers, K, names, truth, boxes and scores, by hand."""

import numpy as np
import pytest
import timm
import torch

from rivalry.clusters.boxes import box_iou, component_boxes, corloc_oracle
from rivalry.clusters.joint import draw_positions, fit, part_jointly, positions_each
from rivalry.clusters.layers import default_layers
from rivalry.clusters.names import by_size, rename
from rivalry.clusters.overlay import PALETTE, colours_of_truth, paint, shrink
from rivalry.clusters.partition import part, part_by
from rivalry.clusters.score import agreement, score, to_pixels


def blobs(pictures: int, clusters: list[int]) -> torch.Tensor:
    """Features 6 × 6 of pictures with so many clear clusters each."""
    generator = torch.Generator().manual_seed(0)
    centres = 10 * torch.randn(pictures, max(clusters), 4, generator=generator)
    of = torch.stack([torch.arange(36).view(6, 6) % count for count in clusters])
    return torch.stack([centre[one] for centre, one in zip(centres, of, strict=True)]) + 0.1 * torch.randn(
        pictures, 6, 6, 4, generator=generator
    )


def test_each_picture_gets_the_number_of_clusters_that_it_has() -> None:
    found = part(blobs(3, [2, 5, 3]), (2, 3, 4, 5, 6), seed=0, index=range(3))
    assert found.clusters.tolist() == [2, 5, 3]
    assert bool((found.silhouette > 0.8).all())
    again = part_by(blobs(3, [2, 5, 3]), found.clusters, seed=0, index=range(3))
    assert torch.equal(again, found.labels)


def test_joint_clusters_mean_the_same_in_all_pictures() -> None:
    features = blobs(1, [3]).expand(4, -1, -1, -1)
    reservoir = draw_positions(features, 20, seed=0, index=range(4)).view(-1, 4)
    centroids, silhouette = fit(reservoir, (2, 3, 4), seed=0)
    assert len(centroids) == 3
    assert silhouette > 0.8
    labels = part_jointly(features, centroids)
    assert torch.equal(labels[0], labels[3])
    assert len(labels.unique()) == 3


def test_the_reservoir_is_bounded_and_belongs_to_seed_and_index() -> None:
    assert positions_each(10**6, 784, 3584) == 1
    features = torch.randn(2, 4, 4, 3).expand(2, 4, 4, 3)
    first, second = (draw_positions(features[order], 5, seed=1, index=order) for order in ([0, 1], [1, 0]))
    assert torch.equal(first, second.flip(0))
    assert not torch.equal(first[0], draw_positions(features[:1], 5, seed=2, index=[0])[0])


@pytest.mark.parametrize(
    ("name", "layers"),
    [
        ("resnet18", ("layer2", "layer3", "layer4")),
        ("convnext_atto", ("stages.1", "stages.2", "stages.3")),
        ("vit_tiny_patch16_224", ("blocks.3", "blocks.7", "blocks.11")),
    ],
)
def test_layers_by_default(name: str, layers: tuple[str, ...]) -> None:
    assert default_layers(timm.create_model(name)) == layers


def test_names_follow_the_overlap_in_each_picture_or_in_all() -> None:
    reference = torch.tensor([[[0, 0, 1, 1]], [[1, 1, 0, 0]]])
    labels = torch.tensor([[[1, 1, 0, 0]], [[1, 1, 1, 0]]])
    assert rename(labels, reference, joint=False).tolist() == [[[0, 0, 1, 1]], [[1, 1, 1, 0]]]
    # Jointly 1 meets reference 0 in two places and 1 in two and one more 0 in one: it becomes 0.
    assert rename(labels, reference, joint=True).tolist() == [[[0, 0, 1, 1]], [[0, 0, 0, 1]]]
    assert by_size(torch.tensor([[[2, 2, 0]], [[0, 0, 0]]]), joint=True).tolist() == [[[1, 1, 0]], [[0, 0, 0]]]


def test_agreement_ignores_what_has_no_label() -> None:
    labels = torch.tensor([[[0, 0, 1, 1]]])
    truth = torch.tensor([[[5, 5, 0, 7]]])
    assert [one.item() for one in agreement(labels, truth)] == [1.0, 1.0, 1.0]
    assert all(one.isnan().item() for one in agreement(labels, torch.zeros_like(truth)))


def test_scores_are_taken_at_pixels() -> None:
    masks = torch.zeros(1, 5, 2, 4, dtype=torch.int16)
    masks[0, 1, :, :3] = 1
    masks[0, 0, :, 3:] = 2
    found = score(torch.tensor([[[0, 1]]]), masks, ["object+scene"], objects=True)[0].tolist()
    # Cluster 0 holds 4 of the object's 6 pixels, cluster 1 two of them and both of the scene's.
    assert found[0] == pytest.approx((4 / 6 + 2 / 4) / 2)
    assert found[2] == pytest.approx(6 / 8)
    assert found[3] == 1.0  # the box of cluster 0 and that of the object have IoU 4/6
    assert to_pixels(torch.tensor([[[0, 1, 2]]]), (1, 6)).tolist() == [[[0, 0, 1, 1, 2, 2]]]


def test_components_are_four_connected() -> None:
    assert len(component_boxes(np.eye(3, dtype=int))) == 3
    ring = np.ones((3, 3), int)
    ring[1, 1] = 0
    assert component_boxes(ring).tolist() == [[0, 0, 3, 3]]


def test_an_object_is_located_at_half_its_box() -> None:
    objects = np.zeros((10, 10), int)
    objects[:4, :4] = 3
    half, less = np.zeros((10, 10), int), np.zeros((10, 10), int)
    half[:2, :4], less[:2, :3] = 1, 1
    assert box_iou(component_boxes(half), component_boxes(objects)).item() == 0.5
    assert corloc_oracle(half, objects) == 1.0
    assert corloc_oracle(less, objects) == 0.0
    assert np.isnan(corloc_oracle(half, np.zeros((10, 10), int)))
    speck = np.zeros((20, 20), int)
    speck[0, 0] = 1  # a quarter of a percent
    assert np.isnan(corloc_oracle(speck, speck))


def test_the_truth_has_the_colours_of_its_clusters() -> None:
    labels = torch.tensor([[1, 1, 0, 0, 0]])
    truth = torch.tensor([[9, 9, 0, 4, 6]])
    assert colours_of_truth(labels, truth).tolist() == [[1, 1, -1, 0, 2]]


def test_paint_lies_over_the_grey_picture() -> None:
    image = torch.full((3, 2, 2), 100, dtype=torch.uint8)
    painted = paint(image, torch.tensor([[0, -1], [1, 12]]))
    assert painted[0, 1].tolist() == [100, 100, 100]
    assert painted[0, 0].tolist() == pytest.approx((0.38 * 100 + 0.62 * PALETTE[0]).tolist(), abs=0.6)
    assert painted[1, 1].tolist() == painted[0, 0].tolist()  # colours begin anew
    assert shrink(np.zeros((400, 100, 3), np.uint8)).shape == (192, 48, 3)
