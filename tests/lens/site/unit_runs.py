"""Small runs whose units are known by hand: two layers, blocks of two, one picture of 4 × 4 pixels shown by all."""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from PIL import Image

from rivalry.lens.site.section import Site
from rivalry.lens.site.shelf import Shelf
from rivalry.records import Record

SETTINGS: dict[str, Any] = {
    "layers": ["act1", "act2"], "competitors": {"act1": 2, "act2": 2}, "mode": "argmax", "seed": 0, "samples": 9,
    "dataset": "fingerprint", "clip": "local-dir:small",
}  # fmt: skip


def write(root: Path, name: str, epoch: int, scalars: Mapping[str, float] = {}, **tables: Mapping[str, Any]) -> Path:
    """A record of some tables."""
    made = {table: pa.table(columns) for table, columns in tables.items()}
    return Record(name, epoch, 10 * epoch, dict(scalars), made, {}, dict(SETTINGS)).save(root / "records")


def write_names(root: Path, epoch: int, labels: Sequence[str], *, confirmed: bool | None = True) -> Path:
    """A dissection: two units of ``act1``, then the rest of ``act2``; an empty label is a dead unit's."""
    count = len(labels)
    dead = [not label for label in labels]
    units = {
        "layer": ["act1"] * 2 + ["act2"] * (count - 2), "unit": [0, 1, *range(count - 2)], "label": list(labels),
        "score": [0.5] * count, "runner_up": ["second"] * count, "margin": [0.25 + 0.1 * n for n in range(count)],
        "wins": [0 if one else 4 for one in dead], "win_rate": [0.0 if one else 0.3 for one in dead], "dead": dead,
        "clarity": [0.5] * count, "true_concept": ["truth"] * count, "pearson": [0.4] * count,
        "label_iou": [0.2] * count, "confirmed": [confirmed] * count,
    }  # fmt: skip
    return write(root, "neurons", epoch, {"label_iou_floor": 0.1, "clarity_floor": 0.3}, units=units)


def write_profile(
    root: Path, epoch: int, *, classes: Sequence[str] = ("cat", "dog"), units: int = 2, shown: Sequence[int] = (2, 3)
) -> Path:
    """Profiles of the units of ``act2``: strongest pictures 5 and 3, and 2 at a quantile; those ``shown`` are there."""
    layer, every = ["act2"] * units, range(units)
    table = {
        "layer": layer, "unit": every, "pictures": [9] * units, "wins": [4] * units, "win_rate": [0.4] * units,
        "mean": [1.0] * units, "standard_deviation": [0.5] * units, "lowest": [0.0] * units, "highest": [3.0] * units,
        "dead": [False] * units, "density": [4 / 9] * units, "edges": [[0.0, 1.0, 2.0]] * units,
        "counts": [[3, 1]] * units, "sampled": [9] * units, "raised_classes": [[classes[0]]] * units,
        "raised_effects": [[2.0]] * units, "lowered_classes": [[classes[1]]] * units,
        "lowered_effects": [[-1.0]] * units, "effects_by": ["weight"] * units,
        "nearest_units": [[1 - unit] if units == 2 else [] for unit in every],
        "nearest_cosines": [[0.9] if units == 2 else [] for _ in every],
    }  # fmt: skip
    kinds = [("top", 0, None, 5), ("top", 1, None, 3), ("quantile", 0, 0.75, 2)]
    rows = [
        {
            "layer": "act2", "unit": unit, "kind": kind, "rank": rank, "quantile": quantile, "index": index,
            "value": float(index), "class": classes[0], "map": bytes([0, 0, 0, 10 * index]), "height": 2, "width": 2,
            "left": 0.5, "top": 0.5, "right": 1.0, "bottom": 1.0,
        }
        for unit in every
        for kind, rank, quantile, index in kinds
    ]  # fmt: skip
    pictures = {
        "index": list(shown), "class": [classes[0]] * len(shown), "width": [8 if one == 3 else 4 for one in shown],
        "height": [4] * len(shown), "thumbnail": [picture()] * len(shown),
    }  # fmt: skip
    samples = {name: [row[name] for row in rows] for name in rows[0]}
    samples["quantile"] = pa.array(samples["quantile"], pa.float64())
    return write(root, "profiles", epoch, units=table, samples=samples, pictures=pictures)


def picture() -> bytes:
    """A PNG."""
    file = io.BytesIO()
    Image.fromarray(np.zeros((4, 4, 3), np.uint8)).save(file, "PNG")
    return file.getvalue()


def site_of(root: Path) -> Site:
    """The run as sections see it."""
    return Site(Shelf.open(root))


def pages_of(section: Any, site: Site) -> dict[str, str]:
    """All files of a section, by address."""
    return {address: content if isinstance(content, str) else "" for job in section.plan(site)
            for address, content in section.make(site, job)}  # fmt: skip
