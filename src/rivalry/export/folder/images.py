"""How a picture becomes what the network takes: the square that is cut out of it, and the normalisation of its pixels.

    inputs = (pixels − 255 · mean) / (255 · std)        pixels: uint8 (3, height, width), red, green, blue

in 32-bit arithmetic, the factors rounded after the product, as in training: so the logits are the same bit by bit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rivalry.data.square import Interpolation, Square
from rivalry.export.folder.plain import among, entry, items, mapping, number, whole

_PLACE = "config.json: dissection.images"


@dataclass(frozen=True)
class Images:
    """What pictures a network was trained on.

    Attributes:
        square: What is cut out of a picture, whose side is that of the network's inputs.
        mean: Of red, green and blue, in [0, 1].
        std: Their standard deviations, above 0.

    Raises:
        ValueError: If there are not three of each.
    """

    square: Square
    mean: tuple[float, ...]
    std: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.mean) != 3 or len(self.std) != 3:
            raise ValueError(f"{_PLACE}: mean and std are of 3 channels; given {len(self.mean)} and {len(self.std)}")

    def to_json(self) -> dict[str, Any]:
        """As it stands in ``config.json``."""
        return {**vars(self.square), "mean": list(self.mean), "std": list(self.std)}

    @classmethod
    def from_json(cls, value: Any) -> Images:
        """Read it back.

        Raises:
            ValueError: If something is missing or of another kind.
        """
        told = mapping(value, _PLACE)
        side = whole(entry(told, "side", _PLACE), f"{_PLACE}.side", least=1)
        crop = number(entry(told, "crop", _PLACE), f"{_PLACE}.crop", above=0)
        interpolation = among(entry(told, "interpolation", _PLACE), Interpolation, f"{_PLACE}.interpolation")
        mean = [number(one, f"{_PLACE}.mean") for one in items(entry(told, "mean", _PLACE), f"{_PLACE}.mean")]
        std = [number(one, f"{_PLACE}.std", above=0) for one in items(entry(told, "std", _PLACE), f"{_PLACE}.std")]
        return cls(Square(side, crop, interpolation), tuple(mean), tuple(std))
