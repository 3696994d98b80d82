"""The counter-image: is what the prototype suggests what the network goes by?

A hypothesis is pasted on pictures of other classes, and the prediction is asked for again:

    flips  = share of these pictures that are then taken for the class
    change = mean of p(class | with it) − p(class | without it)

Pasted are the box of the class's prototype that drew most of the gradient, at the place where it is there, and, where a
watermark is looked for, the watermark. Any patch hides something, and any mark is ink, so each has a control: the boxes
of the prototypes of all other classes (their mean), and the null mark. What counts is how far the flips lie above those
of the control. Intervals are of the bootstrap over pictures, paired with the control.

The pictures are of the probe set, on which neither the network was trained nor any prototype made. Left out are those
that are of the class or taken for it as they are, and those that bear a mark.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor

from rivalry.data.watermark import Watermark
from rivalry.numerics.bootstrap import bootstrap_means
from rivalry.prototypes.insight.boxes import most_attributed, paste
from rivalry.prototypes.insight.given import Known, Made
from rivalry.prototypes.insight.pictures import as_bytes, printed, unmarked
from rivalry.prototypes.insight.schemas import Row
from rivalry.recording.box import Box
from rivalry.recording.chosen import ChosenPictures

SIDE = 0.4
"""Side of the box that is pasted, as a share of the picture's shorter side."""

CONTROLS = {"prototype": "prototypes of other classes", "mark": "null mark"}
"""What is pasted, and what it is held against."""

_SHOWN = ("nothing", "prototype", "prototypes of other classes", "mark", "null mark")


class Patch(NamedTuple):
    """What a prototype suggests.

    Attributes:
        pixels: What it shows in the box.
        box: Where it is.
    """

    pixels: UInt8[Tensor, "3 _ _"]
    box: Box


def counter_image_rows(made: Made, known: Known, watermark: Watermark | None, pictures: int) -> list[Row]:
    """Rows of the table ``counter_images``: what was pasted, by class. A collective.

    Args:
        made: The prototypes; those that are not of a class are left out.
        known: Shows pictures.
        watermark: The mark, where one is looked for.
        pictures: On which things are pasted, at most.
    """
    of_class = made.rows_of_classes()
    if not of_class:
        return []
    patches = [[suggested(made, row) for row in rows] for rows in of_class.values()]
    classes = torch.tensor(list(of_class), device=known.device)
    chosen = ChosenPictures(known.dataset, unmarked(known.dataset, pictures, known.seed), known.device, known.workers)
    measured = [_measure(batch, classes, patches, watermark, known).flatten(1) for batch in chosen.batches()]
    answers = chosen.gather(measured, 2 * len(_SHOWN) * len(classes)).values.reshape(-1, len(_SHOWN), 2, len(classes))
    return [
        row
        for place, (class_, rows) in enumerate(of_class.items())
        for row in class_rows(made.targets[rows[0]], known.class_names[class_], answers[..., place], known.seed)
    ]


def class_rows(target: str, class_: str, answers: Float[Tensor, "pictures shown 2"], seed: int) -> list[Row]:
    """What came of all that was pasted, for one class.

    Args:
        target: Of its prototypes.
        class_: Its name.
        answers: Probability of the class and whether the picture was taken for it, with nothing, with what was pasted
            and with the controls in the order of ``_SHOWN``; NaN for pictures that are left out, and for what was not
            pasted.
        seed: Of the bootstrap.
    """
    shown = dict(zip(_SHOWN, answers.double().unbind(1), strict=True))
    rows: list[Row] = []
    for pasted, control in CONTROLS.items():
        columns = {
            "flips": shown[pasted][:, 1],
            "change": shown[pasted][:, 0] - shown["nothing"][:, 0],
            "control_flips": shown[control][:, 1],
            "control_change": shown[control][:, 0] - shown["nothing"][:, 0],
        }
        columns |= {f"{name}_above": columns[name] - columns[f"control_{name}"] for name in ("flips", "change")}
        asked = int((~columns["flips"].isnan()).sum())
        if asked:
            said = bootstrap_means(columns, seed=seed)
            numbers = {name: one.value for name, one in said.items()}
            ends = {f"{name}_{end}": getattr(one, end) for name, one in said.items() for end in ("low", "high")}
            rows.append({"target": target, "class": class_, "pasted": pasted, "pictures": asked} | numbers | ends)
    return rows


def suggested(made: Made, row: int) -> Patch:
    """The box of a prototype that drew most of the gradient."""
    box = most_attributed(made.alpha[row], SIDE)
    return Patch(as_bytes(made.images[row])[:, *box.window].cpu(), box)


def _measure(
    batch: Mapping[str, Any],
    classes: Int[Tensor, " classes"],
    patches: Sequence[Sequence[Patch]],
    watermark: Watermark | None,
    known: Known,
) -> Float[Tensor, "batch shown 2 classes"]:
    """What the network says of a batch of pictures with all that is pasted, of every class."""
    images, index = batch["image"], batch["index"].tolist()

    def answers(pictures: Tensor) -> Tensor:
        _, logits = known.show(pictures.to(known.device))
        taken = (logits.argmax(1, keepdim=True) == classes).float()
        return torch.stack((logits.float().softmax(1)[:, classes], taken), 1)

    nothing = answers(images)
    own, total = torch.zeros_like(nothing), torch.zeros_like(nothing)
    for place, copies in enumerate(patches):
        found = answers(_pasted(images, index, copies))
        own[..., place] = found[..., place]
        total += found
    marks = [torch.full_like(own, torch.nan)] * 2
    if watermark is not None:
        marks = [answers(printed(images, index, one, known.seed)) for one in (watermark, watermark.null())]
    said = torch.stack((nothing, own, (total - own) / (len(patches) - 1), *marks), 1)
    left_out = nothing[:, 1] > 0
    if known.dataset.classes == known.class_names:
        left_out |= batch["label"].to(classes)[:, None] == classes
    return said.masked_fill(left_out[:, None, None], torch.nan)


def _pasted(images: Tensor, index: Sequence[int], copies: Sequence[Patch]) -> Tensor:
    """Pictures with the patch of one of the copies each, in turn."""
    chosen = [copies[of % len(copies)] for of in index]
    return torch.stack([paste(image, *patch) for image, patch in zip(images, chosen, strict=True)])
