"""The page of explanations: what is drawn over the pictures, and the file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image

from rivalry.clusters.overlay import paint
from rivalry.clusters.score import to_pixels
from rivalry.export.explaining.explanation import Explanation
from rivalry.lens.explanation_page import ExplanationPictures, explanation_page
from rivalry.recording.thumbnails import png
from rivalry.records import Picture

LARGEST = 224
"""Longer side of pictures on the page, in pixels."""

_MAP = 112
_CROPS = 6
_ABOVE, _BELOW = (236, 132, 44), (66, 120, 214)
_OPACITY = 0.9


def write_page(path: Path, title: str, explanations: Sequence[Explanation]) -> None:
    """Write the page of some explanations.

    Args:
        path: File to write.
        title: What explains the pictures.
        explanations: Of each picture.
    """
    page = explanation_page(title, [one.to_json() for one in explanations], [pictures_of(one) for one in explanations])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page, encoding="utf-8")


def pictures_of(explanation: Explanation) -> ExplanationPictures:
    """What is shown beside the numbers of an explanation."""
    image = torch.from_numpy(explanation.image.copy()).permute(2, 0, 1)
    clusters = None
    if explanation.clusters is not None:
        labels = to_pixels(torch.tensor([explanation.clusters.labels]), (image.shape[1], image.shape[2]))[0]
        clusters = _file(paint(image, labels))
    return ExplanationPictures(
        image=png(image, LARGEST),
        clusters=clusters,
        units={
            (layer.layer, unit.unit): _file(lay_over(explanation.image, unit.map), _MAP)
            for layer in explanation.layers
            for unit in layer.units
            if unit.map is not None
        },
        concepts={
            (found.record, found.layer, one.concept): one.crop
            for found in explanation.concepts
            for one in found.concepts[:_CROPS]
            if one.crop is not None
        },
        prototypes=_prototypes(explanation),
    )


def lay_over(image: Picture, activations: npt.NDArray[np.float32]) -> Picture:
    """Lay a unit's activations over the grey picture: the stronger, the less of the picture is seen.

    Each place of the layer is a square of one colour: orange above zero, blue below; where the unit lost, none.

    Args:
        image: The picture.
        activations: (rows, columns), with their signs.
    """
    height, width = image.shape[:2]
    largest = float(np.abs(activations).max()) or 1.0
    scaled = Image.fromarray(activations / largest).resize((width, height), Image.Resampling.NEAREST)
    share = np.asarray(scaled)[..., None]
    grey = np.repeat(np.asarray(Image.fromarray(image).convert("L"), dtype=np.float32)[..., None], 3, axis=2)
    colour = np.where(share >= 0, _ABOVE, _BELOW).astype(np.float32)
    opacity = _OPACITY * np.abs(share)
    painted: Picture = (grey * (1 - opacity) + colour * opacity).round().astype(np.uint8)
    return painted


def _prototypes(explanation: Explanation) -> list[bytes]:
    near = () if explanation.prototypes is None else explanation.prototypes.nearest
    return [one.picture for one in near if one.picture is not None]


def _file(picture: Picture, largest: int = LARGEST) -> bytes:
    return png(torch.from_numpy(picture).permute(2, 0, 1), largest)
