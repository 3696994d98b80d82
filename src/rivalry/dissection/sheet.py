"""The picture of a dissection: a row for each of the clearest units, with the images in which it was strongest."""

from __future__ import annotations

from collections.abc import Mapping

from rivalry.data.dataset import ImageDataset
from rivalry.dissection.mosaic import mosaic, tile_side
from rivalry.dissection.unit_table import NamedLayer, clearest_units
from rivalry.records import JSON, Picture

ROWS = 8
COLUMNS = 8
GAP = 2


def top_image_sheet(
    dataset: ImageDataset, layers: Mapping[str, NamedLayer], top_k: int
) -> tuple[dict[str, Picture], dict[str, JSON]]:
    """Lay out the clearest units' top images.

    Args:
        dataset: Where the images are.
        layers: The named units.
        top_k: Images that a margin is made of, for :func:`rivalry.dissection.unit_table.clearest_units`.

    Returns:
        The picture ``top_images``, and settings that say what its rows are and where its tiles lie; nothing where no
        unit lives.
    """
    rows = clearest_units(layers, ROWS, top_k)
    if not rows:
        return {}, {}
    tops = [layers[layer].summary.top.images[unit].tolist()[:COLUMNS] for layer, unit in rows]
    pictures = [[dataset[index]["image"] for index in top if index >= 0] for top in tops]
    side = tile_side(pictures[0][0])
    listed: list[JSON] = [
        {"layer": layer, "unit": unit, "label": layers[layer].names[unit].label} for layer, unit in rows
    ]
    settings: dict[str, JSON] = {"rows": listed, "columns": COLUMNS, "side": side, "gap": GAP}
    return {"top_images": mosaic(pictures, columns=COLUMNS, side=side, gap=GAP)}, {"top_images": settings}
