"""A small vision transformer in which one MLP unit of a known block makes long tokens at known places, and pictures."""

from __future__ import annotations

from typing import Any

import timm
import torch
from torch import nn
from torch.utils.data import DataLoader

from rivalry.data.dataset import ImageDataset, Sample
from rivalry.lwta import LWTA

PLACES = (3, 18)
BLOCK, UNIT = 1, 5
MARKED, WRITTEN = 7, 11  # channels: one tells the unit where it is, into the other it writes


class Scenes(ImageDataset):
    """Noise whose left or right half is brighter: two classes that every patch of a half tells."""

    def __init__(self, length: int = 60, *, size: tuple[int, int] = (40, 40), seed: int = 0) -> None:
        generator = torch.Generator().manual_seed(seed)
        self.images = torch.randint(0, 120, (length, 3, *size), generator=generator, dtype=torch.uint8)
        self.images[0::2, :, :, : size[1] // 2] += 120
        self.images[1::2, :, :, size[1] // 2 :] += 120
        self.classes = ("left", "right")
        self.seed = seed

    @property
    def fingerprint(self) -> str:
        return f"scenes-{tuple(self.images.shape)}-{self.seed}"

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> Sample:
        if not 0 <= index < len(self):
            raise IndexError(index)
        return Sample(image=self.images[index], label=index % 2, index=index)


def scenes_loader(length: int = 60, *, size: tuple[int, int] = (40, 40), batch_size: int = 16) -> DataLoader[Sample]:
    return DataLoader(Scenes(length, size=size), batch_size=batch_size)


def small_vit(*, size: tuple[int, int] = (40, 40), depth: int = 4, **arguments: Any) -> Any:
    """25 patches of 8 px, 48 channels, four blocks; weights of a seed."""
    torch.manual_seed(0)
    given = {"img_size": size, "patch_size": 8, "embed_dim": 48, "depth": depth, "num_heads": 3, "num_classes": 2}
    return timm.create_model("vit_tiny_patch16_224", **{**given, **arguments}).eval()


def plant(network: Any, *, places: tuple[int, ...] = PLACES, length: float = 40.0) -> Any:
    """Make the tokens at some places long, from block ``BLOCK`` on, by the doing of one unit."""
    with torch.no_grad():
        network.patch_embed.proj.weight[MARKED] = 0
        network.patch_embed.proj.bias[MARKED] = 0
        network.pos_embed[:, :, MARKED] = 0
        behind = network.pos_embed.shape[1] - network.patch_embed.num_patches
        network.pos_embed[:, [behind + place for place in places], MARKED] = 3
        for block in network.blocks:
            for linear in (block.attn.proj, block.mlp.fc2):
                linear.weight[MARKED] = 0
                linear.bias[MARKED] = 0
        mlp = network.blocks[BLOCK].mlp
        mlp.fc1.weight[UNIT], mlp.fc1.bias[UNIT] = 0, -4.0
        mlp.fc1.weight[UNIT, MARKED] = 2
        mlp.fc2.weight[:, UNIT] = 0
        mlp.fc2.weight[WRITTEN, UNIT] = length
    return network


def compete(network: Any, competitors: int = 4) -> Any:
    """Let the units of every MLP compete."""
    for block in network.blocks:
        block.mlp.act = LWTA(competitors, dim=-1)
    return network.eval()


def hooks_of(network: nn.Module) -> int:
    return sum(len(module._forward_hooks) + len(module._forward_pre_hooks) for module in network.modules())


def learn_head(network: Any, pictures: Scenes | None = None) -> Any:
    """Let the last layer tell the two classes, by least squares from what comes before it."""
    known = pictures or Scenes(200, size=network.patch_embed.img_size, seed=9)
    with torch.no_grad():
        images = torch.as_tensor(known.images, dtype=torch.float32) / 255
        features = network.forward_head(network.forward_features(images), pre_logits=True)
        wanted = torch.arange(len(known)) % 2 * 2.0 - 1
        middle = features.mean(0)
        grown = torch.eye(features.shape[1]) * 1e-3 * len(known)
        direction = torch.linalg.solve(
            (features - middle).T @ (features - middle) + grown, (features - middle).T @ wanted
        )
        network.head.weight.copy_(torch.stack([-direction, direction]))
        network.head.bias.copy_(torch.stack([direction @ middle, -direction @ middle]))
    return network
