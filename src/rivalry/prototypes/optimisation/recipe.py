"""A recipe: everything that decides an optimisation, but for what it is for and the seed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import get_args

from rivalry.numerics.nearest import nearest
from rivalry.prototypes.images import Fourier, Parametrisation
from rivalry.prototypes.objectives.ground import Natural
from rivalry.prototypes.objectives.penalties import Penalties
from rivalry.prototypes.optimisation.rules import Rule
from rivalry.prototypes.views import View


@dataclass(frozen=True)
class Recipe:
    """How prototypes are made. More than eight choices, since each is a line of a configuration.

    Attributes:
        parametrisation: What of an image is optimised.
        views: What of it the network is shown, one after another; none shows the image as it is.
        penalties: What is taken off the value.
        natural: How an image is held to natural pictures (see :mod:`rivalry.prototypes.objectives.ground`); None leaves
            values as they are, and asks for no pictures.
        steps: Of the optimisation, 1 or more.
        rate: Of learning, above 0; None searches one for each image (see :mod:`rivalry.prototypes.optimisation.rates`).
        optimiser: ``adam`` or ``nadam``.
        patience: Steps without a gain of the running mean value after which an image is done; None never stops early.
        to_losers: Whether gradients pass layers that compete to those that lose, too
            (:func:`rivalry.lwta.layer.passing_to_losers`); outputs are those of the winners either way.
        baseline: Steps by which the image where classes start from is first made to speak for all classes alike (see
            :mod:`rivalry.prototypes.optimisation.baseline`); 0 for none.

    Raises:
        ValueError: For numbers out of bounds or an unknown optimiser.
    """

    parametrisation: Parametrisation = field(default_factory=Fourier)
    views: Sequence[View] = ()
    penalties: Penalties = field(default_factory=Penalties)
    natural: Natural | None = None
    steps: int = 256
    rate: float | None = 0.05
    optimiser: Rule = "adam"
    patience: int | None = None
    to_losers: bool = False
    baseline: int = 0

    def __post_init__(self) -> None:
        if self.steps < 1 or self.baseline < 0:
            raise ValueError(
                f"steps are 1 or more, baseline steps 0 or more; got steps={self.steps}, baseline={self.baseline}"
            )
        if self.rate is not None and not (self.rate > 0 and math.isfinite(self.rate)):
            raise ValueError(f"a rate of learning is above 0 and finite, or None to search one; got {self.rate}")
        if self.patience is not None and self.patience < 1:
            raise ValueError(f"patience is 1 step or more, or None to go on to the end; got {self.patience}")
        if self.optimiser not in get_args(Rule):
            raise ValueError(
                f"unknown optimiser {self.optimiser!r}; nearest: {nearest(self.optimiser, get_args(Rule))}"
            )
