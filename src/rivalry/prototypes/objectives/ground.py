"""Natural ground: values on the scale of natural pictures, and what an image pays for leaving it.

    gain(x) = (value(x) − v) / (v⁺ − v)
    d(x)    = 1/L Σ_l mean_c [((μ_lc(x) − m_lc) / s_lc)² + ((σ_lc(x) − n_lc) / t_lc)²]

v, v⁺: a target's mean value over natural pictures, and over the strongest of them; so a gain of 1 is that of the
strongest, and weights of penalties mean the same for a logit and for a unit. μ_lc(x), σ_lc(x): mean and deviation over
places of channel c in layer l of the path; m, n their means over natural pictures of all classes, s, t their
deviations: an image that is as far from the mean as pictures are pays 2. A layer that gives a vector has no deviation
over places; there the first term counts twice. The picture itself counts as a layer of its own, its channels being
opponent colours.

This is our own addition to Prototype Generation. The statistics are those by which DeepInversion (Yin et al. 2020,
"Dreaming to Distill", arXiv:1912.08795) holds an image to what BatchNorm has seen; taken from pictures, they need no
BatchNorm, and are known of transformers too. They say nothing of any class, nor of where on a picture anything is: so
whether a path is as natural as that of other pictures of the class remains to be measured.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from rivalry.recording.moments import Means

COLOURS = ""
"""The name under which the picture itself stands among the layers: that of the network as a whole is free."""

_LEAST = 0.1
"""Of the mean deviation of a layer's channels: so much is added to each, for a channel that never moves is no rule."""

_ROUNDING = 1e-12
"""Share of a mean square below which a variance, or of a value below whose root a spread, is none."""


@dataclass(frozen=True)
class Natural:
    """How an image is held to natural pictures; values are on their scale, whatever the weights.

    Attributes:
        path: Weight of the statistics of the path, 0 or more.
        colours: Weight of the statistics of the picture's colours, 0 or more.
        ceiling: Whether a value beyond that of the strongest pictures earns nothing.

    Raises:
        ValueError: If a weight is negative.
    """

    path: float = 0.0
    colours: float = 0.0
    ceiling: bool = False

    def __post_init__(self) -> None:
        if self.path < 0 or self.colours < 0:
            raise ValueError(f"weights are 0 or more, got path={self.path} and colours={self.colours}")


@dataclass(frozen=True)
class Ground:
    """What natural pictures are like, and how far an image is from it.

    Attributes:
        layers: Mean and deviation, over pictures, of what :func:`layer_statistics` gives, by layer of the path.
        axes: Of the channels of each layer.
        scales: By text of a target, its mean value over pictures, and over the strongest of them.
    """

    layers: Mapping[str, tuple[Float[Tensor, " columns"], Float[Tensor, " columns"]]]
    axes: Mapping[str, int]
    scales: Mapping[str, tuple[float, float]]

    def heard(self, natural: Natural) -> tuple[str, ...]:
        """The layers of the network that must be heard for what an image pays."""
        return tuple(layer for layer in self.layers if layer != COLOURS) if natural.path else ()

    def gain(
        self, targets: Sequence[str], values: Float[Tensor, " batch"], natural: Natural
    ) -> Float[Tensor, " batch"]:
        """Values on the scale of natural pictures: 0 of all on average, 1 of the strongest.

        Args:
            targets: Text of the target of each image.
            values: Of the images.
            natural: Says whether there is a ceiling.
        """
        mean, spread = values.new_tensor([_scale(*self.scales[target]) for target in targets]).T
        found: Tensor = (values - mean) / spread
        return found.clamp(max=1) if natural.ceiling else found

    def distance(
        self,
        outputs: Mapping[str, Float[Tensor, "batch ..."]],
        images: Float[Tensor, "batch channels height width"],
        natural: Natural,
    ) -> Float[Tensor, " batch"]:
        """What each image pays.

        Args:
            outputs: Of the layers that are :meth:`heard`.
            images: As the network was shown them, 0 to 1.
            natural: The weights.
        """
        paid = images.new_zeros(len(images))
        path = self.heard(natural)
        for layer in path:
            paid = paid + natural.path / len(path) * self._strangeness(layer, outputs[layer])
        return paid + natural.colours * self._strangeness(COLOURS, opponent(images)) if natural.colours else paid

    def _strangeness(self, layer: str, output: Tensor) -> Tensor:
        mean, deviation = (tensor.to(output.device, torch.float32) for tensor in self.layers[layer])
        found = layer_statistics(output, self.axes[layer])
        # Two rows a channel, one for its mean and one for its deviation: the sum of both is twice the mean over rows.
        # A vector has means alone, which count twice, so that a picture pays 2 there as elsewhere.
        return 2 * ((found - mean) / deviation).square().mean(1)

    def told(self) -> Iterator[str | Tensor]:
        """All that decides gains and distances, for a digest."""
        yield json.dumps([dict(self.axes), dict(self.scales)])
        yield from (tensor for pair in self.layers.values() for tensor in pair)


