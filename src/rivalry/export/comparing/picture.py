"""A comparison as a picture: what is drawn of it, chosen here, drawn by :mod:`rivalry.lens.comparison_chart`."""

from __future__ import annotations

import math

from rivalry.export.comparing.comparison import Comparison, LayerPair
from rivalry.export.comparing.headline import headline
from rivalry.lens.comparison_chart import CONCEPTS, Compared, ConceptLine, LayerLine, comparison_chart
from rivalry.records import Picture


def picture(comparison: Comparison) -> Picture:
    """Draw a comparison: uint8 (height, width, 3), 1100 pixels wide."""
    both, same = (sum(getattr(one.labels, name) for one in comparison.layers) for name in ("both", "same"))
    gained, lost = comparison.gained, comparison.lost
    shares = f"{same} of {both} units kept their label" if both else "no unit lives in both"
    return comparison_chart(
        Compared(
            comparison.names,
            f"{shares}   ·   {len(gained)} concepts gained   ·   {len(lost)} lost",
            [_line(one) for one in comparison.layers],
            _concepts(comparison),
            [(line.name, line.first, line.second) for line in headline(comparison)][:CONCEPTS],
        )
    )


def _line(one: LayerPair) -> LayerLine:
    both = one.labels.both
    active = [None if math.isnan(share) else share for share in one.active]
    kept = one.labels.same / both if both else None
    return LayerLine(one.layer, kept, one.labels.same_by_chance / max(both, 1), (active[0], active[1]))


def _concepts(comparison: Comparison) -> list[ConceptLine]:
    """Those that moved most: a third of the lines each for gained, for lost and for others, as far as there are."""
    third = -(-CONCEPTS // 3)
    gained, lost = comparison.gained[:third], comparison.lost[:third]
    others = [one for one in comparison.concepts if not one.gained and not one.lost]
    chosen = [*others[: CONCEPTS - len(gained) - len(lost)], *gained, *lost]
    return [ConceptLine(one.concept, one.first, one.second) for one in chosen]
