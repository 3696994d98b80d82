"""What the network answers to the renders of every picture: all that the reliance metrics need, seven numbers each.

Logits of all classes are never kept: of a picture stay its label, what was predicted of each render, and the target's
logit of each. That is 36 bytes a picture, 47 MB for the 1.3 million of ImageNet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from rivalry.recording.sample_rows import SampleRows

COLUMNS = 7


@dataclass(frozen=True)
class Answers:
    """The network's answers, a picture each, in the order of the pictures' indices.

    Attributes:
        index: Positions in the data set, ascending.
        label: Classes.
        clean: Classes predicted of the clean pictures.
        marked: Of the marked ones.
        null: Of those with the null mark.
        logit_clean: The target's logit, of the clean pictures.
        logit_marked: Of the marked ones.
        logit_null: Of those with the null mark.
    """

    index: Int[Tensor, " samples"]
    label: Int[Tensor, " samples"]
    clean: Int[Tensor, " samples"]
    marked: Int[Tensor, " samples"]
    null: Int[Tensor, " samples"]
    logit_clean: Float[Tensor, " samples"]
    logit_marked: Float[Tensor, " samples"]
    logit_null: Float[Tensor, " samples"]


def to_rows(
    label: Int[Tensor, " batch"],
    logits: Sequence[Float[Tensor, "batch classes"]],
    target: int,
) -> Float[Tensor, "batch columns"]:
    """What is kept of a batch: label, three predictions and three logits of the target.

    Args:
        label: Classes.
        logits: Of the clean, the marked and the null-marked pictures.
        target: The class of the mark.
    """
    return torch.stack(
        [label.float(), *(of.argmax(1).float() for of in logits), *(of[:, target].float() for of in logits)], 1
    )


def from_rows(rows: SampleRows) -> Answers:
    """The answers of all ranks. A collective."""
    kept = rows.compute()
    columns = kept.values.T
    return Answers(kept.index, *(column.long() for column in columns[:4]), *(column.double() for column in columns[4:]))
