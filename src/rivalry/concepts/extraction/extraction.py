"""The interface of all extractions: what is bad input, and that a fit gives a dictionary."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar, final

from jaxtyping import Float
from torch import Tensor

from rivalry.concepts.extraction.dictionary import Dictionary


class Extraction(ABC):
    """A way to find concepts in the activations of a class.

    Attributes:
        name: What tables call it.
        within: Whether it finds no more concepts than there are channels.
    """

    name: ClassVar[str]
    within: ClassVar[bool] = False

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
                concepts below 1, a negative seed, rows that are not finite, all the same, or all zero.
        """
        self._check(rows, concepts, seed)
        return self._fit(rows.float(), concepts, seed)

    @abstractmethod
    def _fit(self, rows: Float[Tensor, "samples channels"], concepts: int, seed: int) -> Dictionary:
        """Fit to rows that are known to be fit for it."""

    def _check(self, rows: Tensor, concepts: int, seed: int) -> None:
        samples, channels = rows.shape
        if concepts < 1 or seed < 0:
            raise ValueError(f"concepts are 1 or more and a seed is 0 or more, got {concepts} and {seed}")
        if self.within and concepts > channels:
            raise ValueError(
                f"{self.name} finds at most as many concepts as there are channels: {channels}, not {concepts}"
            )
        if samples < concepts:
            raise ValueError(
                f"{concepts} concepts want as many activations at least, got {samples}: show more pictures, or ask for "
                f"at most {samples} concepts"
            )
        if not bool(rows.isfinite().all()):
            raise ValueError("activations must be finite, and some are NaN or infinite")
        if bool((rows == rows[0]).all()):
            raise ValueError(f"all {samples} activations are the same; concepts are found in such as vary")
