"""What the units of a layer are called, out of a dissected checkpoint's table of neurons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc


@dataclass(frozen=True)
class Label:
    """What a unit is called.

    Attributes:
        text: Empty of a unit that was dead when the layer was named, None of one that has no name.
        confirmed: Whether masks have confirmed it; None where nobody judged.
    """

    text: str | None
    confirmed: bool | None


UNNAMED = Label(None, None)


def labels_of(neurons: pa.Table, layers: Sequence[str]) -> dict[str, dict[int, Label]]:
    """The labels of some layers by unit; of a layer that was not dissected there are none.

    Args:
        neurons: The table ``neurons`` of a dissected checkpoint.
        layers: Dotted names.
    """
    found: dict[str, dict[int, Label]] = {}
    for layer in layers:
        rows = neurons.filter(pc.field("layer") == layer)
        columns = (rows[name].to_pylist() for name in ("unit", "label", "confirmed"))
        found[layer] = {unit: Label(text, confirmed) for unit, text, confirmed in zip(*columns, strict=True)}
    return found
