"""The sheet of the best detectors: a row each, with the pictures that they are most active on and their masks outlined.

A mask is outlined where the upsampled activation is above the unit's threshold; the rest of the picture is darkened.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from jaxtyping import Bool, UInt8
from torch import Tensor
from torch.nn.functional import interpolate, max_pool2d

from rivalry.basis.layer_dissection import TOP_IMAGES
from rivalry.basis.policies import Detection
from rivalry.data.dataset import ImageDataset
from rivalry.recording.layer_maps import Maps
from rivalry.recording.mosaic import lay_out
from rivalry.recording.observation import Images
from rivalry.recording.top_images import Ranking
from rivalry.records import JSON, Picture

ROWS = 6
GAP = 4
LONGEST = 144
_SHADE = 0.55
_OUTLINE = (255, 214, 64)


def detector_sheet(
    dataset: ImageDataset,
    maps_of: Callable[[Images], Maps],
    detections: Mapping[str, Detection],
    tops: Mapping[str, Ranking],
) -> tuple[dict[str, Picture], dict[str, JSON]]:
    """Draw the best detector of each of the concepts that are detected best.

    Args:
        dataset: Where the pictures are.
        maps_of: What the heard network makes of pictures.
        detections: What the units of each layer are called by, with a threshold each.
        tops: The pictures of each unit's largest activations.

    Returns:
        The picture ``detectors``, and where its tiles lie: ``rows`` by layer and unit, ``columns``, ``height``,
        ``width``, ``gap``; nothing of both where no unit overlaps with its concept.
    """
    rows = best_units(detections)
    if not rows:
        return {}, {}
    tiles = [_tiles(dataset, maps_of, detections[layer], tops[layer], layer, unit) for layer, unit in rows]
    height, width = tiles[0][0].shape[:2]
    listed: list[JSON] = [{"layer": layer, "unit": unit} for layer, unit in rows]
    layout: dict[str, JSON] = {
        **{"rows": listed, "columns": TOP_IMAGES, "height": height, "width": width, "gap": GAP},
    }
    return {"detectors": lay_out(tiles, (height, width), columns=TOP_IMAGES, gap=GAP)}, {"detectors": layout}


def best_units(detections: Mapping[str, Detection], count: int = ROWS) -> list[tuple[str, int]]:
    """Layer and unit of the best IoU for each concept, best first; units that do not overlap with theirs are none."""
    best: dict[int, tuple[float, str, int]] = {}
    for layer, found in detections.items():
        for unit, (score, label) in enumerate(zip(found.iou.tolist(), found.labels.tolist(), strict=True)):
            if score > 0 and (label not in best or score > best[label][0]):  # NaN is not above 0
                best[label] = score, layer, unit
    ordered = sorted(best.values(), key=lambda one: -one[0])
    return [(layer, unit) for _, layer, unit in ordered[:count]]


def outlined(image: UInt8[Tensor, "3 height width"], mask: Bool[Tensor, "height width"]) -> Picture:
    """Darken a picture beside a mask, and draw the mask's outline."""
    beyond = (~mask).float()[None, None]
    edge = mask & (max_pool2d(beyond, 3, 1, 1)[0, 0] > 0)
    shaded = torch.where(mask, image.float(), image.float() * _SHADE)
    colour = torch.tensor(_OUTLINE, dtype=torch.float32, device=image.device)[:, None, None]
    drawn: Picture = torch.where(edge, colour, shaded).round().to(torch.uint8).movedim(0, 2).cpu().numpy()
    return drawn


def _tiles(
    dataset: ImageDataset, maps_of: Callable[[Images], Maps], found: Detection, top: Ranking, layer: str, unit: int
) -> Sequence[Picture]:
    """The top images of one unit."""
    index = [place for place in top.images[unit].tolist() if place >= 0]
    images = torch.stack([dataset[place]["image"] for place in index]).to(top.images.device)
    maps = maps_of(images)[layer][:, unit : unit + 1].float()
    size = _tile_size(images.shape[2], images.shape[3])
    thresholds = found.threshold
    if thresholds is None:
        raise ValueError("a policy without thresholds has no masks to outline")
    above = interpolate(maps, size, mode="bilinear", align_corners=False)[:, 0] > thresholds[unit].to(maps.device)
    shown = interpolate(images.float(), size, mode="bicubic", align_corners=False, antialias=True).clamp(0, 255)
    return [outlined(image, mask) for image, mask in zip(shown.round().to(torch.uint8), above, strict=True)]


def _tile_size(height: int, width: int) -> tuple[int, int]:
    """The size of tiles: as the pictures are shaped, of one length."""
    scale = LONGEST / max(height, width)
    return max(1, round(height * scale)), max(1, round(width * scale))
