"""How what a page shows was found, in a few words and values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rivalry.lens.site.shelf import Volume
from rivalry.lens.site.units.story import Story

_SAID = {"mode": "winners by", "seed": "seed", "dataset": "probe set", "clip": "CLIP"}
_ALL = _SAID | {
    "samples": "pictures of the probe set", "network": "network", "weights": "weights", "vocabulary": "vocabulary",
    "words": "words", "similarity": "similarity", "pooling": "pooled by", "sample": "pictures sampled",
}  # fmt: skip
_DIGEST = 12


def settings_of(story: Story, *, whole: bool = False) -> list[tuple[str, str]]:
    """Words and values: those of the dissection, then what the profile adds, then each record with its epoch.

    Args:
        story: The layer.
        whole: All of them, and not just those without which a page cannot be repeated.
    """
    told: dict[str, str] = {}
    for volume in [*story.neurons[:1], *story.profiles[:1], *story.activity[:1]]:
        for name, said in (_ALL if whole else _SAID).items():
            if name in volume.settings and said not in told:
                told[said] = _short(name, volume.settings[name])
    if story.competitors:
        told["units in a block"] = str(story.competitors) if story.competitors > 1 else "1, nothing competes"
    kinds = (story.neurons, story.profiles, story.activity, story.detectors, story.basis, story.watermark)
    told["records"] = ", ".join(_named(volume) for volumes in kinds for volume in volumes)
    return list(told.items())


def _named(volume: Volume) -> str:
    return f"{volume.name} of epoch {volume.epoch}{', made afterwards' if volume.afterwards else ''}"


def _short(name: str, value: Any) -> str:
    """A value in a line; of digests the beginning."""
    if isinstance(value, Mapping | list):
        return f"{len(value)} values"
    text = str(value)
    digest = name in ("dataset", "weights", "vocabulary") and len(text) > _DIGEST
    return text[:_DIGEST] + "…" if digest else text[:120]
