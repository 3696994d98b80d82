"""A dissected checkpoint as one of two that are compared: all but its weights, which stay unread."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from rivalry.export.comparing.sides import Side
from rivalry.export.folder import Configuration, Provenance
from rivalry.export.folder.layout import CONFIGURATION, NEURONS, PROVENANCE, SUMS
from rivalry.export.folder.neurons import check_neurons
from rivalry.export.folder.plain import mapping, number, text
from rivalry.export.folder.sums import check_sums
from rivalry.export.loading.guard.documents import read_json, read_text
from rivalry.export.loading.guard.tables import read_table
from rivalry.export.loading.guard.tree import check_tree
from rivalry.records import Record


def read_checkpoint(folder: Path) -> Side:
    """What is known of a dissected checkpoint.

    Raises:
        ValueError: If the folder is not what its sums say, or holds something else than a dissected checkpoint.
    """
    check_tree(folder)
    config = Configuration.from_json(read_json(folder / CONFIGURATION))
    read_text(folder / SUMS)
    check_sums(folder)
    provenance = Provenance.from_json(read_json(folder / PROVENANCE))
    neurons = read_table(folder / NEURONS)
    dissection = config.dissection
    check_neurons(neurons, dissection.layers)
    labels = {layer: text(name, f"{PROVENANCE}: labels[{layer!r}]") for layer, name in provenance.labels.items()}
    settings = {name: mapping(told, f"{PROVENANCE}: records[{name!r}]") for name, told in provenance.records.items()}
    if strange := [layer for layer in dissection.dissected if labels.get(layer) not in settings]:
        raise ValueError(f"{PROVENANCE} does not say what the labels of layer {strange[0]!r} come from")
    stored = sorted(dissection.records, key=lambda record: record.epoch)
    return Side(
        name=str(folder),
        neurons=neurons,
        competitors={name: layer.competitors for name, layer in dissection.layers.items()},
        scores={name: number(value, f"{PROVENANCE}: scores[{name!r}]") for name, value in provenance.scores.items()},
        pictures=provenance.data,
        classes=dissection.classes,
        labels=labels,
        settings=settings,
        records={record.name: _read_record(folder / record.path) for record in stored},
    )


def _read_record(folder: Path) -> Record:
    """A record without its pictures, and of its tables that of bases alone: those of concepts may be of gigabytes."""
    if not (folder / "record.json").is_file():
        raise ValueError(f"{CONFIGURATION} speaks of a record in {folder}, and there is none")
    read_text(folder / "record.json")
    try:
        record = Record.load(folder, tables=())
    except (AttributeError, LookupError, TypeError) as error:
        raise ValueError(f"the record in {folder} is not as one is written: {error!r}") from error
    bases = folder / "bases.parquet"
    return replace(record, tables={"bases": read_table(bases)} if bases.is_file() else {})
