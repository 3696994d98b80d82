"""Gather what a dissected checkpoint was made of: versions, settings and seeds of the run, pictures, CLIP, words."""

from __future__ import annotations

import json
import platform
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml

import rivalry
from rivalry.export.folder import Provenance
from rivalry.export.writing.records import FoundRecord
from rivalry.export.writing.scores import scores_of
from rivalry.export.writing.source import Source
from rivalry.records import JSON

_DECISIVE = ("torch", "torchvision", "timm", "open_clip_torch", "numpy", "pyarrow", "safetensors")
_SEEDS = ("seed", "seed_everything")


def gather_provenance(
    source: Source, weights: str, records: Iterable[FoundRecord], labelled: Mapping[str, FoundRecord]
) -> Provenance:
    """Say where a checkpoint comes from.

    Args:
        source: What is exported.
        weights: Fingerprint of the exported network.
        records: The last one of every analysis.
        labelled: The record that each layer's labels come from.
    """
    target = source.target
    settings = _settings(target.configuration)
    return Provenance(
        versions={
            "rivalry": rivalry.__version__,
            "python": platform.python_version(),
            **{name: version(name) for name in _DECISIVE},
        },
        commit=_commit(),
        run=target.folder.name,
        epoch=target.epoch,
        step=target.step,
        weights=weights,
        configuration=settings,
        seeds=dict(_seeds(settings)) if settings else {},
        data=_fingerprints(source),
        records={one.header.name: _told(one) for one in records},
        labels={layer: found.header.name for layer, found in labelled.items()},
        scores=scores_of(target.folder.metrics, target.epoch),
    )


def _commit() -> str | None:
    """The commit of the repository in which the command runs; None where it is none, or git is not installed."""
    try:
        said = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return None
    return said.stdout.strip() if said.returncode == 0 else None


def _settings(file: Path | None) -> dict[str, JSON] | None:
    """A run's settings as JSON; numbers that it has no word for become strings, as in records."""
    if file is None:
        return None
    written = yaml.safe_load(file.read_text(encoding="utf-8"))
    settings: dict[str, JSON] = json.loads(json.dumps(written, default=str), parse_constant=str)
    return settings


def _seeds(settings: Any, place: str = "") -> Iterator[tuple[str, int]]:
    """Every seed in the settings, by its dotted place."""
    entries = (
        settings.items() if isinstance(settings, dict) else enumerate(settings) if isinstance(settings, list) else ()
    )
    for name, value in entries:
        if name in _SEEDS and isinstance(value, int) and not isinstance(value, bool):
            yield f"{place}{name}", value
        yield from _seeds(value, f"{place}{name}.")


def _fingerprints(source: Source) -> dict[str, str]:
    pictures = source.pictures
    if pictures is None:
        return {} if source.shown is None else {"probe": source.shown.fingerprint}
    parts = {"train": pictures.train, "validation": pictures.validation, "test": pictures.test, "probe": pictures.probe}
    return {part: one.fingerprint for part, one in parts.items()}


def _told(record: FoundRecord) -> dict[str, JSON]:
    return {**record.header.settings, "epoch": record.header.epoch, "same_weights": record.same_weights}
