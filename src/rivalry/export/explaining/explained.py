"""Explain pictures with a dissected checkpoint: DISCOVER's reading of single decisions, with signs and positions.

Panousis & Chatzis, "DISCOVER: Making Vision Networks Interpretable via Competition and Dissection" (NeurIPS 2023) list
for a picture the winner of every block with its description. Here a winner is heard where it wins, place by place, and
then counted: the argmax of a pooled output would name units that lost wherever the winner is below zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import torch
from jaxtyping import UInt8
from torch import Tensor

from rivalry.export.explaining.cluster_map import cluster_map
from rivalry.export.explaining.explained_layer import explain_layer
from rivalry.export.explaining.explanation import (
    Answer,
    Asked,
    ClusterMap,
    ExplainedConcepts,
    Explanation,
    NearestPrototypes,
)
from rivalry.export.explaining.hearing import HeardPicture, hear_picture
from rivalry.export.explaining.question import Asking, Question
from rivalry.export.explaining.settled import Settled, settle
from rivalry.export.loading import DissectedCheckpoint
from rivalry.recording.grid import feature_map

ANSWERS = 5
"""Classes that are told of a picture, the likeliest first."""


def explain(
    checkpoint: DissectedCheckpoint,
    pictures: Iterable[Path | UInt8[Tensor, "3 height width"]],
    layers: Sequence[str] | None = None,
    *,
    why: str | int | None = None,
    against: str | int | None = None,
    units: int | None = 10,
    clusters: int = 5,
) -> list[Explanation]:
    """Explain what a network takes pictures for.

    The same pictures give the same explanations, whatever stands beside them: winners are found by argmax.

    Args:
        checkpoint: As :func:`rivalry.load` gives it.
        pictures: Files, decoded as the training decoded them; or pictures of 0 to 255, as the network takes them.
        layers: Dotted names or globs; by default those that were dissected.
        why: Name or number of a class; by default the predicted one.
        against: Name or number of a class that it is set against: why ``why`` and not ``against``.
        units: Units of each layer that are told, those that contribute most; None for all.
        clusters: K of the cluster map; 0 for none.

    Raises:
        ValueError: For an unknown class or layer, a class against itself, a number out of bounds, a picture that cannot
            be read or has another shape, or a layer that the logits do not depend on.
    """
    if units is not None and units < 1:
        raise ValueError(f"units are 1 or more, or None for all; got {units}")
    if clusters < 0:
        raise ValueError(f"clusters are 1 or more, or 0 for no cluster map; got {clusters}")
    asking = Asking.of(why, against, checkpoint.classes)
    settled = settle(checkpoint, layers, clusters)
    return [_explain_one(settled, asking, name, image, units) for name, image in _named_pictures(checkpoint, pictures)]


def _named_pictures(
    checkpoint: DissectedCheckpoint, pictures: Iterable[Path | UInt8[Tensor, "3 height width"]]
) -> Iterable[tuple[str, Tensor]]:
    wanted = (3, checkpoint.size, checkpoint.size)
    for place, picture in enumerate(pictures):
        if isinstance(picture, Path):
            yield str(picture), checkpoint.picture(picture)
        elif picture.dtype == torch.uint8 and tuple(picture.shape) == wanted:
            yield f"picture {place}", picture
        else:
            given = f"{picture.dtype} {tuple(picture.shape)}"
            raise ValueError(
                f"a picture is uint8 {wanted}, 0 to 255, as the network takes it; picture {place} is {given}"
            )


def _explain_one(settled: Settled, asking: Asking, name: str, image: Tensor, units: int | None) -> Explanation:
    checkpoint = settled.checkpoint
    question: list[Question] = []

    def ask(logits: Tensor) -> Tensor:
        question.append(asking.of_picture(int(logits.argmax()), name, checkpoint.classes))
        return question[0].factors(len(logits))

    device = next(checkpoint.network.parameters(), torch.zeros(())).device
    with torch.inference_mode(False), torch.no_grad():
        inputs = checkpoint.normalise(image[None].to(device))
    heard = hear_picture(checkpoint.network, settled.heard, inputs, ask)
    size = image.shape[1], image.shape[2]
    asked = question[0]
    against = None if asked.against is None else checkpoint.classes[asked.against]
    answers = _answers(heard.logits, checkpoint.classes)
    return Explanation(
        picture=name,
        answers=answers,
        asked=Asked(checkpoint.classes[asked.why], against, heard.value),
        layers=tuple(explain_layer(settled, layer, heard, size, units) for layer in settled.layers),
        concepts=tuple(_concepts(settled, heard, asked.why, size)),
        clusters=_clusters(settled, heard, size),
        prototypes=_prototypes(settled, heard, answers),
        image=image.permute(1, 2, 0).cpu().numpy(),
    )


def _answers(logits: Tensor, classes: Sequence[str]) -> tuple[Answer, ...]:
    probabilities = logits.double().softmax(0)
    order = logits.argsort(descending=True, stable=True)[:ANSWERS].tolist()
    return tuple(Answer(one, classes[one], float(logits[one]), float(probabilities[one])) for one in order)


def _concepts(
    settled: Settled, picture: HeardPicture, class_: int, size: tuple[int, int]
) -> Iterable[ExplainedConcepts]:
    for source in settled.concepts:
        for layer in source.layers:
            heard, axis = picture.layers[layer], settled.axes[layer]
            if heard.gradient is not None:
                found = source.weigh(
                    layer, class_, *(_rows(settled, one, size, axis) for one in (heard.output, heard.gradient))
                )
                if found is not None:
                    yield found


def _rows(settled: Settled, output: Tensor, size: tuple[int, int], axis: int) -> Tensor:
    """What a layer gave at each place of the picture."""
    return feature_map(settled.checkpoint.network, output.float(), size, axis)[0].flatten(1).T


def _clusters(settled: Settled, picture: HeardPicture, size: tuple[int, int]) -> ClusterMap | None:
    if not settled.clustered:
        return None
    outputs = {layer: picture.layers[layer].output for layer in settled.clustered}
    return cluster_map(settled.checkpoint.network, outputs, settled.axes, size, settled.clusters)


def _prototypes(settled: Settled, picture: HeardPicture, answers: Sequence[Answer]) -> NearestPrototypes | None:
    known = settled.prototypes
    if known is None:
        return None
    return known.nearest(picture.layers[known.layer].output, [one.number for one in answers])
