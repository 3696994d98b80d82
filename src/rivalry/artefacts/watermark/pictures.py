"""Single pictures that are looked at again at the end of a pass, in all their renders, and the sheet of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import torch
from jaxtyping import Bool, Float, Int, UInt8
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate

from rivalry.artefacts.watermark.renders import Rendered, render
from rivalry.data.dataset import CATEGORIES, ImageDataset
from rivalry.data.watermark import Watermark
from rivalry.recording.mosaic import lay_out
from rivalry.recording.observation import Listening
from rivalry.records import JSON, Picture

GAP = 2
_LARGEST = 128
_GLOW = torch.tensor([0.86, 0.24, 0.12])


@dataclass(frozen=True)
class Pictures:
    """Some pictures of the probe set, in all their renders.

    Attributes:
        index: Positions in the data set.
        labels: Classes.
        clean: The pictures themselves.
        marked: With the mark.
        null: With the null mark.
        objects: Pixels of the object by the data set's masks; all pixels where these speak of no objects.
    """

    index: Int[Tensor, " pictures"]
    labels: Int[Tensor, " pictures"]
    clean: UInt8[Tensor, "pictures 3 height width"]
    marked: Rendered
    null: Rendered
    objects: Bool[Tensor, "pictures height width"]


def look_again(
    listening: Listening, index: Int[Tensor, " pictures"], watermark: Watermark, null: Watermark, *, seed: int
) -> Pictures:
    """Read pictures, one at least, from the data set and render them as in the pass.

    Args:
        listening: What the analysis was told at its start.
        index: Their positions in the data set.
        watermark: The mark.
        null: The null mark.
        seed: Of the marks' places.
    """
    samples = [listening.dataset[place] for place in index.tolist()]
    images = torch.stack([sample["image"] for sample in samples]).to(listening.device)
    objects = torch.ones(len(images), *images.shape[2:], dtype=torch.bool, device=images.device)
    if knows_objects(listening.dataset):
        masks = torch.stack([sample["masks"] for sample in samples]).to(images.device)
        objects = masks[:, CATEGORIES.index("object")] > 0
    return Pictures(
        index.to(images.device),
        torch.tensor([int(sample["label"]) for sample in samples], device=images.device),
        images,
        render(watermark, images, index, seed=seed),
        render(null, images, index, seed=seed),
        objects,
    )


def knows_objects(dataset: ImageDataset) -> bool:
    """Whether the masks of a data set speak of objects."""
    return any(concept.category == "object" for concept in dataset.concepts)


def sheet(
    pictures: Pictures, relevance: Float[Tensor, "pictures height width"], rows: int
) -> tuple[Picture, dict[str, JSON]]:
    """Show pictures, a row each: clean, with the mark, with the null mark, and what is relevant in the marked one.

    Args:
        pictures: The first of them are shown.
        relevance: Of the marked pictures, 0 or more.
        rows: How many at most.

    Returns:
        The sheet, and its layout as the record's settings hold it.
    """
    count = min(rows, len(pictures.index))
    renders = [one[:count].float() / 255 for one in (pictures.clean, pictures.marked.images, pictures.null.images)]
    renders.append(_glowing(renders[1], relevance[:count]))
    side = max(32, min(_LARGEST, *pictures.clean.shape[2:]))
    tiles = torch.stack([_tiles(one, side) for one in renders], 1).movedim(2, 4)  # pictures, renders, height, width, 3
    shown = (tiles * 255).round().to(torch.uint8).cpu().numpy()
    layout: dict[str, JSON] = {
        "side": side,
        "gap": GAP,
        "columns": ["clean", "marked", "null", "relevance"],
        "rows": cast(JSON, pictures.index[:count].tolist()),
    }
    return lay_out([list(row) for row in shown], (side, side), columns=len(renders), gap=GAP), layout


def _tiles(images: Float[Tensor, "rows 3 height width"], side: int) -> Float[Tensor, "rows 3 side side"]:
    """Square tiles: the picture's middle, at the size of a tile."""
    height, width = images.shape[2:]
    short = min(height, width)
    top, left = (height - short) // 2, (width - short) // 2
    middle = images[:, :, top : top + short, left : left + short]
    if short == side:
        return middle
    return interpolate(middle, (side, side), mode="bilinear", antialias=True, align_corners=False).clamp(0, 1)


def _glowing(images: Float[Tensor, "rows 3 height width"], relevance: Float[Tensor, "rows height width"]) -> Tensor:
    """Pictures gone pale and grey, with red where relevance is; the strongest hundredth of each has all of it.

    Relevance of single pixels is speckled; shown is its mean over three by three.
    """
    relevance = avg_pool2d(relevance.float()[:, None], 3, stride=1, padding=1)[:, 0]
    strongest = relevance.flatten(1).quantile(0.99, dim=1).clamp(min=1e-12)
    share = (relevance / strongest[:, None, None]).clamp(0, 1)[:, None]
    pale = 0.4 + 0.6 * images.mean(1, keepdim=True)
    return pale * (1 - share) + share * _GLOW.to(images.device)[:, None, None]
