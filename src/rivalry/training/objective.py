"""What a network is trained towards: cross-entropy or binary cross-entropy, on labels or on soft targets, smoothed.

Smoothing (Szegedy et al. 2016, "Rethinking the Inception Architecture"): a share ε of every target is spread evenly,
``(1 − ε) · target + ε / classes``. Binary cross-entropy asks of every class apart whether it is in the picture, so that
both parents of a mixed picture count as present (Wightman et al. 2021, "ResNet strikes back", arXiv:2110.00476).
"""

from __future__ import annotations

from typing import Literal

from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional

Loss = Literal["cross_entropy", "binary"]

PRESENT = 0.2
"""A class whose share of a mixed picture is larger is in it, for the binary loss; as in the recipes of that paper."""


def classification_loss(
    logits: Float[Tensor, "batch classes"],
    labels: Int[Tensor, " batch"],
    target: Float[Tensor, "batch classes"] | None = None,
    *,
    loss: Loss = "cross_entropy",
    smoothing: float = 0.0,
) -> Float[Tensor, ""]:
    """The loss of a batch, in nats: its mean over pictures, and for ``binary`` over classes too.

    Args:
        logits: What the network says.
        labels: The class of each picture; not looked at where there is a target.
        target: Shares of the classes in each picture, rows that sum to one, as mixing pictures makes them.
        loss: Which one.
        smoothing: ε in [0, 1).

    >>> import torch
    >>> classification_loss(torch.zeros(1, 4), torch.tensor([2]), smoothing=0.1)
    tensor(1.3863)
    """
    if loss == "cross_entropy":
        return functional.cross_entropy(logits, labels if target is None else target, label_smoothing=smoothing)
    classes = logits.shape[1]
    present = functional.one_hot(labels, classes) if target is None else target > PRESENT
    smoothed = present.to(logits.dtype) * (1 - smoothing) + smoothing / classes
    return functional.binary_cross_entropy_with_logits(logits, smoothed)
