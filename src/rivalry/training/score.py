"""Loss, top-1, top-5 and calibration error of a pass over labelled images, on one rank or many.

The expected calibration error (Guo et al. 2017, "On Calibration of Modern Neural Networks", arXiv:1706.04599) says how
far the chances that a network gives its answers are from how often it is right:

    Σ over bins of confidence   |images| / all images · |accuracy − mean confidence|
"""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional
from torchmetrics import Metric

BINS = 15
"""Of equal width; those that are wholly certain stand apart, as in torchmetrics' calibration error."""


class Score(Metric):
    """Cross-entropy, accuracy and calibration error, image by image: batches and ranks of any size give the same.

    Args:
        num_classes: Top-5 is left out where there are no more than five classes.
    """

    full_state_update = False
    images: Tensor
    losses: Tensor
    first: Tensor
    among_five: Tensor
    overconfidence: Tensor

    def __init__(self, num_classes: int) -> None:
        super().__init__()
        self.num_classes = num_classes
        self.add_state("images", torch.zeros((), dtype=torch.long), dist_reduce_fx="sum")
        self.add_state("losses", torch.zeros((), dtype=torch.float64), dist_reduce_fx="sum")
        self.add_state("first", torch.zeros((), dtype=torch.long), dist_reduce_fx="sum")
        self.add_state("among_five", torch.zeros((), dtype=torch.long), dist_reduce_fx="sum")
        self.add_state("overconfidence", torch.zeros(BINS + 1, dtype=torch.float64), dist_reduce_fx="sum")

    def update(self, logits: Float[Tensor, "batch classes"], labels: Int[Tensor, " batch"]) -> None:
        """Add one batch."""
        best = logits.topk(min(5, self.num_classes), dim=1).indices == labels.unsqueeze(1)
        self.images += len(labels)
        self.losses += functional.cross_entropy(logits, labels, reduction="sum").double()
        self.first += best[:, 0].sum()
        self.among_five += best.sum()
        confidence = logits.softmax(1).amax(1).clamp(max=1)
        bins = torch.linspace(0, 1, BINS + 1, device=logits.device)
        place = torch.bucketize(confidence, bins, right=True) - 1
        self.overconfidence.index_add_(0, place, confidence.double() - best[:, 0].double())

    def compute(self) -> dict[str, Float[Tensor, ""]]:
        """Mean loss in nats; accuracies and calibration error in [0, 1]."""
        images = self.images.clamp(min=1)
        score = {"loss": (self.losses / images).float(), "top1": self.first / images}
        if self.num_classes > 5:
            score["top5"] = self.among_five / images
        score["calibration_error"] = (self.overconfidence.abs().sum() / images).float()
        return score
