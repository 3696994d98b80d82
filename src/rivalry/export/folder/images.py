"""How a picture becomes what the network takes: the square that is cut out of it, and the normalisation of its pixels.

    inputs = (pixels − 255 · mean) / (255 · std)        pixels: uint8 (3, height, width), red, green, blue

in 32-bit arithmetic, the factors rounded after the product, as in training: so the logits are the same bit by bit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, get_args

from rivalry.data.square import Interpolation
from rivalry.export.folder.plain import entry, items, mapping, number, text, whole

_PLACE = "config.json: dissection.images"


@dataclass(frozen=True)
class Images:
    """What pictures a network was trained on.

    Attributes:
        height: Of its inputs, in pixels.
        width: Likewise.
        crop: Share of a picture's shorter side that is kept, in (0, 1], as in :class:`rivalry.data.square.Square`.
        interpolation: How pictures are resized.
        mean: Of red, green and blue, in [0, 1].
        std: Their standard deviations, above 0.

    Raises:
        ValueError: For a value that is none of those.
    """

    height: int
    width: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    crop: float = 1.0
    interpolation: Interpolation = "bicubic"

    def __post_init__(self) -> None:
        if not 0 < self.crop <= 1:
            raise ValueError(f"{_PLACE}.crop lies in (0, 1]; given {self.crop:g}")
        if self.interpolation not in get_args(Interpolation):
            known = ", ".join(get_args(Interpolation))
            raise ValueError(f"{_PLACE}.interpolation is one of {known}; given {self.interpolation!r}")
        if len(self.mean) != 3 or len(self.std) != 3:
            raise ValueError(f"{_PLACE}: mean and std are of 3 channels; given {len(self.mean)} and {len(self.std)}")

    def to_json(self) -> dict[str, Any]:
        """As it stands in ``config.json``."""
        return {
            "height": self.height,
            "width": self.width,
            "crop": self.crop,
            "interpolation": self.interpolation,
            "mean": list(self.mean),
            "std": list(self.std),
        }

    @classmethod
    def from_json(cls, value: Any) -> Images:
        """Read it back.

        Raises:
            ValueError: If something is missing or of another kind.
        """
        told = mapping(value, _PLACE)
        sides = [whole(entry(told, name, _PLACE), f"{_PLACE}.{name}", least=1) for name in ("height", "width")]
        mean = [number(one, f"{_PLACE}.mean") for one in items(entry(told, "mean", _PLACE), f"{_PLACE}.mean")]
        std = [number(one, f"{_PLACE}.std", above=0) for one in items(entry(told, "std", _PLACE), f"{_PLACE}.std")]
        crop = number(entry(told, "crop", _PLACE), f"{_PLACE}.crop", above=0)
        interpolation: Any = text(entry(told, "interpolation", _PLACE), f"{_PLACE}.interpolation")
        return cls(sides[0], sides[1], tuple(mean), tuple(std), crop, interpolation)
