"""The prototypes of some targets: made, turned into pictures, and shown to the network again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import torch
from jaxtyping import UInt8
from torch import Tensor
from torch.utils.data import DataLoader, Subset

from rivalry.data.dataset import ImageDataset
from rivalry.prototypes.images import Canvas
from rivalry.prototypes.natural import Worth, worth
from rivalry.prototypes.nature import Nature
from rivalry.prototypes.objectives.targets import Target
from rivalry.prototypes.objectives.values import Readout, layers_of
from rivalry.prototypes.optimisation import Kept, Recipe, image_ids, optimise
from rivalry.prototypes.record.portraits import Portraits, alpha_to_bytes, joined, to_bytes
from rivalry.prototypes.record.previous import Earlier
from rivalry.prototypes.views import Chance
from rivalry.prototypes.waking import Woken, noise_pictures, woken
from rivalry.recording.live import Live
from rivalry.recording.observation import Listening, Observation

BATCH = 32
"""Pictures that are shown at once."""


@dataclass(frozen=True)
class Making:
    """How prototypes are made, whatever they are for.

    Attributes:
        listening: The network, and how it is run.
        nature: What is known of natural pictures.
        readout: How targets are read.
        copies: Prototypes of each target.
        draws: Passes that are averaged where LWTA layers draw winners.
        seed: Of all that is drawn.
        on_step: Told how many steps of images are done, and how many there are.
    """

    listening: Listening
    nature: Nature
    readout: Readout
    copies: int
    draws: int
    seed: int
    on_step: Callable[[int, int], None] | None = None

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height and width of a prototype: those of the probe set's pictures."""
        return tuple(self.listening.dataset[0]["image"].shape)  # type: ignore[return-value]

    def make(
        self,
        targets: Sequence[Target],
        recipe: Recipe,
        kept: Kept,
        strongest: Sequence[int],
        start: Earlier | None = None,
    ) -> Portraits:
        """Make the prototypes of some targets.

        Args:
            targets: Each once.
            recipe: By which.
            kept: Where the state of the optimisation lies in case that it is stopped.
            strongest: The natural picture that is worth most to each, by position in the data set.
            start: Earlier ones to go on from: neither a baseline image nor a rate is then looked for.
        """
        if start is not None:
            recipe = replace(recipe, baseline=0, rate=recipe.rate or start.rate)
        begin = None if start is None else start.images.to(self.listening.device)
        silent = self._silent(targets, recipe, begin)
        parts = []
        for place in (False, True):
            own = [number for number, one in enumerate(silent) if one is place]
            if not own:
                continue
            rows = [number * self.copies + copy for number in own for copy in range(self.copies)]
            some = [targets[number] for number in own]
            if place:
                found = self._wake(some, [strongest[number] for number in own])
                names = ["noise" if one else "natural" for one in found.by_noise.tolist()]
                parts.append((rows, self._made(some, recipe, kept, found.images, names)))
            else:
                names = ["canvas" if begin is None else "earlier"] * len(rows)
                parts.append((rows, self._made(some, recipe, kept, None if begin is None else begin[rows], names)))
        return joined(parts)

    def _made(
        self, targets: Sequence[Target], recipe: Recipe, kept: Kept, start: Tensor | None, names: Sequence[str]
    ) -> Portraits:
        """Optimise images from where they start, and judge what came of it."""
        listening = self.listening
        each = [target for target in targets for _ in range(self.copies)]
        logits = recipe.baseline > 0 or any(target.layer is None for target in targets)
        layers = (*layers_of(targets), *self._path(recipe))
        live = Live(
            listening.network, layers, listening.forward, seed=self.seed, logits=logits, to_losers=recipe.to_losers
        )
        with live:
            made = optimise(
                live,
                each,
                self._canvas(recipe),
                recipe,
                readout=self.readout,
                ground=self.nature.ground,
                seed=self.seed,
                start=start,
                draws=self.draws,
                kept=kept,
                on_step=self.on_step,
            )
        pictures = to_bytes(made.images)
        values, answered, probabilities = self._judge(each, pictures)
        return Portraits(pictures, alpha_to_bytes(made.alpha), values, answered, probabilities, tuple(names), made)

    def _path(self, recipe: Recipe) -> tuple[str, ...]:
        """Layers that must be heard where images are held to natural pictures."""
        ground = self.nature.ground
        return () if ground is None or recipe.natural is None else ground.heard(recipe.natural)

    def _canvas(self, recipe: Recipe) -> Canvas:
        return recipe.parametrisation.canvas(self.shape, self.nature.statistics, self.listening.device)

    def _silent(self, targets: Sequence[Target], recipe: Recipe, begin: Tensor | None) -> list[bool]:
        """Which targets do not answer to where one of their copies starts; a class always does."""
        each = [target for target in targets for _ in range(self.copies)]
        if all(target.layer is None for target in targets):
            return [False] * len(targets)
        if begin is None:
            canvas = self._canvas(recipe)
            with torch.no_grad():
                ids = image_ids(each).to(self.listening.device)
                begin = canvas.images(canvas.start(Chance(self.seed, ids, 0)))
        _, answered, _ = self._judge(each, to_bytes(begin))
        silent: list[bool] = (~answered.reshape(-1, self.copies)).any(1).tolist()
        return silent

    def _wake(self, targets: Sequence[Target], strongest: Sequence[int]) -> Woken:
        """Images to which silent targets answer."""
        dataset = self.listening.dataset
        noise = noise_pictures(self.shape, self.nature.statistics, self.seed, self.listening.device)
        found = [self._worth(targets, shown)[0] for shown in torch.split(to_bytes(noise), BATCH)]
        worth = Worth(torch.cat([one.values for one in found]), torch.cat([one.answered for one in found]))
        natural = [dataset[index]["image"].float() / 255 for index in strongest]
        return woken(noise, worth, natural, self.copies)

    def _judge(self, targets: Sequence[Target], pictures: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Value of each picture for its own target, whether that answers, and probability; means over draws."""
        values, answers, probabilities = [], [], []
        for own, shown in zip(_split(targets), torch.split(pictures, BATCH), strict=True):
            rows = torch.arange(len(own), device=pictures.device)
            classes = torch.tensor([target.number if target.layer is None else 0 for target in own], device=rows.device)
            found = [self._worth(own, shown) for _ in range(self.draws)]
            values.append(torch.stack([worth.values.diagonal() for worth, _ in found]).mean(0))
            answers.append(torch.stack([worth.answered.diagonal() for worth, _ in found]).any(0))
            chances = torch.stack([logits.float().softmax(1)[rows, classes] for _, logits in found]).mean(0)
            known = torch.tensor([target.layer is None for target in own], device=rows.device)
            probabilities.append(torch.where(known, chances, torch.nan))
        return torch.cat(values), torch.cat(answers), torch.cat(probabilities)

    def _worth(self, targets: Sequence[Target], pictures: Tensor) -> tuple[Worth, Tensor]:
        """What pictures are worth to all of some targets, and their logits."""
        shown = self.listening.show(pictures)
        rows = torch.arange(len(pictures), device=pictures.device)
        seen = Observation(rows, pictures, None, None, shown.logits, shown.activations, shown.winners)
        readout = self.readout
        return worth(targets, seen, readout.maps, self.listening.competitors, readout.reading), shown.logits


def _split(targets: Sequence[Target]) -> Iterator[Sequence[Target]]:
    return (targets[first : first + BATCH] for first in range(0, len(targets), BATCH))


def shown_batches(
    dataset: ImageDataset, index: Sequence[int], device: torch.device, workers: int = 0
) -> Iterator[UInt8[Tensor, "batch 3 height width"]]:
    """Read some pictures in their order; nothing where there are none."""
    if index:
        # A generator of its own: a loader would draw from the one that the network draws from.
        loader = DataLoader(Subset(dataset, list(index)), BATCH, num_workers=workers, generator=torch.Generator())
        for batch in loader:
            yield batch["image"].to(device)
