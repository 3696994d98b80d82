"""Where the images of an optimisation are: all that is needed to go on, a row an image."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from rivalry.prototypes.optimisation.ascent import Slope
from rivalry.prototypes.optimisation.rules import Rule, descend, no_moments

WINDOW = 20
"""Steps over which the running mean of a value goes."""

GAIN = 1e-3
"""By which share of the best running mean another must lie above it to count as a gain."""


@dataclass(frozen=True)
class State:
    """Where images are.

    Attributes:
        start: Parameters where each began.
        parameters: Where each is.
        first: Adam's mean of gradients.
        second: Adam's mean of their squares.
        count: Adam's steps.
        product: Of NAdam's momenta.
        rates: Of learning.
        restarts: How often each began again.
        alpha: Sum of |∂merit/∂x|.
        history: Value at each step; NaN where there was none yet.
        mean: Running mean of the merit: of all steps at first, later with a weight of 1/WINDOW for the newest.
        best: The highest running mean.
        since: Steps since it last rose by GAIN.
        stopped: Whether it is given up to go on, for want of gain.
    """

    start: Float[Tensor, "images ..."]
    parameters: Float[Tensor, "images ..."]
    first: Float[Tensor, "images ..."]
    second: Float[Tensor, "images ..."]
    count: Float[Tensor, " images"]
    product: Float[Tensor, " images"]
    rates: Float[Tensor, " images"]
    restarts: Int[Tensor, " images"]
    alpha: Float[Tensor, "images height width"]
    history: Float[Tensor, "images steps"]
    mean: Float[Tensor, " images"]
    best: Float[Tensor, " images"]
    since: Int[Tensor, " images"]
    stopped: Bool[Tensor, " images"]

    @classmethod
    def new(cls, start: Float[Tensor, "images ..."], rates: Tensor, size: tuple[int, int], steps: int) -> State:
        """Images that have not made a step.

        Args:
            start: Their parameters.
            rates: Of learning, one each.
            size: Height and width.
            steps: That each may make.
        """
        count = len(start)
        zeros = start.new_zeros(count)
        whole = torch.zeros(count, dtype=torch.long, device=start.device)
        return cls(
            start=start,
            parameters=start.clone(),
            **no_moments(start),
            rates=rates,
            restarts=whole,
            alpha=start.new_zeros(count, *size),
            history=start.new_full((count, steps), torch.nan),
            mean=zeros,
            best=zeros.clone(),
            since=whole.clone(),
            stopped=whole.bool(),
        )

    @property
    def steps(self) -> Int[Tensor, " images"]:
        """That each has made since it last began."""
        return self.count.long()

    @property
    def active(self) -> Bool[Tensor, " images"]:
        """Which still go on."""
        return ~self.stopped & (self.steps < self.history.shape[1])

    def rows(self, which: Tensor) -> State:
        """Some of the images."""
        return State(**{name: tensor[which] for name, tensor in self.tensors().items()})

    def put(self, which: Tensor, part: State) -> State:
        """The same with some images in their places."""
        parts = part.tensors()
        return State(**{name: tensor.index_copy(0, which, parts[name]) for name, tensor in self.tensors().items()})

    def tensors(self) -> dict[str, Tensor]:
        """By name; ``State(**tensors)`` is the same again."""
        return {one.name: getattr(self, one.name) for one in fields(self)}

    def after(self, slope: Slope, rule: Rule) -> State:
        """One step further."""
        moments: Mapping[str, Tensor] = {name: getattr(self, name) for name in ("first", "second", "count", "product")}
        step, moments = descend(rule, moments, slope.gradient)
        rates = self.rates.reshape(-1, *[1] * (step.ndim - 1))
        history = self.history.scatter(1, self.steps[:, None], slope.values[:, None])
        mean = self.mean + (slope.merits - self.mean) / (self.steps + 1).clamp(max=WINDOW)
        gained = (self.steps == 0) | (mean > self.best + GAIN * self.best.abs())
        return replace(
            self,
            **moments,
            parameters=self.parameters - rates * step,
            alpha=self.alpha + slope.alpha,
            history=history,
            mean=mean,
            best=torch.where(gained, mean, self.best),
            since=torch.where(gained, 0, self.since + 1),
        )

    def again(self) -> State:
        """Back where each began, at a tenth of its rate."""
        new = State.new(self.start, self.rates / 10, (self.alpha.shape[1], self.alpha.shape[2]), self.history.shape[1])
        return replace(new, restarts=self.restarts + 1)

    def finite(self) -> Bool[Tensor, " images"]:
        """Which images, and values of theirs, are numbers."""
        return self.parameters.isfinite().flatten(1).all(1) & self.mean.isfinite()

    def where(self, ours: Bool[Tensor, " images"], other: State) -> State:
        """These images where it says so, elsewhere those of another."""
        others = other.tensors()
        return State(
            **{
                name: torch.where(ours.reshape(-1, *[1] * (tensor.ndim - 1)), tensor, others[name])
                for name, tensor in self.tensors().items()
            }
        )
