"""The prototypes of a record, as an insight is given them."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc
import torch

from rivalry.prototypes.insight import Made
from rivalry.prototypes.objectives.targets import Target
from rivalry.prototypes.record.schemas import OURS
from rivalry.recording.thumbnails import from_png


def made_prototypes(prototypes: pa.Table, targets: Sequence[Target], device: torch.device) -> Made | None:
    """Ours, by the pictures that the record holds: the same on every rank, and in a study that was gone on with.

    Args:
        prototypes: The table of that name.
        targets: All that were asked for.
        device: Where the pictures shall lie.

    Returns:
        None where there are none.
    """
    rows = prototypes.filter((pc.field("method") == OURS) & pc.field("picture").is_valid()).to_pylist()
    if not rows:
        return None
    classes = {target.text: target.number if target.layer is None else None for target in targets}
    pictures = torch.stack([from_png(row["picture"]) for row in rows]).to(device)
    alpha = torch.stack([from_png(row["alpha"])[0] for row in rows]).to(device)
    return Made(
        targets=tuple(row["target"] for row in rows),
        classes=tuple(classes[row["target"]] for row in rows),
        copies=tuple(row["copy"] for row in rows),
        images=pictures.float() / 255,
        alpha=alpha.float() / 255,
    )
