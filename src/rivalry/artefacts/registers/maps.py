"""Pictures of where long tokens are: beside each picture the norms of its patches, layer by layer.

Blue is what is long for the layer, from its shortest patch to the threshold; red is an outlier.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from rivalry.artefacts.registers.outliers import Norms
from rivalry.recording.grid import Tokens
from rivalry.recording.mosaic import lay_out
from rivalry.records import JSON, Picture

PICTURES, LAYERS = 6, 6
HEIGHT, GAP = 96, 4
_PALE, _LONG, _OUTLIER = (
    np.array(colour, dtype=np.float64) for colour in ((240, 241, 244), (46, 79, 134), (196, 78, 50))
)
_PAPER = 252


def shown_layers(layers: Sequence[str], strongest: str) -> list[str]:
    """Some layers at even distances, the last and the one of most outliers among them.

    >>> shown_layers([f"blocks.{number}" for number in range(12)], "blocks.4")
    ['blocks.0', 'blocks.2', 'blocks.4', 'blocks.7', 'blocks.9', 'blocks.11']
    """
    places = np.linspace(0, len(layers) - 1, min(LAYERS, len(layers))).round().astype(int).tolist()
    wanted = layers.index(strongest)
    if wanted not in places:
        inner = places[:-1] if len(places) > 1 else places
        places[min(range(len(inner)), key=lambda one: abs(inner[one] - wanted))] = wanted
    return [layers[place] for place in sorted(places)]


def norm_colours(norms: Float[Tensor, "height width"], lowest: float, threshold: float) -> Picture:
    """Colour every patch by its norm."""
    values = norms.double().cpu().numpy()
    share = np.clip((values - lowest) / max(threshold - lowest, 1e-12), 0, 1)[:, :, None]
    colours = np.where(values[:, :, None] > threshold, _OUTLIER, _PALE + share * (_LONG - _PALE))
    return colours.round().astype(np.uint8)


def norm_maps(
    images: UInt8[Tensor, "pictures 3 height width"],
    norms: Mapping[str, Float[Tensor, "pictures patches"]],
    described: Mapping[str, Norms],
    lowest: Mapping[str, float],
    layout: Tokens,
) -> tuple[Picture, dict[str, JSON]]:
    """Put pictures and their norm maps into one picture, a row each.

    Args:
        images: The pictures.
        norms: Of their patches, by layer, a column each.
        described: The layers' norms in general.
        lowest: The shortest patch of each layer.
        layout: How patches lie.

    Returns:
        The picture, and how it is laid out: names of the columns, height and width of a tile, and the gap between them.
    """
    height, width = images.shape[2:]
    size = (HEIGHT, max(1, round(HEIGHT * width / height)))
    columns = [[_enlarge(one.permute(1, 2, 0).cpu().numpy(), size, smooth=True) for one in images]]
    for layer, values in norms.items():
        grids = values.reshape(-1, layout.height, layout.width)
        coloured = (norm_colours(one, lowest[layer], described[layer].threshold) for one in grids)
        columns.append([_enlarge(one, size, smooth=False) for one in coloured])
    told: dict[str, JSON] = {"columns": ["picture", *norms], "rows": len(images), "gap": GAP}
    rows = list(zip(*columns, strict=True))
    return lay_out(rows, size, columns=len(columns), gap=GAP, paper=_PAPER), {
        **told,
        "height": size[0],
        "width": size[1],
    }


def _enlarge(picture: Picture, size: tuple[int, int], *, smooth: bool) -> Picture:
    tensor = torch.from_numpy(np.ascontiguousarray(picture)).permute(2, 0, 1)[None].float()
    how = {"mode": "bilinear", "antialias": True, "align_corners": False} if smooth else {"mode": "nearest"}
    scaled = torch.nn.functional.interpolate(tensor, size=size, **how)
    made: Picture = scaled[0].permute(1, 2, 0).clamp(0, 255).round().byte().numpy()
    return made
