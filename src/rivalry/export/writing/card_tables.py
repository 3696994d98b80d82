"""The tables of the model card, each from what the folder holds; empty where there is nothing to say."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from rivalry.export.folder import DissectedLayer, Provenance
from rivalry.export.writing.contents import Contents
from rivalry.export.writing.markdown import code, table, word
from rivalry.export.writing.records import FoundRecord

_SCORES = {
    "val/top1": "accuracy, strongest wins",
    "val/top5": "… among the five best",
    "val/calibration_error": "calibration error",
    "val/sampled_top1": "accuracy, logits of several draws averaged",
    "val/sampled_calibration_error": "… calibration error",
    "test/top1": "accuracy on the test pictures",
    "test/sampled_top1": "… logits of several draws averaged",
}
_HASH = 12
"""Digits of a fingerprint that the card shows."""


def score_table(provenance: Provenance) -> str:
    """What the run has logged of its evaluation."""
    rows = [
        (said, f"{100 * provenance.scores[name]:.1f} %") for name, said in _SCORES.items() if name in provenance.scores
    ]
    return table(["measured", "value"], rows)


def layer_table(contents: Contents) -> str:
    """A row for every layer whose units have labels."""
    heads = ["layer", "units", "in a block", "different labels", "never won", "confirmed by masks"]
    layers = contents.configuration.dissection.layers.items()
    return table(heads, [_layer_row(name, layer, contents.neurons) for name, layer in layers if layer.dissected])


def clearest_table(contents: Contents) -> str:
    """The units that the dissections show pictures of: clear labels, one of each."""
    units = {(row["layer"], row["unit"]): row for row in contents.neurons.to_pylist()}
    chosen: list[dict[str, Any]] = []
    for record in contents.drawn:
        layout: Any = record.header.settings.get("top_images")
        rows = layout.get("rows", []) if isinstance(layout, dict) else []
        mine = [units.get((row["layer"], row["unit"])) for row in rows]
        chosen += [row for row in mine if row and contents.provenance.labels[row["layer"]] == record.header.name]
    heads = ["layer", "unit", "label", "runner-up", "margin", "wins in", "since epoch"]
    return table(heads, [_unit_row(row) for row in chosen])


def record_table(contents: Contents) -> str:
    """A row for every analysis."""
    copied = {record.stored for record in contents.records}
    rows = [
        (
            word(one.header.name),
            str(one.header.epoch),
            _closeness(one, contents.provenance),
            code(f"{one.stored.path}/") if one.stored in copied else "not copied",
        )
        for one in contents.drawn
    ]
    return table(["analysis", "epoch", "of these weights", "where"], rows)


def origin_table(contents: Contents) -> str:
    """Run, data, CLIP, vocabulary and versions."""
    provenance = contents.provenance
    rows = [
        ("run", f"{word(provenance.run)}, epoch {provenance.epoch}, after {provenance.step} steps"),
        ("weights", code(provenance.weights[:_HASH])),
        *((f"pictures of {', '.join(parts)}", code(one[:_HASH])) for one, parts in _parts(provenance).items()),
        *_sources_of_labels(provenance),
        ("commit", code(provenance.commit[:_HASH]) if provenance.commit else "not known"),
        ("versions", ", ".join(code(f"{name} {number}") for name, number in provenance.versions.items())),
    ]
    return table(["what", "which"], rows)


def _parts(provenance: Provenance) -> dict[str, list[str]]:
    """The parts that data sets play, by their fingerprints: one often plays several."""
    parts: dict[str, list[str]] = {}
    for part, one in provenance.data.items():
        parts.setdefault(one, []).append(part)
    return parts


def _layer_row(name: str, layer: DissectedLayer, neurons: pa.Table) -> list[str]:
    block = str(layer.competitors) if layer.competitors > 1 else "no competition"
    units = neurons.filter(pc.equal(neurons["layer"], name))
    living = units.filter(pc.invert(units["dead"]))
    confirmed = pc.mean(living["confirmed"]).as_py()
    share = "" if confirmed is None else f"{100 * confirmed:.0f} %"
    counts = (len(living["label"].unique()), units.num_rows - living.num_rows)
    return [code(name), str(layer.units), block, *map(str, counts), share]


def _closeness(record: FoundRecord, provenance: Provenance) -> str:
    """Whether an analysis has seen the network that is exported."""
    if record.same_weights:
        return "yes, to the bit"
    if (record.header.epoch, record.header.step) != (provenance.epoch, provenance.step):
        return f"no, those of step {record.header.step}"
    return "of this step"


def _unit_row(row: dict[str, Any]) -> list[str]:
    since = "" if row["first_epoch"] is None else str(row["first_epoch"])
    label, runner_up = (word(row[name] or "") for name in ("label", "runner_up"))
    margin = "" if row["margin"] is None else f"{row['margin']:.2f}"
    return [code(row["layer"]), str(row["unit"]), label, runner_up, margin, f"{row['wins']} pictures", since]


def _sources_of_labels(provenance: Provenance) -> list[tuple[str, str]]:
    """CLIP and vocabulary of every dissection that labels come from."""
    rows = []
    for name in dict.fromkeys(provenance.labels.values()):
        told = {key: str(value) for key, value in provenance.records[name].items()}
        clip, words = told.get("clip_fingerprint", ""), told.get("vocabulary", "")
        rows.append((f"CLIP of {word(name)}", f"{code(told.get('clip', ''))}, {code(clip[:_HASH])}"))
        rows.append((f"vocabulary of {word(name)}", f"{word(told.get('words', ''))} words, {code(words[:_HASH])}"))
    return rows
