"""Pictures of clusters: colours laid over the grey picture, and rows of them beside each other."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Int, UInt8
from PIL import Image
from torch import Tensor

from rivalry.numerics.matching import contingency, iou_matrix, match
from rivalry.records import Picture

PALETTE = np.array(
    [
        (74, 111, 165), (228, 163, 73), (61, 150, 110), (205, 92, 78), (140, 112, 190), (88, 184, 190),
        (196, 187, 82), (222, 130, 168), (112, 82, 60), (150, 170, 220), (120, 150, 60), (100, 100, 108),
    ],
    dtype=np.uint8,
)  # fmt: skip
"""Colours of the clusters, by name; further ones begin anew."""

OPACITY = 0.62
GAP = 4
LARGEST = 192
"""Longer side of the pictures of a sheet, in pixels."""


def paint(image: UInt8[Tensor, "3 height width"], labels: Int[Tensor, "height width"]) -> Picture:
    """Lay the colour of each pixel's cluster over the grey picture; where the label is negative it stays grey."""
    pixels = image.movedim(0, 2).cpu().numpy()
    grey = np.repeat(np.asarray(Image.fromarray(pixels).convert("L"), dtype=np.float32)[..., None], 3, axis=2)
    names = labels.cpu().numpy()
    colours = PALETTE[names % len(PALETTE)].astype(np.float32)
    opacity = np.where(names >= 0, OPACITY, 0.0)[..., None]
    painted: Picture = (grey * (1 - opacity) + colours * opacity).round().astype(np.uint8)
    return painted


def colours_of_truth(
    labels: Int[Tensor, "height width"], truth: Int[Tensor, "height width"]
) -> Int[Tensor, "height width"]:
    """Names for the segments of a truth so that each has the colour of the cluster that it is matched with.

    Segments without a cluster get further colours; −1 where the truth tells nothing.
    """
    present, places = torch.unique(truth, return_inverse=True)
    clusters = int(labels.max()) + 1
    table = contingency(labels.flatten()[None], places.flatten()[None], (clusters, len(present)))
    first = int(present[0] == 0)
    rows, columns = match(iou_matrix(table)[0][:, first:])
    partner = dict(zip(columns.tolist(), rows.tolist(), strict=True))
    free = iter(range(clusters, clusters + len(present)))
    names = [-1] * first + [partner.get(place, -2) for place in range(len(present) - first)]
    given = [next(free) if name == -2 else name for name in names]
    return labels.new_tensor(given)[places]


def shrink(picture: Picture, *, labels: bool = False) -> Picture:
    """A picture no longer than ``LARGEST``; painted ones keep their edges."""
    height, width = picture.shape[:2]
    share = min(1.0, LARGEST / max(height, width))
    size = max(1, round(width * share)), max(1, round(height * share))
    how = Image.Resampling.NEAREST if labels else Image.Resampling.LANCZOS
    return np.asarray(Image.fromarray(picture).resize(size, how))
