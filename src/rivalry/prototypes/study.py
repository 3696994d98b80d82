"""All that is found out about some targets together: their prototypes, natural pictures beside them, and their path."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from rivalry.numerics.nearest import nearest
from rivalry.prototypes.examples import Beside, Examples
from rivalry.prototypes.making import Making, shown_batches
from rivalry.prototypes.naturalness import PathMeasure, measure_path
from rivalry.prototypes.objectives.targets import Target
from rivalry.prototypes.optimisation import RECIPES, Kept, Recipe
from rivalry.prototypes.record.portraits import Portraits
from rivalry.prototypes.record.previous import earlier
from rivalry.prototypes.record.rows import (
    Row,
    example_rows,
    history_rows,
    made_tables,
    natural_columns,
    prototype_rows,
)
from rivalry.prototypes.settled import Settled
from rivalry.recording.gathering import packed
from rivalry.records import Record

FEWEST, MOST = 16, 64
"""Prototypes that are made together: enough to be quick, few enough for ranks to share them."""


@dataclass(frozen=True)
class Study:
    """How a group of targets is studied.

    Attributes:
        making: Makes prototypes.
        recipes: By method: ours, and the plain baseline where it is wanted.
        settled: All targets, and the path.
        examples: How many natural pictures stand beside.
        previous: An earlier record to go on from.
        warm_steps: Steps of an optimisation that goes on; None never goes on.
    """

    making: Making
    recipes: Mapping[str, Recipe]
    settled: Settled
    examples: Examples
    previous: Record | None
    warm_steps: int | None

    @property
    def beside(self) -> Beside:
        """Natural pictures of all targets."""
        return self.making.nature.beside

    def of(self, places: Sequence[int], kept: Kept) -> dict[str, bytes]:
        """Study some of the targets.

        Args:
            places: Their positions among all.
            kept: Where the states of optimisations lie in case that they are stopped.

        Returns:
            Tables by the schemas, as bytes.
        """
        targets = [self.settled.targets[place] for place in places]
        made = {method: self._make(places, method, kept) for method in self.recipes}
        natural = {self.settled.targets[place].text: natural_columns(place, self.beside) for place in places}
        rows: dict[str, list[Row]] = {name: [] for name in ("prototypes", "history", "examples", "naturalness")}
        for method, portraits in made.items():
            rows["prototypes"] += prototype_rows(targets, self.making.copies, method, portraits, natural)
            rows["history"] += history_rows(targets, self.making.copies, method, portraits)
        dataset, examples = self.making.listening.dataset, self.examples
        for group, place in enumerate(places):
            target = self.settled.targets[place]
            rows["examples"] += example_rows(target, place, self.beside, dataset, examples.top, examples.quantiles)
            rows["naturalness"] += self._measure(target, place, group, made)
        return packed(made_tables(rows))

    def _make(self, places: Sequence[int], method: str, kept: Kept) -> Portraits:
        """By one recipe; from the earlier prototypes where there are any and that is wanted."""
        start, recipe = None, self.recipes[method]
        targets = [self.settled.targets[place] for place in places]
        if self.warm_steps is not None:
            size = self.making.shape[1:]
            start = earlier(self.previous, [target.text for target in targets], self.making.copies, method, size)
            recipe = recipe if start is None else replace(recipe, steps=self.warm_steps)
        strongest = [int(self.beside.ranking.images[place, 0]) for place in places]
        return self.making.make(targets, recipe, kept, strongest, start)

    def _measure(self, target: Target, place: int, group: int, made: Mapping[str, Portraits]) -> list[Row]:
        """How natural the path of a target's prototypes is; nothing where there are no natural pictures of it."""
        if not self.beside.own[place]:
            return []
        listening, copies = self.making.listening, self.making.copies
        own, others = (
            shown_batches(listening.dataset, index[place], listening.device, listening.workers)
            for index in (self.beside.own, self.beside.others)
        )
        pictures = {
            method: portraits.pictures[group * copies : (group + 1) * copies].float() / 255
            for method, portraits in made.items()
        }
        measure = PathMeasure(seed=self.making.seed)
        return measure_path(listening.show, target.text, pictures, own, others, self.settled.path, measure)


def grouped(places: Sequence[int], copies: int) -> list[tuple[int, ...]]:
    """Parts of targets that are studied together: the same on any number of ranks, so that all find the same.

    Args:
        places: Of the targets.
        copies: Prototypes of each.

    >>> grouped(range(6), copies=4)
    [(0, 1, 2), (3, 4, 5)]
    """
    if not places:
        return []
    together = max(1, min(MOST, max(FEWEST, math.ceil(len(places) * copies / FEWEST))) // copies)
    groups = math.ceil(len(places) / together)
    bounds = [round(number * len(places) / groups) for number in range(groups + 1)]
    return [tuple(places[first:last]) for first, last in itertools.pairwise(bounds)]


def recipe_of(given: Recipe | str, steps: int | None) -> Recipe:
    """A recipe, or the one of a name, perhaps with other steps.

    Raises:
        ValueError: For an unknown name, naming the nearest.

    >>> recipe_of("maco", 3).steps
    3
    """
    if isinstance(given, str):
        if given not in RECIPES:
            raise ValueError(f"unknown recipe {given!r}; nearest: {nearest(given, RECIPES)}")
        given = RECIPES[given]()
    return given if steps is None else replace(given, steps=steps)
