"""What a made-up network is, and what it is shown: layers, units, classes, concepts, and how they are called."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "javascript:alert(1)",
    "../../etc/passwd",
    "</script><script>alert(2)</script>",
    "' onfocus='alert(3)' autofocus='",
    "{{ 7 * 7 }}{% raw %}",
    "<!--<b>",
    "אַרְיֵה שחור",
    "مرحبا \u202eabc",
    "🦁 lion 👩‍🚀",
    "long " + "x" * 295,
    "",
    " ",
    "boat",
    "Boat",
    "BOAT",
    "__proto__",
    "constructor",
    "a&amp;b &lt;i&gt;",
    "two\nlines\u2028three\ttabs",
    "50% of #1? a/b\\c;d=e&f",
    "con.",
    r"costs $\frac{1$ or ${",
)
"""Names that a careless page would run, follow, mix up or lose."""

HOSTILE_LAYER = "stem.<img src=x onerror=alert(4)>"

_FIRST = "br cl dr fl gr k l m n p qu r s sh st t th tr v w z".split()  # noqa: SIM905
_VOWELS = "a e i o u ai ea oo".split()  # noqa: SIM905
_LAST = "b ck d ft g ll m nd p rk s st t x".split()  # noqa: SIM905
CATEGORIES = ("scene", "object", "part", "colour", "texture")


@dataclass(frozen=True)
class World:
    """A network and its probe set.

    Attributes:
        layers: Names of layers with competition, in order.
        units: Of each layer.
        classes: Names.
        concepts: Names; what units are called by.
        pictures: Of the probe set.
        seed: Of all that is drawn.
    """

    layers: tuple[str, ...]
    units: tuple[int, ...]
    classes: tuple[str, ...]
    concepts: tuple[str, ...]
    pictures: int
    seed: int

    @cached_property
    def all_units(self) -> int:
        """Of all layers together."""
        return sum(self.units)

    def layer_column(self, times: int = 1) -> npt.NDArray[np.int64]:
        """The place of its layer for every unit, each as often as is said."""
        return np.repeat(np.arange(len(self.layers)), np.array(self.units) * times)

    def unit_column(self, times: int = 1) -> npt.NDArray[np.int64]:
        """The number of every unit in its layer, each as often as is said."""
        return np.repeat(np.concatenate([np.arange(count) for count in self.units]), times)

    @cached_property
    def dead(self) -> npt.NDArray[np.bool_]:
        """Units that never win."""
        return np.arange(self.all_units) % 97 == 90

    def labels(self, place: int) -> npt.NDArray[np.int64]:
        """Of every unit the place of its concept at the so-manieth epoch that is looked at; few concepts are common."""
        random, count = np.random.default_rng(self.seed), len(self.concepts)
        found = (count * random.random(self.all_units) ** 3).astype(np.int64)
        for _ in range(place):
            moved = random.random(self.all_units) < 0.3
            found = np.where(moved, (count * random.random(self.all_units) ** 3).astype(np.int64), found)
        return found

    def random(self, epoch: int, kind: str) -> np.random.Generator:
        """Chance of its own for a record."""
        return np.random.default_rng([self.seed, epoch, *kind.encode()])


@dataclass(frozen=True)
class Moment:
    """An epoch at which all analyses look.

    Attributes:
        place: The so-manieth of these, from 0.
        epochs: All of them up to now.
        progress: Of the training, from 0 to 1.
    """

    place: int
    epochs: tuple[int, ...]
    progress: float

    @property
    def epoch(self) -> int:
        """Of the training."""
        return self.epochs[-1]

    @property
    def step(self) -> int:
        """Optimiser steps done."""
        return 62 * (self.epoch + 1)


def make_world(*, layers: int, units: int, classes: int, pictures: int, seed: int, hostile: bool) -> World:
    """Make up a network: its units are spread evenly over its layers, in blocks of four.

    Raises:
        ValueError: If there are too few units, classes or pictures.
    """
    if layers < 1 or units < 4 * layers or classes < 2 or pictures < 32:
        asked = f"{units} units in {layers} layers, {classes} classes, {pictures} pictures"
        raise ValueError(f"wanted 4 units a layer, 2 classes and 32 pictures at least, got {asked}")
    blocks = np.diff(np.linspace(0, units // 4, layers + 1).astype(int))
    names = [f"layer{1 + place // 4}.{place % 4 // 2}.act{1 + place % 2}" for place in range(layers)]
    if hostile:
        names[0] = HOSTILE_LAYER
    random = np.random.default_rng(seed)
    concepts = _names(max(24, units // 20), random, hostile)
    return World(tuple(names), tuple((4 * blocks).tolist()), _names(classes, random, hostile), concepts, pictures, seed)


def _names(count: int, random: np.random.Generator, hostile: bool) -> tuple[str, ...]:
    """Words that differ, and can be said; hostile ones come first."""
    found = dict.fromkeys(HOSTILE[:count] if hostile else ())
    while len(found) < count:
        parts = [str(random.choice(of)) for _ in range(1 + len(found) % 3) for of in (_FIRST, _VOWELS)]
        found["".join([*parts, str(random.choice(_LAST))])] = None
    return tuple(found)
