"""The one picture that shows a record, whichever analysis it is of."""

from __future__ import annotations

from rivalry.lens.figures import activity_chart, neuron_sheet
from rivalry.records import Picture, Record


def picture_of(record: Record) -> Picture | None:
    """Draw a record, if there is a way to: what tells is what it holds, not its name, which is the user's."""
    if "units" in record.tables and "top_images" in record.images:
        return neuron_sheet(record)
    if {"units", "layers"} <= record.tables.keys():
        return activity_chart(record)
    return None
