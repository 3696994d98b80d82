"""Schedules: a number that moves from one value to another while the training goes on."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

Shape = Literal["constant", "linear", "geometric", "cosine"]


@dataclass
class Schedule:
    """A value between the first step of a training (``start``) and its last (``end``).

    Attributes:
        start: Value at the first step.
        end: Value at the last step; ``start`` where the shape is constant.
        shape: ``constant``; ``linear``; ``geometric`` (equal factors in equal times, for values above zero);
            ``cosine`` (half a period, flat at both ends).
        until: Share of the training, in (0, 1], after which ``end`` is kept.

    Raises:
        ValueError: For an unknown shape, a geometric schedule that touches zero, or ``until`` outside (0, 1].

    >>> Schedule(1.0, 100.0, "geometric").at(0.5)
    10.0
    """

    start: float
    end: float = math.nan
    shape: Shape = "constant"
    until: float = 1.0

    def __post_init__(self) -> None:
        if self.shape not in get_args(Shape):
            raise ValueError(f"unknown shape {self.shape!r} of a schedule; known are {', '.join(get_args(Shape))}")
        if self.shape != "constant" and math.isnan(self.end):
            raise ValueError(f"a {self.shape} schedule from {self.start} needs an end")
        if self.shape == "geometric" and min(self.start, self.end) <= 0:
            raise ValueError(f"a geometric schedule needs values above zero, got {self.start} and {self.end}")
        if not 0 < self.until <= 1:
            raise ValueError(f"until is a share of the training in (0, 1], got {self.until}")

    def at(self, progress: float) -> float:
        """The value when ``progress`` of the training, in [0, 1], is done."""
        share = min(max(progress / self.until, 0.0), 1.0)
        match self.shape:
            case "constant":
                return self.start
            case "linear":
                return self.start + (self.end - self.start) * share
            case "geometric":
                return float(self.start * (self.end / self.start) ** share)
            case "cosine":
                return self.end + (self.start - self.end) * 0.5 * (1 + math.cos(math.pi * share))


def value_at(value: float | Schedule, progress: float) -> float:
    """A plain number, or where its schedule stands."""
    return value.at(progress) if isinstance(value, Schedule) else value


def ends_of(value: float | Schedule) -> tuple[float, ...]:
    """The values that all others lie between."""
    if not isinstance(value, Schedule):
        return (value,)
    return (value.start,) if value.shape == "constant" else (value.start, value.end)
