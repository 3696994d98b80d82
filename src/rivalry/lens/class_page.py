"""The page of a class: the strategies by which pictures are taken for it, and its concepts.

Drawn from the record alone.
"""

from __future__ import annotations

from rivalry.lens.class_view import ClassView, shows_concepts, view_class
from rivalry.lens.page import blank_page, pixels
from rivalry.records import Picture, Record

__all__ = ["class_page", "shows_concepts"]


def class_page(record: Record, layer: str | None = None, class_: str | None = None) -> Picture:
    """Draw the page of a class.

    Args:
        record: Of :class:`rivalry.concepts.ConceptExtraction`.
        layer: One of its layers; by default that of the class.
        class_: One of its classes; by default where a strategy of ten pictures or more is least reliable, and the
            first where there is none such.

    Returns:
        uint8 (height, 1100, 3); the more concepts, the higher.

    Raises:
        ValueError: If the record holds no concepts, or none of such a class and layer.
    """
    view = view_class(record, layer, class_)
    figure, page = blank_page(11.0, 7.0, f"How the network knows “{view.name}”", _line(record, view))
    return pixels(figure, page)


def _line(record: Record, view: ClassView) -> str:
    return f"epoch {record.epoch}   ·   {view.layer}"
