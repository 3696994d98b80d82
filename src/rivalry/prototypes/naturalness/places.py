"""Some of the numbers that a layer gives for a picture, where it gives very many: the same ones of every picture.

The widest layers give a million numbers a picture, and every one of many pictures must be held against all others. A
correlation over 4,096 numbers drawn evenly has a standard error of 1 / √4096 ≈ 0.016 at most against that over all, and
since the places are the same for all pictures most of it falls out of a comparison.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from jaxtyping import Float, Int
from torch import Tensor

from rivalry.numerics.sampling import draw


@dataclass(frozen=True)
class Places:
    """Which numbers of a picture's activations are looked at.

    Attributes:
        count: How many of a layer, at most.
        seed: Of the draw; layers as wide as each other have the same ones.

    Raises:
        ValueError: For fewer than two, which have no order.
    """

    count: int
    seed: int
    _drawn: dict[int, Int[Tensor, " drawn"]] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.count < 2:
            raise ValueError(f"similarity is that of 2 numbers or more a layer, got places={self.count}")

    def rows(
        self, activations: Mapping[str, Float[Tensor, "batch ..."]], layers: Sequence[str]
    ) -> dict[str, Float[Tensor, "batch _"]]:
        """A row of numbers for each picture, by layer.

        Raises:
            ValueError: For a layer of which there is nothing.
        """
        missing = [layer for layer in layers if layer not in activations]
        if missing:
            raise ValueError(f"what was shown must hold every layer of the path, and lacks {', '.join(missing)}")
        return {layer: self._of(activations[layer].flatten(1).float()) for layer in layers}

    def _of(self, numbers: Tensor) -> Tensor:
        width = numbers.shape[1]
        if width <= self.count:
            return numbers
        if width not in self._drawn:
            self._drawn[width] = draw(width, self.count, self.seed).sort().values.to(numbers.device)
        return numbers.index_select(1, self._drawn[width])
