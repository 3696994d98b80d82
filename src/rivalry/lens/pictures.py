"""The one picture that shows a record."""

from __future__ import annotations

from rivalry.records import Picture, Record


def picture_of(record: Record) -> Picture | None:
    """Draw a record, if its analysis has a picture."""
    return next(iter(record.images.values()), None)
