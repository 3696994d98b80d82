"""``provenance.json``: what a dissected checkpoint was made of and by what, as far as the run says so.

It holds no date and no name of a machine: the same run exported twice gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rivalry.export.folder.plain import entry, mapping, text, whole
from rivalry.records import JSON

_PLACE = "provenance.json"


@dataclass(frozen=True)
class Provenance:
    """Where a dissected checkpoint comes from.

    Attributes:
        versions: Of rivalry, Python, torch, timm and what else decides numbers.
        commit: Git commit of the folder in which the export ran; None where it is no repository.
        run: Name of the run.
        epoch: Of the checkpoint.
        step: Optimiser steps done by then.
        weights: Fingerprint of the network's state (:func:`rivalry.numerics.fingerprint.state_fingerprint`).
        configuration: The run's settings, as its YAML file has them; None where there are none.
        seeds: By what they seed.
        data: Fingerprints of the data sets by their part: ``train``, ``validation``, ``test``, ``probe``.
        records: Of every analysis, by name: the settings of its record, with CLIP, vocabulary and their hashes; its
            ``epoch``, and as ``same_weights`` whether it is, to the last bit, of the weights in the folder.
        labels: Of every dissected layer, by dotted name: the analysis that its labels come from.
        scores: What the run has logged at this epoch of its validation and its test: ``val/top1`` …
    """

    versions: Mapping[str, str]
    commit: str | None
    run: str
    epoch: int
    step: int
    weights: str
    configuration: Mapping[str, JSON] | None
    seeds: Mapping[str, int]
    data: Mapping[str, str]
    records: Mapping[str, Mapping[str, JSON]]
    labels: Mapping[str, str]
    scores: Mapping[str, float]

    def to_json(self) -> dict[str, Any]:
        """As the file holds it."""
        return dict(vars(self))

    @classmethod
    def from_json(cls, value: Any) -> Provenance:
        """Read it back.

        Raises:
            ValueError: If something is missing or of another kind.
        """
        told = mapping(value, _PLACE)
        given = {name: entry(told, name, _PLACE) for name in cls.__dataclass_fields__}
        for name in ("versions", "seeds", "data", "records", "labels", "scores"):
            mapping(given[name], f"{_PLACE}: {name}")
        for name in ("run", "weights"):
            text(given[name], f"{_PLACE}: {name}")
        for name in ("epoch", "step"):
            whole(given[name], f"{_PLACE}: {name}")
        for name, kind in (("commit", text), ("configuration", mapping)):
            if given[name] is not None:
                kind(given[name], f"{_PLACE}: {name}")
        return cls(**given)
