"""Floors: what agrees with masks without any training. Clusters that do not rise above them show nothing learnt.

SLIC (Achanta et al., "SLIC superpixels", TPAMI 2012) parts the pixels by place and colour into as many segments. The
random twin is the same network with weights that it could have begun with, clustered by the same procedure.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import torch
from jaxtyping import Int, UInt8
from torch import Tensor

from rivalry.clusters.layers import Features, features_of
from rivalry.clusters.maps import Source
from rivalry.recording.chosen import ChosenPictures
from rivalry.recording.observation import Images, Listening
from rivalry.recording.random_twin import random_twin_of
from rivalry.recording.taps import Taps

_CALIBRATION = 64
"""Pictures, the first of those kept, from which the twin's BatchNorm layers average their statistics."""


def slic_labels(
    images: UInt8[Tensor, "batch 3 height width"], clusters: Int[Tensor, " batch"]
) -> Int[Tensor, "batch height width"]:
    """SLIC segments of each picture, as near to its number of clusters as can be had, with scikit-image's defaults.

    SLIC gives fewer or more segments than it is asked for (often one for two), and a floor with another K would be too
    low or too high: of what it gives when asked for K to 3 K, that with the number nearest to K counts.
    """
    pictures = images.movedim(1, 3).cpu().numpy()
    found = [_superpixels(*one) for one in zip(pictures, clusters.tolist(), strict=True)]
    return torch.from_numpy(np.array(found, dtype=np.int64).reshape(len(found), *pictures.shape[1:3]))


def _superpixels(picture: npt.NDArray[np.uint8], clusters: int) -> npt.NDArray[np.int64]:
    from skimage.segmentation import slic

    best: npt.NDArray[np.int64] = slic(picture, n_segments=clusters, start_label=0)
    for wanted in range(clusters + 1, 3 * clusters + 1):
        if best.max() + 1 == clusters:
            break
        labels = slic(picture, n_segments=wanted, start_label=0)
        if abs(labels.max() + 1 - clusters) < abs(best.max() + 1 - clusters):
            best = labels
    return best


def twin_source(listening: Listening, kept: ChosenPictures, axes: Mapping[str, int], scale: int) -> Source:
    """Features of the heard network's random twin, heard at the same layers.

    Args:
        listening: Says the network, which is left as it is, and runs the twin.
        kept: Pictures, the first of which set the twin's BatchNorm statistics.
        axes: Axis of units of each layer.
        scale: Of the common grid.
    """
    twin = random_twin_of(listening, kept.index[:_CALIBRATION])

    def source(images: Images) -> Features:
        with Taps(twin, axes) as taps:
            listening.forward(twin, images)
            outputs, _ = taps.take()
        return features_of(twin, outputs, axes, (images.shape[2], images.shape[3]), scale)

    return source
