"""The interface of all extractions: what is bad input, and that a fit gives a dictionary."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import ClassVar, final

from jaxtyping import Float
from torch import Tensor

from rivalry.concepts.extraction.dictionary import Dictionary

_LEAST, _MOST = 1e-10, 1e15


class Extraction(ABC):
    """A way to find concepts in the activations of a class.

    Attributes:
        name: What tables call it.
    """

    name: ClassVar[str]

    @final
    def fit(self, rows: Float[Tensor, "samples channels"], concepts: int, *, seed: int = 0) -> Dictionary:
        """Find concepts in activations.

        The same for the same seed; global random states stay as they are; works wherever gradients are switched off.

        Args:
            rows: Activations at single places, on any device.
            concepts: How many.
            seed: Of whatever is drawn, 0 or more.

        Raises:
            ValueError: For fewer rows than concepts, more concepts than channels (of methods that cannot), a number of
                concepts below 1, a negative seed, rows that are not finite, all the same, all zero, or so large or
                small that products of them are lost in single precision.
        """
        refused = self.refusal(rows, concepts)
        if refused is not None:
            raise ValueError(refused)
        if seed < 0:
            raise ValueError(f"a seed is 0 or more, got {seed}")
        return self._fit(rows.detach().float(), concepts, seed)

    @final
    def refusal(self, rows: Float[Tensor, "samples channels"], concepts: int) -> str | None:
        """Why no concepts can be found in activations, in words; None where they can."""
        samples, channels = rows.shape
        most = self.most_concepts(channels)
        if concepts < 1:
            return f"concepts are 1 or more, got {concepts}"
        if most is not None and concepts > most:
            return f"{self.name} finds at most {most} concepts in a layer of {channels} channels, and not {concepts}"
        if samples < concepts:
            return f"{concepts} concepts want as many activations at least, got {samples}: show more, or ask for fewer"
        least, largest = (float(bound) for bound in rows.detach().aminmax())
        reach = max(-least, largest)
        if not math.isfinite(least + largest):
            return "activations must be finite, and some are NaN or infinite"
        if bool((rows == rows[0]).all()):
            return f"all {samples} activations are the same; concepts are found in such as vary"
        if not _LEAST <= reach <= _MOST:
            return (
                f"activations reach {reach:.1g}, and products of such are lost in single precision; wanted a layer "
                f"where they reach {_LEAST:g} to {_MOST:g}"
            )
        return None

    def most_concepts(self, channels: int) -> int | None:
        """How many concepts there can be in a layer of so many channels; None where any number."""
        return None

    @abstractmethod
    def _fit(self, rows: Float[Tensor, "samples channels"], concepts: int, seed: int) -> Dictionary:
        """Fit to rows that are known to be fit for it."""
