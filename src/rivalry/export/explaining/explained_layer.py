"""What the units of one layer say of a picture."""

from __future__ import annotations

from rivalry.export.explaining.contributions import UnitParts, enters_linearly, unit_parts, units_to_cover
from rivalry.export.explaining.explanation import ExplainedLayer, ExplainedUnit
from rivalry.export.explaining.hearing import HeardLayer, HeardPicture
from rivalry.export.explaining.labels import UNNAMED
from rivalry.export.explaining.settled import Settled
from rivalry.recording.grid import feature_map

MAPPED = 4
"""Units of a layer whose maps are kept, those that contribute most."""


def explain_layer(
    settled: Settled, layer: str, picture: HeardPicture, size: tuple[int, int], units: int | None
) -> ExplainedLayer:
    """Say what the units of a layer contribute.

    Args:
        settled: What is known of the layer.
        layer: Dotted name.
        picture: The pass.
        size: Height and width of the picture.
        units: How many are told, those that contribute most; None for all.

    Raises:
        ValueError: If the value that is asked for does not depend on the layer.
    """
    heard, axis = picture.layers[layer], settled.axes[layer]
    parts = unit_parts(layer, heard, axis)
    contributions = parts.contribution.tolist()
    total = sum(contributions)
    return ExplainedLayer(
        layer=layer,
        competitors=heard.competitors,
        width=len(contributions),
        won=int(parts.won.sum()),
        exact=enters_linearly(settled.checkpoint.network, picture, heard, axis),
        total=total,
        rest=picture.value - total,
        to_cover=units_to_cover(contributions),
        units=_units(settled, layer, heard, parts, size, units),
    )


def _units(
    settled: Settled, layer: str, heard: HeardLayer, parts: UnitParts, size: tuple[int, int], units: int | None
) -> tuple[ExplainedUnit, ...]:
    """Those that speak, the largest contribution of either sign first."""
    order = parts.contribution.abs().argsort(descending=True, stable=True)
    chosen = order[parts.speaking[order]][:units].tolist()
    drawn = chosen[:MAPPED] if layer in settled.placed else []
    maps = feature_map(settled.checkpoint.network, heard.output, size, settled.axes[layer])[0] if drawn else None
    labels = settled.labels[layer]
    return tuple(
        ExplainedUnit(
            unit,
            labels.get(unit, UNNAMED).text,
            labels.get(unit, UNNAMED).confirmed,
            float(parts.strength[unit]),
            float(parts.win_share[unit]),
            float(parts.contribution[unit]),
            None if maps is None or unit not in drawn else maps[unit].float().cpu().numpy(),
        )
        for unit in chosen
    )
