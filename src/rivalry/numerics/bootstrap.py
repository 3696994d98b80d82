"""Intervals by resampling: how far a number would move had other pictures been drawn.

    θ*_b = θ(w_b),  w_b ~ Multinomial(n; 1/n, …, 1/n)          interval = the 2.5 % and 97.5 % percentiles of θ*

Percentile bootstrap (Efron & Tibshirani, "An Introduction to the Bootstrap", 1993, ch. 13). A resample is the number of
times that each sample was drawn, so a statistic is written once, for weights, and gives the number itself (all weights
1) and its resamples alike. Whatever is measured twice on one sample has the same weight twice: the bootstrap is paired.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

RESAMPLES = 1000
LEVEL = 0.95
_WEIGHTS_AT_ONCE = 2**23

Statistic = Callable[[Float[Tensor, "resamples samples"]], Mapping[str, Float[Tensor, " resamples"]]]
"""From weights of the samples to numbers by name, a row of weights each; NaN where the weights leave one undefined."""


class Interval(NamedTuple):
    """A number and where it lies.

    Attributes:
        value: The statistic of the samples as they are.
        low: Lower end of the interval.
        high: Upper end of the interval.
    """

    value: float
    low: float
    high: float


def bootstrap(
    statistic: Statistic,
    samples: int,
    *,
    resamples: int = RESAMPLES,
    level: float = LEVEL,
    seed: int = 0,
    device: torch.device | None = None,
) -> dict[str, Interval]:
    """Give statistics of samples with their percentile intervals.

    Resamples that leave a statistic undefined (NaN: no picture of a class was drawn) are left out of its percentiles.
    Work is resamples × samples; memory is bounded, whatever their numbers.

    Args:
        statistic: From weights (float64) to numbers by name.
        samples: How many there are. Of none, every number is what the statistic says of no weights, with NaN ends.
        resamples: How often to draw.
        level: Share of the resamples within the interval, in (0, 1).
        seed: Of the draws, which are made on the CPU: the same on every device and rank.
        device: Where the weights are to lie.

    Raises:
        ValueError: For fewer than two resamples, or a level outside (0, 1).

    >>> height = torch.tensor([1.0, 2.0, 3.0, 4.0], dtype=torch.float64)
    >>> bootstrap(lambda weights: {"mean": (weights * height).sum(1) / weights.sum(1)}, 4)["mean"]
    Interval(value=2.5, low=1.5, high=3.5)
    """
    if resamples < 2 or not 0 < level < 1:
        raise ValueError(f"a bootstrap wants 2 resamples or more and a level in (0, 1), got {resamples} and {level}")
    found = statistic(torch.ones(1, samples, dtype=torch.float64, device=device))
    drawn: dict[str, list[Tensor]] = {name: [] for name in found}
    generator = torch.Generator().manual_seed(seed)
    group = max(1, _WEIGHTS_AT_ONCE // max(samples, 1))
    for start in range(0, resamples if samples else 0, group):
        weights = _draw(min(group, resamples - start), samples, generator)
        for name, values in statistic(weights.to(device)).items():
            drawn[name].append(values.cpu())
    return {name: _interval(float(value), drawn[name], level) for name, value in found.items()}


def bootstrap_means(columns: Mapping[str, Float[Tensor, " samples"]], *, seed: int = 0) -> dict[str, Interval]:
    """Means of what was measured on the same samples, each over those samples where it is known (not NaN).

    Args:
        columns: Measurements by name, one column at least.
        seed: Of the draws.

    >>> bootstrap_means({"height": torch.tensor([1.0, torch.nan, 1.0])})["height"]
    Interval(value=1.0, low=1.0, high=1.0)
    """
    known = {name: (~column.isnan()).double() for name, column in columns.items()}
    values = {name: column.double().nan_to_num() for name, column in columns.items()}
    first = next(iter(values.values()))

    def means(weights: Tensor) -> Mapping[str, Tensor]:
        return {name: weights @ column / (weights @ known[name]) for name, column in values.items()}

    return bootstrap(means, len(first), seed=seed, device=first.device)


def _draw(resamples: int, samples: int, generator: torch.Generator) -> Float[Tensor, "resamples samples"]:
    """How often each sample is drawn in as many draws as there are samples."""
    places = torch.randint(samples, (resamples, samples), generator=generator)
    places += samples * torch.arange(resamples)[:, None]
    return torch.bincount(places.flatten(), minlength=resamples * samples).reshape(resamples, samples).double()


def _interval(value: float, drawn: list[Tensor], level: float) -> Interval:
    known = torch.cat([values[~values.isnan()].double() for values in drawn]) if drawn else torch.zeros(0)
    if not len(known):
        return Interval(value, float("nan"), float("nan"))
    tail = (1 - level) / 2
    low, high = torch.quantile(known, known.new_tensor([tail, 1 - tail])).tolist()
    return Interval(value, low, high)
