"""How well clusters agree with masks, at the pixels of the picture; labels go to its size by nearest neighbour.

A score never shapes the clusters: K and labels are settled before a mask is looked at.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional

from rivalry.clusters.boxes import corloc_oracle
from rivalry.clusters.segments import segments
from rivalry.data.dataset import CATEGORIES
from rivalry.numerics.matching import adjusted_rand_index, contingency, majority_accuracy, matched_iou

MEASURES = ("miou", "ari", "majority_accuracy")
"""What is measured against each truth."""


def score_names(truths: Sequence[str], *, objects: bool) -> list[str]:
    """Names of the scores, in the order of :func:`score`; those of the first truth have no other in their name.

    >>> score_names(["part+scene", "object"], objects=True)
    ['miou', 'ari', 'majority_accuracy', 'miou_object', 'ari_object', 'majority_accuracy_object', 'corloc_oracle']
    """
    ends = ["", *(f"_{truth.replace('+', '_')}" for truth in truths[1:])]
    return [f"{measure}{end}" for end in ends for measure in MEASURES] + ["corloc_oracle"] * objects


def score(
    labels: Int[Tensor, "batch _ _"],
    masks: Int[Tensor, "batch categories height width"],
    truths: Sequence[str],
    *,
    objects: bool,
) -> Float[Tensor, "batch scores"]:
    """All scores of each picture, on the CPU; NaN where a truth tells nothing of it.

    Args:
        labels: Cluster of each place, from 0.
        masks: Concepts of each pixel.
        truths: Categories, see :mod:`rivalry.clusters.segments`.
        objects: Whether there are objects to locate.
    """
    labels = to_pixels(labels.cpu(), (masks.shape[2], masks.shape[3]))
    masks = masks.cpu().long()
    columns = [measure for truth in truths for measure in agreement(labels, segments(masks, truth))]
    if objects:
        things = masks[:, CATEGORIES.index("object")].numpy()
        found = [corloc_oracle(*pair) for pair in zip(labels.numpy(), things, strict=True)]
        columns.append(torch.tensor(found, dtype=torch.double))
    return torch.stack(columns, dim=1)


def agreement(
    labels: Int[Tensor, "batch height width"], truth: Int[Tensor, "batch height width"]
) -> list[Float[Tensor, " batch"]]:
    """Hungarian-matched mean IoU, adjusted Rand index and majority accuracy of each picture; segment 0 is ignored."""
    sizes = int(labels.amax()) + 1 if labels.numel() else 1, int(truth.amax()) + 1 if truth.numel() else 1
    table = contingency(labels.flatten(1), truth.flatten(1), sizes)[:, :, 1:]
    if not table.shape[2]:
        return [torch.full((len(labels),), torch.nan, dtype=torch.double) for _ in MEASURES]
    return [matched_iou(table), adjusted_rand_index(table), majority_accuracy(table)]


def to_pixels(labels: Int[Tensor, "batch _ _"], size: tuple[int, int]) -> Int[Tensor, "batch height width"]:
    """Labels at the pixels of a picture, by nearest neighbour.

    >>> to_pixels(torch.tensor([[[0, 1]]]), (2, 4)).tolist()
    [[[0, 0, 1, 1], [0, 0, 1, 1]]]
    """
    if tuple(labels.shape[1:]) == size:
        return labels.long()
    return functional.interpolate(labels[:, None].float(), size=list(size), mode="nearest-exact")[:, 0].long()
