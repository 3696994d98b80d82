"""The sheet of a record: some pictures, their clusters by all depths and by each alone, and the truth."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Int
from torch import Tensor

from rivalry.clusters.maps import LabelMaps
from rivalry.clusters.overlay import GAP, colours_of_truth, paint, shrink
from rivalry.clusters.score import to_pixels
from rivalry.clusters.segments import segments
from rivalry.clusters.tables import ALL
from rivalry.recording.chosen import ChosenPictures
from rivalry.recording.mosaic import lay_out
from rivalry.records import JSON, Picture

ROWS = 6
PICTURE, TRUTH = "picture", "truth"


def overlay_sheet(
    kept: ChosenPictures, maps: LabelMaps, layers: Sequence[str], truth: str | None
) -> tuple[Picture, dict[str, JSON]]:
    """Draw some pictures, evenly from those that are clustered.

    Args:
        kept: The pictures.
        maps: Their named clusters.
        layers: Names of the views behind the first.
        truth: Categories of concepts to show; None for no truth.

    Returns:
        The sheet, and where its tiles lie: ``index`` of its rows, ``columns`` by name, ``height``, ``width``, ``gap``.
    """
    count = min(ROWS, len(maps.index))
    chosen = torch.linspace(0, len(maps.index) - 1, count).long().tolist()
    rows = [_row(kept, int(maps.index[place]), maps.labels[place], truth) for place in chosen]
    height, width = rows[0][0].shape[:2]
    columns: list[JSON] = [PICTURE, ALL, *layers, *([TRUTH] if truth else [])]
    index: list[JSON] = [int(maps.index[place]) for place in chosen]
    layout: dict[str, JSON] = {"index": index, "columns": columns, "height": height, "width": width, "gap": GAP}
    return lay_out(rows, (height, width), columns=len(columns), gap=GAP), layout


def _row(kept: ChosenPictures, index: int, labels: Int[Tensor, "views _ _"], truth: str | None) -> list[Picture]:
    sample = kept.dataset[index]
    image = sample["image"]
    views = to_pixels(labels.cpu(), (image.shape[1], image.shape[2]))
    tiles = [shrink(image.movedim(0, 2).numpy()), *(shrink(paint(image, view), labels=True) for view in views)]
    if truth:
        named = colours_of_truth(views[0], segments(sample["masks"][None].long(), truth)[0])
        tiles.append(shrink(paint(image, named), labels=True))
    return tiles
