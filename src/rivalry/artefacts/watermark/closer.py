"""A closer look at a few pictures in all their renders: :mod:`relevance` and :mod:`saturation`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from rivalry.artefacts.watermark.pictures import Pictures
from rivalry.artefacts.watermark.relevance import attribute, lift
from rivalry.artefacts.watermark.saturation import effective_ranks, saturate
from rivalry.numerics.bootstrap import Interval, bootstrap_means
from rivalry.recording.grid import feature_map
from rivalry.recording.observation import Listening

_IMAGES_AT_ONCE = 32

Maps = list[Float[Tensor, "batch _ _ _"]]


class CloserLook(NamedTuple):
    """What a few pictures show.

    Attributes:
        intervals: Mean relevance lifts and saturation over the pictures, with intervals:
            ``relevance_lift`` (integrated gradients) and ``gradient_input_lift``, of the marked picture; ``…_clean``
            the same mask on the clean picture; ``…_null`` the null mark's picture and mask; and, where layers have
            places, ``cluster_entropy_drop``, ``…_null``, ``cluster_iou``, ``…_clean``, ``…_null``.
        effective_ranks: By layer that has places, of the clean, the marked and the null-marked render: means over the
            pictures. The clean render is compared at the cells that the mark does not touch.
        relevance: Integrated gradients of the marked pictures.
    """

    intervals: dict[str, Interval]
    effective_ranks: dict[str, tuple[float, float, float]]
    relevance: Float[Tensor, "pictures height width"]


def look_closer(
    listening: Listening, pictures: Pictures, target: int, spatial: Mapping[str, int], *, seed: int
) -> CloserLook:
    """Look at relevance and saturation of pictures, one at least.

    Args:
        listening: What the analysis was told at its start.
        pictures: In all their renders.
        target: The class of the mark.
        spatial: The layers that have places, with the axis of their units.
        seed: Of clusterings and bootstraps.
    """
    lifts, relevance = _lifts(listening, pictures, target)
    columns, ranks = _saturation(listening, pictures, spatial, seed=seed) if spatial else ({}, {})
    return CloserLook(bootstrap_means({**lifts, **columns}, seed=seed), ranks, relevance)


def _lifts(listening: Listening, pictures: Pictures, target: int) -> tuple[dict[str, Tensor], Tensor]:
    """Relevance lifts by name, and the relevance of the marked pictures."""
    cases = {
        "": (pictures.marked.images, pictures.marked.masks),
        "_clean": (pictures.clean, pictures.marked.masks),
        "_null": (pictures.null.images, pictures.null.masks),
    }
    lifts = {}
    for case, (images, masks) in cases.items():
        fully = attribute(listening, images, target, "integrated_gradients")
        lifts[f"relevance_lift{case}"] = lift(fully, masks)
        lifts[f"gradient_input_lift{case}"] = lift(attribute(listening, images, target, "gradient_input"), masks)
        if not case:
            relevance = fully
    return lifts, relevance


def _saturation(
    listening: Listening, pictures: Pictures, spatial: Mapping[str, int], *, seed: int
) -> tuple[dict[str, Tensor], dict[str, tuple[float, float, float]]]:
    """Saturation by name, a number a picture, and effective ranks by layer."""
    columns: dict[str, list[Tensor]] = {}
    ranks: dict[str, list[Tensor]] = {layer: [] for layer in spatial}
    for places in torch.split(torch.arange(len(pictures.index)), _IMAGES_AT_ONCE):
        clean = _maps(listening, pictures.clean[places], spatial)
        for case, rendered in (("", pictures.marked), ("_null", pictures.null)):
            masks, shown = rendered.masks[places], _maps(listening, rendered.images[places], spatial)
            index = pictures.index[places].tolist()
            found = saturate(clean, shown, masks, pictures.objects[places], index=index, seed=seed)
            columns.setdefault(f"cluster_entropy_drop{case}", []).append(found.entropy_drop)
            columns.setdefault(f"cluster_iou{case}", []).append(found.iou)
            if not case:
                columns.setdefault("cluster_iou_clean", []).append(found.iou_clean)
            for layer, before, after in zip(spatial, clean, shown, strict=True):
                both = effective_ranks(before, after, masks)
                ranks[layer].append(both if not case else both[:, 1:])
    return {name: torch.cat(parts) for name, parts in columns.items()}, {
        layer: _mean_ranks(parts) for layer, parts in ranks.items()
    }


def _mean_ranks(parts: list[Tensor]) -> tuple[float, float, float]:
    """Means over pictures; the parts are in turn of two columns (clean, marked) and of one (null)."""
    clean, marked, null = torch.cat([torch.cat(parts[0::2]), torch.cat(parts[1::2])], 1).nanmean(0).tolist()
    return clean, marked, null


def _maps(listening: Listening, images: Tensor, spatial: Mapping[str, int]) -> Maps:
    """Feature maps of the layers that have places."""
    shown, size = listening.show(images), (images.shape[2], images.shape[3])
    return [feature_map(listening.network, shown.activations[layer], size, axis) for layer, axis in spatial.items()]
