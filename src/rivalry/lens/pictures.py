"""The one picture that shows a record, whichever analysis it is of."""

from __future__ import annotations

from rivalry.lens.drawable import shows_activity, shows_emergence, shows_neurons
from rivalry.lens.figures import activity_chart, neuron_sheet
from rivalry.lens.streams import emergence_streams
from rivalry.records import Picture, Record


def picture_of(record: Record) -> Picture | None:
    """Draw a record, if there is a way to: what tells is what it holds, not its name, which is the user's."""
    if shows_neurons(record):
        return neuron_sheet(record)
    if shows_activity(record):
        return activity_chart(record)
    if shows_emergence(record):
        return emergence_streams(record)
    return None