class GroundStatistics:
    """Streams what natural pictures are like. Memory is 32 bytes a channel.

    Args:
        axes: Of the channels of each layer of the path.
        device: Where pictures come.
    """

    def __init__(self, axes: Mapping[str, int], device: torch.device) -> None:
        self._axes = {COLOURS: 1, **axes}
        self._device = device
        self._means: dict[str, Means] = {}
        self._kinds: dict[str, int] = {}

    def update(
        self, outputs: Mapping[str, Float[Tensor, "batch ..."]], images: Float[Tensor, "batch channels height width"]
    ) -> None:
        """Take in a batch, perhaps an empty one.

        Args:
            outputs: Of the layers of the path.
            images: The pictures, 0 to 1.
        """
        for layer, axis in self._axes.items():
            output = opponent(images) if layer == COLOURS else outputs[layer]
            found = layer_statistics(output, axis).double()
            if layer not in self._means:
                self._kinds[layer] = found.shape[1] // output.shape[axis]
                self._means[layer] = Means(2 * found.shape[1]).to(self._device)
            self._means[layer].update(torch.cat((found, found.square()), 1))

    def compute(self) -> dict[str, tuple[Tensor, Tensor]]:
        """Mean and deviation over the pictures of all ranks, by layer. A collective."""
        found = {layer: means.compute() for layer, means in self._means.items()}
        with torch.inference_mode(False):  # autograd refuses what was made in that mode
            return {layer: _scaled(moments, self._kinds[layer]) for layer, moments in found.items()}


def _scaled(moments: Float[Tensor, " columns"], kinds: int) -> tuple[Tensor, Tensor]:
    """Mean and deviation of every statistic; infinite deviations where pictures do not differ at all.

    Args:
        moments: Means of the statistics over pictures, and then of their squares.
        kinds: Of statistics: means alone, or means and then deviations, which are of different size.
    """
    mean, square = moments.chunk(2)
    variance = square - mean.square()
    deviation = torch.where(variance > _ROUNDING * square, variance, 0.0).sqrt().reshape(kinds, -1)
    least = _LEAST * deviation.mean(1, keepdim=True)
    deviation = torch.where(least > 0, deviation + least, torch.inf).flatten()  # what never moves is no rule
    return mean.float(), deviation.float()


def _scale(mean: float, strongest: float) -> tuple[float, float]:
    """Where the gain of a target is 0, and its spread; 1 where all pictures are alike, and have no scale."""
    spread = strongest - mean
    alike = not spread > math.sqrt(_ROUNDING) * max(abs(mean), abs(strongest))
    return mean, 1.0 if alike else spread


def opponent(images: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch channels height width"]:
    """Colours by a cosine basis over the channels: of three, brightness, red less blue, and green less both.

    In natural pictures these hardly correlate, so that each tells a tint that the others do not.

    >>> opponent(torch.tensor([1.0, 0.0, 1.0]).reshape(1, 3, 1, 1)).flatten()
    tensor([1.1547, 0.0000, 0.8165])
    """
    count = images.shape[1]
    places = torch.arange(count, device=images.device, dtype=images.dtype)
    basis = torch.cos(math.pi / count * places[:, None] * (places + 0.5))
    return torch.einsum("dc,nchw->ndhw", basis / basis.norm(dim=1, keepdim=True), images)


def layer_statistics(output: Float[Tensor, "batch ..."], axis: int) -> Float[Tensor, "batch columns"]:
    """Mean of every channel over the places of a layer, and then its deviation; of a vector the values alone.

    Args:
        output: What a layer gave.
        axis: Of its channels, counted from 0.

    >>> layer_statistics(torch.tensor([[[0.0, 2.0], [1.0, 5.0]]]), 1)
    tensor([[1.0000, 3.0000, 1.0000, 2.0000]])
    """
    if output.ndim == 2:
        return output.float()
    rows = output.float().movedim(axis, 1).flatten(2)
    mean = rows.mean(2)
    # a root of 0 has no gradient
    deviation = ((rows - mean[..., None]).square().mean(2) + 1e-6).sqrt()
    return torch.cat((mean, deviation), 1)
