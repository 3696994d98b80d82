"""The natural pictures that stand beside prototypes: the strongest of each target, some at quantiles, own and others.

People do better with natural pictures than with synthetic ones (Borowski et al., "Exemplary natural images explain CNN
activations better than state-of-the-art feature visualization", ICLR 2021): a prototype is never shown without them.

They are kept while pictures stream by: targets × pictures, and a reservoir of some pictures drawn by seed, of which
quantiles are taken. Nothing depends on batches or on the number of ranks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torchmetrics import Metric

from rivalry.data.augmentation.randomness import draw_evenly
from rivalry.numerics.sampling import draw
from rivalry.prototypes.natural import Worth
from rivalry.recording.moments import Means
from rivalry.recording.sample_rows import Rows, SampleRows
from rivalry.recording.top_images import Ranking, TopImages


@dataclass(frozen=True)
class Examples:
    """Which natural pictures stand beside prototypes, and how many.

    Attributes:
        top: The strongest pictures of a target that are shown.
        quantiles: Of its values over the reservoir; of each, the picture next to it is shown.
        own: Pictures of the target that the prototype's path is compared with: of its class, or the strongest.
        others: Pictures of none of it.
        reservoir: Pictures of which quantiles are taken.

    Raises:
        ValueError: For numbers out of bounds.
    """

    top: int = 8
    quantiles: Sequence[float] = (0.99, 0.9, 0.75, 0.5)
    own: int = 50
    others: int = 50
    reservoir: int = 2000

    def __post_init__(self) -> None:
        for name in ("top", "own", "others", "reservoir"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is 1 picture or more, got {getattr(self, name)}")
        outside = [quantile for quantile in self.quantiles if not 0 <= quantile <= 1]
        if outside:
            raise ValueError(f"quantiles lie between 0 and 1, got {outside[0]}")


@final
class Beside:
    """The natural pictures beside the prototypes of some targets, by position in the data set.

    Args:
        ranking: The strongest pictures of each target among those that it answers, with their values, and in how many
            it answers.
        own: Of each target, pictures of it, ascending.
        others: Of each target, pictures that are none of it, ascending.
        quantiles: Of each target, the picture at each quantile and its value.
        natural_value: Mean value of each target over its own pictures; NaN where there are none.
        mean_value: Mean value of each target over all pictures.
    """

    def __init__(
        self,
        ranking: Ranking,
        own: Sequence[tuple[int, ...]],
        others: Sequence[tuple[int, ...]],
        quantiles: Sequence[Sequence[tuple[int, float]]],
        natural_value: Float[Tensor, " targets"],
        mean_value: Float[Tensor, " targets"],
    ) -> None:
        self.ranking, self.own, self.others = ranking, tuple(own), tuple(others)
        self.quantiles, self.natural_value, self.mean_value = tuple(quantiles), natural_value, mean_value


class NaturalPictures:
    """Keeps natural pictures of targets while they stream by.

    Args:
        examples: How many.
        strongest: Of each target, whether its own pictures are the strongest; else those that are said to be.
        samples: Pictures that will come, over all ranks.
        seed: Of what is drawn.
        device: Of what comes.
    """

    def __init__(
        self, examples: Examples, strongest: Bool[Tensor, " targets"], samples: int, seed: int, device: torch.device
    ) -> None:
        count = len(strongest)
        self._examples, self._strongest, self._seed = examples, strongest.tolist(), seed
        self._top = TopImages(count, max(examples.top, examples.own)).to(device)
        self._drawn = TopImages(count, examples.own).to(device)
        self._others = TopImages(count, examples.own + examples.others).to(device)  # own ones among them fall out later
        self._sums, self._all = _Sums(count).to(device), Means(count).to(device)
        self._kept = draw(samples, examples.reservoir, seed).to(device)
        self._reservoir = SampleRows(count, len(self._kept)).to(device)

    def update(self, worth: Worth, members: Bool[Tensor, "batch targets"], index: Int[Tensor, " batch"]) -> None:
        """Take in a batch.

        Args:
            worth: Of its pictures for the targets.
            members: Which are pictures of which target; of targets whose own are the strongest it does not matter.
            index: Positions in the data set.
        """
        self._top.update(worth.values, worth.answered.float(), index)
        chance = draw_evenly(self._seed, 0, index, 1).to(worth.values).expand_as(worth.values)
        self._drawn.update(chance, members.float(), index)
        self._others.update(chance, (~members).float(), index)
        self._sums.update(worth.values, members)
        self._all.update(worth.values)
        chosen = torch.isin(index, self._kept)
        self._reservoir.update(worth.values[chosen], index[chosen])

    def compute(self) -> Beside:
        """Put together what all ranks have seen. A collective."""
        ranking, drawn, others = self._top.compute(), self._drawn.compute(), self._others.compute()
        own = [
            _places((ranking if strongest else drawn).images[target, : self._examples.own])
            for target, strongest in enumerate(self._strongest)
        ]
        rest = [_places(row, leaving=own[target])[: self._examples.others] for target, row in enumerate(others.images)]
        # torchmetrics squeezes what has one element
        labelled, everything = (sums.compute().reshape(-1) for sums in (self._sums, self._all))
        strong = ranking.values[:, : self._examples.own]
        strong = torch.where(strong.isfinite(), strong, torch.nan).double().nanmean(1)
        mean = torch.where(torch.tensor(self._strongest, device=strong.device), strong, labelled)
        rows = self._reservoir.compute()
        quantiles = [at_quantiles(rows, target, self._examples.quantiles) for target in range(len(own))]
        ours, theirs = ([tuple(sorted(one)) for one in pictures] for pictures in (own, rest))
        return Beside(ranking, ours, theirs, quantiles, mean, everything)


def at_quantiles(rows: Rows, column: int, quantiles: Sequence[float]) -> list[tuple[int, float]]:
    """The samples that stand at quantiles of a column: index and value of each; of equal values the lower index first.

    >>> at_quantiles(Rows(torch.tensor([3, 5, 8]), torch.tensor([[0.5], [0.1], [0.9]])), 0, [1.0, 0.5])
    [(8, 0.8999999761581421), (3, 0.5)]
    """
    ordered = rows.values[:, column].sort(stable=True)
    places = [round(quantile * (len(ordered.values) - 1)) for quantile in quantiles]
    return [(int(rows.index[ordered.indices[place]]), float(ordered.values[place])) for place in places]


class _Sums(Metric):
    """Mean values of targets over the pictures that are said to be theirs."""

    full_state_update = False
    total: Tensor
    count: Tensor

    def __init__(self, targets: int) -> None:
        super().__init__()
        self.add_state("total", torch.zeros(targets, dtype=torch.float64), dist_reduce_fx="sum")
        self.add_state("count", torch.zeros(targets, dtype=torch.int64), dist_reduce_fx="sum")

    def update(self, values: Float[Tensor, "batch targets"], members: Bool[Tensor, "batch targets"]) -> None:
        self.total += torch.where(members, values.double(), 0.0).sum(0)
        self.count += members.sum(0)

    def compute(self) -> Float[Tensor, " targets"]:
        return self.total / self.count  # 0 / 0 is NaN: there is no such picture


def _places(row: Int[Tensor, " k"], leaving: Sequence[int] = ()) -> list[int]:
    """The positions that were claimed, in their order, without some."""
    return [place for place in row.tolist() if place >= 0 and place not in leaving]
