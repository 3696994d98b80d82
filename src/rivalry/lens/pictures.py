"""The one picture that shows a record, whichever analysis it is of."""

from __future__ import annotations

from rivalry.lens.basis_chart import basis_chart, shows_basis
from rivalry.lens.class_page import class_page, shows_concepts
from rivalry.lens.cluster_sheet import cluster_sheet, shows_clusters
from rivalry.lens.detector_chart import detector_chart, shows_detectors
from rivalry.lens.drawable import shows_activity, shows_emergence, shows_neurons
from rivalry.lens.figures import activity_chart, neuron_sheet
from rivalry.lens.prototype_sheet import prototype_sheet, shows_prototypes
from rivalry.lens.register_chart import register_chart, shows_registers
from rivalry.lens.streams import emergence_streams
from rivalry.lens.watermark_chart import shows_watermark, watermark_chart
from rivalry.records import Picture, Record


def picture_of(record: Record) -> Picture | None:
    """Draw a record, if there is a way to: what tells is what it holds, not its name, which is the user's."""
    if shows_neurons(record):
        return neuron_sheet(record)
    if shows_activity(record):
        return activity_chart(record)
    if shows_emergence(record):
        return emergence_streams(record)
    if shows_clusters(record):
        return cluster_sheet(record)
    if shows_detectors(record):
        return detector_chart(record)
    if shows_watermark(record):
        return watermark_chart(record)
    if shows_registers(record):
        return register_chart(record)
    if shows_basis(record):
        return basis_chart(record)
    if shows_concepts(record):
        return class_page(record)
    if shows_prototypes(record):
        return prototype_sheet(record)
    return None
