"""The two scores of a pass over labelled images: by argmax, and by averaged draws where there are any."""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from rivalry.recording.ranks import keep_once, rank_and_world
from rivalry.training.score import Score


class Scoring(nn.Module):
    """Keeps both scores, and leaves out the images with which a DistributedSampler pads a rank's share.

    Args:
        num_classes: Of the network.
    """

    def __init__(self, num_classes: int) -> None:
        super().__init__()
        self.by_argmax, self.by_draws = Score(num_classes), Score(num_classes)
        self._shown = 0

    def begin(self) -> None:
        """Count anew."""
        self._shown = 0
        with torch.inference_mode(False):  # else the counts of a validation alone could not go on in a fit
            self.by_argmax.reset()
            self.by_draws.reset()

    def update(
        self,
        labels: Int[Tensor, " batch"],
        logits: Float[Tensor, "batch classes"],
        drawn: Float[Tensor, "batch classes"] | None,
        images: int,
    ) -> None:
        """Add this rank's next batch of a set of so many images."""
        own = keep_once(self._shown, len(labels), *rank_and_world(), images).to(labels.device)
        self._shown += len(labels)
        self.by_argmax.update(logits[own], labels[own])
        if drawn is not None:
            self.by_draws.update(drawn[own], labels[own])

    def compute(self, split: str, *, draws: bool) -> dict[str, Float[Tensor, ""]]:
        """The scores by the names under which they are logged. A collective."""
        scores = {f"{split}/{name}": value for name, value in self.by_argmax.compute().items()}
        if draws:
            scores |= {f"{split}/sampled_{name}": value for name, value in self.by_draws.compute().items()}
        return scores
