"""Floors: as many superpixels as clusters, and a twin that has learnt nothing."""

from typing import Any

import timm
import torch

from rivalry.clusters.floors import slic_labels, twin_source
from rivalry.clusters.maps import Kept
from rivalry.data.picturebook import PictureBook
from rivalry.recording.observation import Listening, plain_forward
from tests.clusters.pictures import Patches


def test_superpixels_are_about_as_many_as_clusters() -> None:
    images = torch.stack([PictureBook(3, cache=False)[index]["image"] for index in range(3)])
    labels = slic_labels(images, torch.tensor([2, 5, 7]))
    assert labels.shape == (3, 64, 64)
    assert all(abs(len(row.unique()) - count) <= 1 for row, count in zip(labels, (2, 5, 7), strict=True))


def test_superpixels_follow_plain_patches() -> None:
    patches = Patches()
    labels = slic_labels(patches[0]["image"][None], torch.tensor([3]))[0]
    ground = patches.parts(0) == 0
    inside = labels[12:18, 2:14].unique()  # away from the edges of the box
    assert len(inside) == 1
    assert (labels[ground] == inside).float().mean() < 0.2


def test_the_twin_is_heard_at_the_same_layers_and_knows_nothing_of_the_weights() -> None:
    book = PictureBook(4, cache=False)
    kept = Kept(book, (0, 1, 2, 3), torch.device("cpu"))
    images = torch.stack([book[index]["image"] for index in range(4)])
    found = []
    for seed in (0, 1):
        torch.manual_seed(seed)
        network = timm.create_model("test_resnet", num_classes=16).eval()
        show: Any = None  # the twin is run, not shown
        listening = Listening(network, ("layer1", "layer2"), book, kept.device, {}, {}, plain_forward, show)
        features = twin_source(listening, kept, {"layer1": 1, "layer2": 1}, 1)(images)
        assert features.stacked.shape == (4, 16, 16, 80)
        assert features.widths == (32, 48)
        assert not any(module._forward_pre_hooks or module._forward_hooks for module in network.modules())
        found.append(features.stacked)
    assert torch.allclose(found[0], found[1], atol=1e-5)
