"""What is settled before the first picture: which layers are heard, how they lie on it, and what is known of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from rivalry.export.explaining.cluster_map import clustered_layers
from rivalry.export.explaining.concepts import ConceptsOfPicture, concept_records
from rivalry.export.explaining.labels import Label, labels_of
from rivalry.export.explaining.prototypes import PrototypesOfLayer, prototype_records
from rivalry.export.loading import DissectedCheckpoint
from rivalry.lwta.activations import activation_names
from rivalry.lwta.layer import competitions
from rivalry.recording.axes import axes_of_outputs
from rivalry.recording.directions import MARK
from rivalry.recording.grid import feature_map
from rivalry.recording.hearing import hear_once
from rivalry.recording.taps import resolve_taps


@dataclass(frozen=True)
class Settled:
    """How pictures are explained.

    Attributes:
        checkpoint: That explains them.
        layers: Whose units are told, in the network's order.
        heard: All layers that must be heard.
        axes: Of the units of each.
        placed: Layers whose outputs lie on the picture.
        labels: Of units, by layer.
        concepts: Of records of concepts.
        prototypes: Of the first record of prototypes; None where there is none.
        clustered: Layers that are clustered together; none where no cluster map is wanted or to be had.
        clusters: How many.
    """

    checkpoint: DissectedCheckpoint
    layers: tuple[str, ...]
    heard: tuple[str, ...]
    axes: Mapping[str, int]
    placed: frozenset[str]
    labels: Mapping[str, Mapping[int, Label]]
    concepts: tuple[ConceptsOfPicture, ...]
    prototypes: PrototypesOfLayer | None
    clustered: tuple[str, ...]
    clusters: int


def settle(checkpoint: DissectedCheckpoint, layers: Sequence[str] | None, clusters: int) -> Settled:
    """Settle it by showing the network a blank picture.

    Args:
        checkpoint: As it was loaded.
        layers: Dotted names or globs; None for those that were dissected.
        clusters: K of the cluster map; 0 for none.

    Raises:
        ValueError: For a layer that is not there or whose axis of units cannot be told; or if no layer is named and
            none was dissected.
    """
    network = checkpoint.network
    explained = _explained_layers(checkpoint, layers)
    concepts = tuple(ConceptsOfPicture(checkpoint, *one) for one in concept_records(checkpoint.records).items())
    clustered = clustered_layers(network, explained) if clusters else ()
    wanted = {*explained, *clustered, *(layer for one in concepts for layer in one.layers)}
    heard = resolve_taps(network, wanted)
    side = checkpoint.size
    outputs = hear_once(network, heard, torch.zeros(3, side, side, dtype=torch.uint8))
    said = checkpoint.config.dissection.layers
    given = {name: layer.axis for name, layer in said.items()}
    axes = axes_of_outputs(network, outputs, given, square=True)
    placed = frozenset(layer for layer in heard if _lies_on_picture(network, outputs[layer], side, axes[layer]))
    prototypes = [
        PrototypesOfLayer(checkpoint, name, record, explained[-1], axes[explained[-1]])
        for name, record in list(prototype_records(checkpoint.records).items())[:1]
    ]
    return Settled(
        checkpoint=checkpoint,
        layers=explained,
        heard=heard,
        axes=axes,
        placed=placed,
        labels=labels_of(checkpoint.neurons, explained),
        concepts=concepts,
        prototypes=prototypes[0] if prototypes else None,
        clustered=tuple(layer for layer in clustered if layer in placed),
        clusters=clusters,
    )


def _explained_layers(checkpoint: DissectedCheckpoint, layers: Sequence[str] | None) -> tuple[str, ...]:
    """The layers whose units are told."""
    network = checkpoint.network
    if layers is None:
        own = tuple(layer for layer in checkpoint.layers if MARK not in layer) or tuple(competitions(network))
        if not own:
            such = f", such as {acting[-1]}" if (acting := activation_names(network)) else ""
            raise ValueError(f"no layer of this checkpoint was dissected, and none competes: name layers{such}")
        return resolve_taps(network, own)
    if directed := [layer for layer in layers if MARK in layer]:
        raise ValueError(f"layers of the network are explained, and {directed[0]!r} is one of directions of another")
    return resolve_taps(network, layers)


def _lies_on_picture(network: nn.Module, output: Tensor, side: int, axis: int) -> bool:
    """Whether a layer gives something at places of the picture; a vector, or tokens on no grid, it does not."""
    try:
        feature_map(network, output, (side, side), axis)
    except ValueError:
        return False
    return True
