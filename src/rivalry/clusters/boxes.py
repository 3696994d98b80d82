"""CorLoc: is there an object around which the box of a cluster's piece lies?

A piece is a 4-connected component of a cluster. A picture counts if some piece's box has IoU ≥ 0.5 with the box of
some component of an object. That the best piece is found by the truth makes this an *oracle*: an upper bound of what
could be found without it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

IOU = 0.5
LEAST_SHARE = 0.01
"""Components of objects that are smaller than this share of the picture are no objects to be found."""

Labels = npt.NDArray[np.integer]
Boxes = npt.NDArray[np.float64]


def corloc_oracle(labels: Labels, objects: Labels) -> float:
    """1 if an object is located by the best of all pieces, 0 if none is; NaN for a picture without objects.

    Args:
        labels: Cluster of each pixel, from 0.
        objects: Object of each pixel, 0 for none.

    >>> objects = np.zeros((4, 4), int)
    >>> objects[:2, :2] = 1
    >>> corloc_oracle(objects, objects), corloc_oracle(np.zeros((4, 4), int), objects)
    (1.0, 0.0)
    """
    wanted = component_boxes(objects, least=LEAST_SHARE * objects.size)
    if not len(wanted):
        return float("nan")
    return float((box_iou(component_boxes(labels + 1), wanted) >= IOU).any())


def component_boxes(labels: Labels, *, least: float = 1) -> Boxes:
    """Boxes (top, left, bottom, right) of the 4-connected components of all labels above 0; the last two lie beyond.

    Args:
        labels: Of each pixel.
        least: Pixels that a component must have.

    >>> component_boxes(np.array([[1, 0], [0, 1]])).tolist()
    [[0.0, 0.0, 1.0, 1.0], [1.0, 1.0, 2.0, 2.0]]
    """
    from scipy import ndimage

    boxes = []
    for label in np.unique(labels[labels > 0]):
        components, count = ndimage.label(labels == label)  # 4-connected, as it is by default
        sizes = np.bincount(components.ravel(), minlength=count + 1)[1:]
        found = ndimage.find_objects(components)
        boxes += [
            (rows.start, columns.start, rows.stop, columns.stop)
            for (rows, columns), size in zip(found, sizes, strict=True)
            if size >= least
        ]
    return np.array(boxes, dtype=np.float64).reshape(-1, 4)


def box_iou(first: Boxes, second: Boxes) -> npt.NDArray[np.float64]:
    """IoU of all pairs of boxes.

    >>> box_iou(np.array([[0.0, 0, 2, 2]]), np.array([[0.0, 1, 2, 3], [5, 5, 6, 6]])).round(2).tolist()
    [[0.33, 0.0]]
    """
    upper = np.maximum(first[:, None, :2], second[None, :, :2])
    lower = np.minimum(first[:, None, 2:], second[None, :, 2:])
    both = (lower - upper).clip(min=0).prod(2)
    areas = [(boxes[:, 2:] - boxes[:, :2]).prod(1) for boxes in (first, second)]
    result: npt.NDArray[np.float64] = both / (areas[0][:, None] + areas[1][None] - both)
    return result
