"""Which places of a picture the network treats alike: clusters of its activations, as ``rivalry clusters`` draws them.

NAVE (Boubekki, Fadel & Mair, arXiv:2411.19700): activations of several depths, laid on one grid and clustered by
k-means, the picture by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import Tensor, nn

from rivalry.clusters.layers import default_layers, features_of
from rivalry.clusters.names import by_size
from rivalry.clusters.partition import part
from rivalry.export.explaining.explanation import ClusterMap

_SEED = 0


def clustered_layers(network: nn.Module, otherwise: Sequence[str]) -> tuple[str, ...]:
    """The layers to cluster: the last stages of a network that says what they are.

    Args:
        network: The network.
        otherwise: Taken of a network that does not say.
    """
    try:
        return default_layers(network)
    except ValueError:
        return tuple(otherwise)


def cluster_map(
    network: nn.Module,
    outputs: Mapping[str, Tensor],
    axes: Mapping[str, int],
    size: tuple[int, int],
    clusters: int,
) -> ClusterMap:
    """Cluster the places of one picture.

    Args:
        network: Says how its tokens are laid out.
        outputs: What the layers gave for the picture, from shallow to deep.
        axes: Of their units.
        size: Height and width of the picture.
        clusters: How many; of a grid with fewer places as many as it has.

    Raises:
        ValueError: For a layer without places.
    """
    stacked = features_of(network, outputs, axes, size).stacked.float()
    count = min(clusters, stacked.shape[1] * stacked.shape[2])
    found = part(stacked, [count], seed=_SEED, index=[0])  # the same picture, the same clusters: wherever it stands
    labels = by_size(found.labels, joint=False)[0]
    return ClusterMap(tuple(outputs), tuple(tuple(row) for row in labels.tolist()))
