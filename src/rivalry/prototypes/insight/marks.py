"""Does the prototype of a class show a mark? Three measures, each for the mark, for its null, and for other classes.

    correlation  normalised correlation with the mark where it fits best, over places, turns and sizes
    clip         cos(prototype, pictures with the mark) − cos(prototype, the same without it), by a CLIP; means
    attribution  share of the α map in the box where the mark fits best, over the box's share of the area

    excess       the measure for the mark − the measure for the null mark, mean over copies
    deviations   (excess − mean of the other classes' excesses) / their standard deviation
    above        the same of the measure for the mark itself

The null mark has as much ink on the same area and means nothing: prototypes are full of edges, and some fit anywhere.
The other classes tell how large an excess is by chance. What follows is said by :mod:`verdict`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from rivalry.clip.towers import Clip, load_clip, prepare
from rivalry.data.watermark import Watermark
from rivalry.prototypes.insight.boxes import attributed_lift
from rivalry.prototypes.insight.given import Known, Made
from rivalry.prototypes.insight.pictures import as_bytes, printed, unmarked
from rivalry.prototypes.insight.schemas import Row
from rivalry.prototypes.insight.templates import Match, best_matches, templates
from rivalry.prototypes.insight.verdict import deviations, shows_mark
from rivalry.recording.chosen import ChosenPictures


class Measured(NamedTuple):
    """A measure of each prototype.

    Attributes:
        mark: For the mark.
        null: For its null.
    """

    mark: Float[Tensor, " prototypes"]
    null: Float[Tensor, " prototypes"]


def mark_rows(made: Made, known: Known, watermark: Watermark, clip: str | None, pictures: int) -> list[Row]:
    """Rows of the table ``marks``, one a class. A collective.

    Args:
        made: The prototypes; those that are not of a class are left out.
        known: Says what is natural.
        watermark: The mark that is looked for.
        clip: As for :func:`rivalry.clip.towers.load_clip`; without one, a measure less.
        pictures: Natural pictures that CLIP sees with the mark and without it, at most.
    """
    of_class = made.rows_of_classes()
    if not of_class:
        return []
    height, width = made.images.shape[2:]
    kinds = watermark, watermark.null()
    marked, null = (best_matches(made.images, templates(one, height, width)) for one in kinds)
    measured = {
        "correlation": Measured(*(torch.tensor([one.correlation for one in of]) for of in (marked, null))),
        "attribution": Measured(*(_lifts(made.alpha, of) for of in (marked, null))),
    }
    if clip is not None:
        measured["clip"] = _by_clip(made, known, kinds, load_clip(clip, str(known.device)), pictures)
    columns = _columns(measured, list(of_class.values()))
    rows: list[Row] = []
    for place, (class_, copies) in enumerate(of_class.items()):
        numbers = {name: float(column[place]) for name, column in columns.items()}
        above, excess = ([numbers[f"{name}_{what}"] for name in measured] for what in ("above", "deviations"))
        verdict = shows_mark(above, excess, others=len(of_class) - 1)
        best = max(copies, key=lambda row: marked[row].correlation)
        rows.append(
            {"target": made.targets[copies[0]], "class": known.class_names[class_], "copies": len(copies)}
            | {"copy": made.copies[best], **_where(marked[best]), **numbers, "shows_mark": verdict}
        )
    return rows


def _columns(measured: Mapping[str, Measured], copies: Sequence[tuple[int, ...]]) -> dict[str, Tensor]:
    """Every measure by class: means over copies, excess, and deviations from the other classes."""
    columns: dict[str, Tensor] = {}
    for name, one in measured.items():
        mark, null = (torch.stack([of[list(rows)].double().mean() for rows in copies]) for of in one)
        columns |= {name: mark, f"{name}_null": null, f"{name}_excess": mark - null}
        columns |= {f"{name}_deviations": deviations(mark - null), f"{name}_above": deviations(mark)}
    return columns


def _where(match: Match) -> Row:
    """The place of a match, by column."""
    box = match.box
    place = {"top": box.top, "left": box.left, "height": box.height, "width": box.width}
    return place | {"turn": match.turn, "scale": match.scale}


def _lifts(alpha: Tensor, matches: Sequence[Match]) -> Tensor:
    """How much of each α map lies where the match is, over its share of the area."""
    return torch.tensor([attributed_lift(one, match.box) for one, match in zip(alpha, matches, strict=True)])


def _by_clip(made: Made, known: Known, kinds: Sequence[Watermark], clip: Clip, pictures: int) -> Measured:
    """Cosines with natural pictures that bear a mark, less those with the same pictures bare. A collective."""
    chosen = ChosenPictures(known.dataset, unmarked(known.dataset, pictures, known.seed), known.device, known.workers)
    rows = []
    for batch in chosen.batches():
        bare, index = batch["image"], batch["index"].tolist()
        shown = [bare, *(printed(bare, index, one, known.seed) for one in kinds)]
        rows.append(torch.cat([_encode(clip, images) for images in shown], 1))
    means = chosen.gather(rows, 3 * clip.width).values.double().mean(0).view(3, -1)
    seen = _encode(clip, as_bytes(made.images)).double()
    return Measured(*((seen @ (marked - means[0])).cpu() for marked in means[1:]))


def _encode(clip: Clip, images: Tensor) -> Tensor:
    """Features of unit length."""
    return clip.encode_prepared(prepare(images.to(clip.device), clip.preparation))
