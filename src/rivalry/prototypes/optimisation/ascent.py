"""The gradients of one step: of the values of images, through views and network, and of what images pay.

    g_x = −∂ merit(T(x)) / ∂x + ∂ penalty(x) / ∂x        g_θ = g_x · ∂x / ∂θ

The merit is the value itself, or on natural ground its gain there less the distance from it
(:mod:`rivalry.prototypes.objectives.ground`). Merits and penalties of images are summed, so that each image has the
gradient it would have alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from rivalry.data.augmentation.randomness import hashed
from rivalry.lwta.layer import drawing_by
from rivalry.prototypes.images import Canvas
from rivalry.prototypes.objectives.ground import Ground
from rivalry.prototypes.objectives.targets import Target
from rivalry.prototypes.objectives.values import Readout
from rivalry.prototypes.optimisation.recipe import Recipe
from rivalry.prototypes.views import Chance, seen_through
from rivalry.recording.live import Heard, Live


@dataclass(frozen=True)
class Slope:
    """What one step needs to know of each image.

    Attributes:
        values: Of the views that were shown.
        merits: The same on the scale of natural pictures, less what the views pay for leaving it; or the values again.
        gradient: Of the loss, by parameter.
        alpha: |∂merit/∂x|, summed over channels.
    """

    values: Float[Tensor, " batch"]
    merits: Float[Tensor, " batch"]
    gradient: Float[Tensor, "batch ..."]
    alpha: Float[Tensor, "batch height width"]


@dataclass(frozen=True)
class Ascent:
    """What images climb: their values, less what they pay.

    Attributes:
        live: The network within its context.
        canvas: From parameters to images.
        recipe: Views and penalties are taken of it.
        readout: How values are read.
        seed: Of all draws.
        draws: Passes that are averaged.
        targets: One an image.
        ids: By which chance knows the images.
        groups: Images of one number are pushed apart.
        ground: What natural pictures are like; needed where the recipe holds images to them.
    """

    live: Live
    canvas: Canvas
    recipe: Recipe
    readout: Readout
    seed: int
    draws: int
    targets: tuple[Target, ...]
    ids: Int[Tensor, " images"]
    groups: Int[Tensor, " images"]
    ground: Ground | None = None

    def rows(self, rows: Sequence[int]) -> Ascent:
        """The ascent of some of the images, perhaps several times."""
        chosen = torch.tensor(rows, device=self.ids.device)
        targets = tuple(self.targets[row] for row in rows)
        parts = (self.live, self.canvas, self.recipe, self.readout, self.seed, self.draws)
        return Ascent(*parts, targets, self.ids[chosen], self.groups[chosen], self.ground)

    def slope(self, parameters: Float[Tensor, "batch ..."], step: int) -> Slope:
        """Values and gradients of all images.

        Args:
            parameters: A row an image.
            step: By which chance draws, 1 or more.
        """
        parameters = parameters.detach().requires_grad_()
        images = self.canvas.images(parameters)
        shown = images.detach().requires_grad_()
        values, merits, rise = self._rise(shown, step)
        (gradient,) = torch.autograd.grad(images, parameters, self._paid(shown) - rise)
        return Slope(values, merits, gradient, rise.abs().sum(1))

    def values(self, images: Float[Tensor, "batch channels height width"]) -> Float[Tensor, " batch"]:
        """Of images as they are, without views."""
        with torch.no_grad():
            return torch.stack([self._judge(images, 0, draw)[0] for draw in range(self.draws)]).mean(0)

    def _rise(self, images: Tensor, step: int) -> tuple[Tensor, Tensor, Tensor]:
        """Values and merits of what is shown of images, and the gradients of merits."""
        chance = Chance(self.seed, self.ids, step)
        values, merits, rise = images.new_zeros(len(images)), images.new_zeros(len(images)), torch.zeros_like(images)
        for draw in range(self.draws):
            value, merit = self._judge(seen_through(self.recipe.views, images, chance), step, draw)
            rise += torch.autograd.grad(merit.sum(), images)[0] / self.draws
            values += value.detach() / self.draws
            merits += merit.detach() / self.draws
        return values, merits, rise

    def _paid(self, images: Tensor) -> Tensor:
        """Gradients of the penalties."""
        paid = self.recipe.penalties(images, self.groups, self.canvas.colours.mean)
        return torch.autograd.grad(paid.sum(), images)[0] if paid.requires_grad else torch.zeros_like(images)

    def _judge(self, images: Tensor, step: int, draw: int) -> tuple[Tensor, Tensor]:
        """Values of images as they are shown, and their merits."""
        heard = run(self.live, images, (self.seed, step, draw))
        values = self.readout.values(self.targets, heard, (images.shape[2], images.shape[3]))
        natural = self.recipe.natural
        if natural is None or self.ground is None:
            return values, values
        gain = self.ground.gain([target.text for target in self.targets], values, natural)
        return values, gain - self.ground.distance(heard.outputs, images, natural)


def run(live: Live, images: Float[Tensor, "batch channels height width"], drawn_by: tuple[int, int, int]) -> Heard:
    """Run a network on images from 0 to 1.

    Layers that draw their winners do it by seed, step and draw alone, so that an optimisation that was stopped goes on
    as it would have. Channels lie last in memory: convolutions and what is behind them then take a sixth less time.
    """
    with drawing_by(live.network, hashed(*drawn_by) >> 1):  # a generator's seed has 63 bits and no sign
        return live((images * 255).contiguous(memory_format=torch.channels_last))
