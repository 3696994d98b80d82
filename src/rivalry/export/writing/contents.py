"""Everything that goes into a dissected checkpoint, gathered before a byte of it is written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from torch import nn

import rivalry
from rivalry.export.folder import Configuration, Dissection, Provenance
from rivalry.export.folder.neurons import check_neurons
from rivalry.export.writing.description import check_describable, describe_network
from rivalry.export.writing.layers import describe_layers
from rivalry.export.writing.neurons import dissections, given_axes, neuron_table
from rivalry.export.writing.provenance import gather_provenance
from rivalry.export.writing.records import FoundRecord, Kept, find_fitting, last_of_each
from rivalry.export.writing.source import Source
from rivalry.numerics.fingerprint import state_fingerprint
from rivalry.training.run import RunFolder


@dataclass(frozen=True)
class Contents:
    """What is to be written.

    Attributes:
        network: As evaluation sees it.
        configuration: ``config.json``.
        neurons: ``neurons.parquet``.
        records: Those that are copied.
        drawn: The last record of every analysis, of which the card shows pictures.
        provenance: ``provenance.json``.
        changed: As :class:`rivalry.export.writing.source.Source` has it; the card says it.
    """

    network: nn.Module
    configuration: Configuration
    neurons: pa.Table
    records: Sequence[FoundRecord]
    drawn: Sequence[FoundRecord]
    provenance: Provenance
    changed: str | None


def gather(
    source: Source, *, kept: Kept = "last", analyses: Sequence[Path] = (), tell: Callable[[str], None] = lambda _: None
) -> Contents:
    """Gather it.

    Args:
        source: What is exported.
        kept: Which records are copied.
        analyses: Folders beside the run's own that ``rivalry analyze --out`` has filled.
        tell: Is told how far it is.

    Raises:
        ValueError: For a network that cannot be built again or has no statistics of its own, a folder without records,
            or labels that are not of this network.
    """
    check_describable(source.target.classifier.backbone)
    missing = [folder for folder in analyses if not RunFolder(folder).records.is_dir()]
    if missing:
        raise ValueError(f"{missing[0]} has no records/: give a folder that `rivalry analyze --out` has filled")
    network = source.evaluated(tell)
    weights = state_fingerprint(network)
    tell("gathering records")
    own = source.target.folder
    roots = [RunFolder(folder).records for folder in (own.root, own.root / "analyses", *analyses)]
    fitting = find_fitting(roots, source.target.epoch, weights)
    last = last_of_each(fitting)
    labelled = dissections(last)
    layers = describe_layers(network, source.images.square.side, given_axes(labelled))
    neurons = neuron_table(labelled, list(layers))
    check_neurons(neurons, layers)
    records = {"last": last, "all": fitting, "none": []}[kept]
    dissection = Dissection(
        rivalry=rivalry.__version__,
        epoch=source.target.epoch,
        step=source.target.step,
        classes=source.classes,
        layers=layers,
        images=source.images,
        records=tuple(record.stored for record in records),
    )
    configuration = describe_network(network, source.target.classifier.backbone, dissection)
    provenance = gather_provenance(source, weights, last, labelled)
    return Contents(network, configuration, neurons, records, last, provenance, source.changed)
