"""Loss, top-1 and top-5 of a pass over labelled images, on one rank or many."""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional
from torchmetrics import Metric


class Score(Metric):
    """Cross-entropy and accuracy, counted image by image, so that batches and ranks of any size give the same.

    Args:
        num_classes: Top-5 is left out where there are no more than five classes.
    """

    full_state_update = False
    images: Tensor
    losses: Tensor
    first: Tensor
    among_five: Tensor

    def __init__(self, num_classes: int) -> None:
        super().__init__()
        self.num_classes = num_classes
        self.add_state("images", torch.zeros((), dtype=torch.long), dist_reduce_fx="sum")
        self.add_state("losses", torch.zeros((), dtype=torch.float64), dist_reduce_fx="sum")
        self.add_state("first", torch.zeros((), dtype=torch.long), dist_reduce_fx="sum")
        self.add_state("among_five", torch.zeros((), dtype=torch.long), dist_reduce_fx="sum")

    def update(self, logits: Float[Tensor, "batch classes"], labels: Int[Tensor, " batch"]) -> None:
        """Add one batch."""
        best = logits.topk(min(5, self.num_classes), dim=1).indices == labels.unsqueeze(1)
        self.images += len(labels)
        self.losses += functional.cross_entropy(logits, labels, reduction="sum").double()
        self.first += best[:, 0].sum()
        self.among_five += best.sum()

    def compute(self) -> dict[str, Float[Tensor, ""]]:
        """Mean loss in nats, and accuracies in [0, 1]."""
        images = self.images.clamp(min=1)
        score = {"loss": (self.losses / images).float(), "top1": self.first / images}
        if self.num_classes > 5:
            score["top5"] = self.among_five / images
        return score
