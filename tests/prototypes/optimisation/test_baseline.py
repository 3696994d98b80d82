"""The baseline speaks for all classes alike, and classes alone start from it."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from rivalry.prototypes.images import Pixels, Statistics
from rivalry.prototypes.objectives.targets import Target
from rivalry.prototypes.objectives.values import Readout
from rivalry.prototypes.optimisation.baseline import even_starts, unevenness
from rivalry.prototypes.views import Chance
from rivalry.recording.layer_maps import LayerMaps
from rivalry.recording.live import Live
from tests.prototypes.optimisation.small import GREEN, RED, SIZE, MeanColour, made, pixels
from tests.recording.tiny import TinyNetwork

SHAPE = (3, SIZE, SIZE)


def test_unevenness_is_the_variance_over_the_squared_mean() -> None:
    logits = torch.randn(4, 5, generator=torch.Generator().manual_seed(0))
    chances = logits.softmax(1)
    torch.testing.assert_close(unevenness(logits), chances.var(1, correction=0) / chances.mean(1) ** 2)


class Loud(MeanColour):
    """Probabilities that depend on the colour by much."""

    def forward(self, images: Tensor) -> Tensor:
        return 20 * super().forward(images)


def even(network: nn.Module, statistics: Statistics, rate: float, count: int) -> tuple[Tensor, Tensor]:
    """Unevenness of the canvas's own starts, and of the baselines."""
    canvas = Pixels().canvas(SHAPE, statistics)
    with Live(network) as live:
        start = canvas.start(Chance(0, torch.arange(count), 0))
        found = even_starts(live, canvas, count=count, steps=60, rate=rate, rule="adam", seed=0)
        with torch.no_grad():
            before, after = (unevenness(live(255 * canvas.images(one)).logits) for one in (start, found))
    return before, after


def test_it_speaks_for_all_classes_alike() -> None:
    grey = Statistics.plain(*SHAPE)
    mean = torch.tensor([0.6, 0.5, 0.4], dtype=torch.float64)
    reddish = Statistics(mean, grey.covariance, grey.magnitude, SIZE, 1)
    before, after = even(Loud(), reddish, 0.05, 2)
    assert bool((before > 1).all())
    assert bool((after < 0.01).all())


def test_classes_start_from_one_image_and_units_from_their_own() -> None:
    network = TinyNetwork()
    image = torch.zeros(3, SIZE, SIZE, dtype=torch.uint8)
    readout = Readout(LayerMaps.settled(network, ["conv"], {}, image))
    targets = [Target("class", 0, "a"), Target("class", 1, "b"), Target("unit", 3, "conv:3", "conv")]
    still = {"steps": 1, "rate": 1e-9, "views": ()}
    plain = made(network, targets, pixels(**still), readout=readout)
    even = made(network, targets, pixels(**still, baseline=5), readout=readout)
    assert torch.equal(even.images[0], even.images[1])
    assert not torch.equal(plain.images[0], plain.images[1])
    assert torch.equal(even.images[2], plain.images[2])


def test_copies_start_from_images_of_their_own() -> None:
    found = made(MeanColour(), [RED, GREEN, RED, GREEN], pixels(baseline=3, steps=1, rate=1e-9))
    assert torch.equal(found.images[:2], found.images[[1, 0]])
    assert torch.equal(found.images[2], found.images[3])
    assert not torch.equal(found.images[0], found.images[2])


def test_a_baseline_that_is_not_finite_says_so() -> None:
    with pytest.raises(RuntimeError, match=r"the baseline image was not finite at step 1 with a rate of inf"):
        even(Loud(), Statistics.plain(*SHAPE), float("inf"), 1)
