"""The prototypes of some targets: made, turned into pictures, and shown to the network again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float, UInt8
from torch import Tensor
from torch.utils.data import DataLoader, Subset

from rivalry.data.dataset import ImageDataset
from rivalry.prototypes.images import Statistics
from rivalry.prototypes.natural import worth
from rivalry.prototypes.objectives.targets import Target
from rivalry.prototypes.objectives.values import Readout, layers_of
from rivalry.prototypes.optimisation import Kept, Optimised, Recipe, optimise
from rivalry.prototypes.record.portraits import alpha_to_bytes, to_bytes
from rivalry.prototypes.record.previous import Earlier
from rivalry.recording.live import Live
from rivalry.recording.observation import Listening, Observation

BATCH = 32
"""Pictures that are shown at once."""


@dataclass(frozen=True)
class Portraits:
    """The prototypes of some targets by one recipe, copies of a target one after another.

    Attributes:
        pictures: As the record holds them.
        alpha: Where the value came from, as grey pictures.
        values: Of the pictures, for their targets.
        probabilities: Of the targets' classes; NaN for other targets.
        how: The optimisation that made them.
    """

    pictures: UInt8[Tensor, "images 3 height width"]
    alpha: UInt8[Tensor, "images 1 height width"]
    values: Float[Tensor, " images"]
    probabilities: Float[Tensor, " images"]
    how: Optimised


@dataclass(frozen=True)
class Making:
    """How prototypes are made, whatever they are for.

    Attributes:
        listening: The network, and how it is run.
        statistics: Of the pictures that it sees.
        readout: How targets are read.
        copies: Prototypes of each target.
        draws: Passes that are averaged where LWTA layers draw winners.
        seed: Of all that is drawn.
        on_step: Told how many steps of images are done, and how many there are.
    """

    listening: Listening
    statistics: Statistics
    readout: Readout
    copies: int
    draws: int
    seed: int
    on_step: Callable[[int, int], None] | None = None

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height and width of a prototype: those of the probe set's pictures."""
        return tuple(self.listening.dataset[0]["image"].shape)  # type: ignore[return-value]

    def make(self, targets: Sequence[Target], recipe: Recipe, kept: Kept, start: Earlier | None = None) -> Portraits:
        """Make the prototypes of some targets.

        Args:
            targets: Each once.
            recipe: By which.
            kept: Where the state of the optimisation lies in case that it is stopped.
            start: Earlier ones to go on from: neither a baseline image nor a rate is then looked for.
        """
        listening = self.listening
        if start is not None:
            recipe = replace(recipe, baseline=0, rate=recipe.rate or start.rate)
        each = [target for target in targets for _ in range(self.copies)]
        canvas = recipe.parametrisation.canvas(self.shape, self.statistics, listening.device)
        logits = recipe.baseline > 0 or any(target.layer is None for target in targets)
        with Live(listening.network, layers_of(targets), listening.forward, seed=self.seed, logits=logits) as live:
            made = optimise(
                live,
                each,
                canvas,
                recipe,
                readout=self.readout,
                seed=self.seed,
                start=None if start is None else start.images.to(listening.device),
                draws=self.draws,
                kept=kept,
                on_step=self.on_step,
            )
        pictures = to_bytes(made.images)
        values, probabilities = self._judge(each, pictures)
        return Portraits(pictures, alpha_to_bytes(made.alpha), values, probabilities, made)

    def _judge(self, targets: Sequence[Target], pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Value and probability of each picture for its own target, means over draws."""
        values, probabilities = [], []
        for first in range(0, len(targets), BATCH):
            own, shown = targets[first : first + BATCH], pictures[first : first + BATCH]
            found = [self._judge_once(own, shown) for _ in range(self.draws)]
            values.append(torch.stack([one for one, _ in found]).mean(0))
            probabilities.append(torch.stack([other for _, other in found]).mean(0))
        return torch.cat(values), torch.cat(probabilities)

    def _judge_once(self, targets: Sequence[Target], pictures: Tensor) -> tuple[Tensor, Tensor]:
        shown = self.listening.show(pictures)
        rows = torch.arange(len(targets), device=pictures.device)
        seen = Observation(rows, pictures, None, None, shown.logits, shown.activations, shown.winners)
        found = worth(targets, seen, self.readout.maps, self.listening.competitors, self.readout.reading)
        classes = [target.number if target.layer is None else 0 for target in targets]
        chances = shown.logits.float().softmax(1)[rows, torch.tensor(classes, device=rows.device)]
        known = torch.tensor([target.layer is None for target in targets], device=rows.device)
        return found.values.diagonal(), torch.where(known, chances, torch.nan)


def shown_batches(
    dataset: ImageDataset, index: Sequence[int], device: torch.device, workers: int = 0
) -> Iterator[UInt8[Tensor, "batch 3 height width"]]:
    """Read some pictures in their order; nothing where there are none."""
    if index:
        # A generator of its own: a loader would draw from the one that the network draws from.
        loader = DataLoader(Subset(dataset, list(index)), BATCH, num_workers=workers, generator=torch.Generator())
        for batch in loader:
            yield batch["image"].to(device)
