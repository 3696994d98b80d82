"""What holds an image among natural pictures: statistics by hand, in any batches, and the distance from them."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from rivalry.prototypes.objectives.ground import (
    COLOURS,
    Ground,
    GroundStatistics,
    Natural,
    layer_statistics,
    opponent,
)


def some_pictures(count: int = 12) -> Tensor:
    return torch.rand(count, 3, 5, 4, generator=torch.Generator().manual_seed(0))


def some_outputs(count: int = 12) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(1)
    maps = torch.randn(count, 6, 3, 3, generator=generator)
    return {"maps": maps, "tokens": torch.randn(count, 7, 5, generator=generator), "vector": maps.mean((2, 3))}


AXES = {"maps": 1, "tokens": 2, "vector": 1}


def ground_of(pictures: Tensor, outputs: dict[str, Tensor], batch: int = 12) -> Ground:
    statistics = GroundStatistics(AXES, torch.device("cpu"))
    for first in range(0, len(pictures), batch):
        part = slice(first, first + batch)
        statistics.update({layer: output[part] for layer, output in outputs.items()}, pictures[part])
    return Ground(statistics.compute(), {COLOURS: 1, **AXES}, {"class:0": (-1.0, 3.0), "unit:a:1": (2.0, 2.0)})


def test_statistics_of_a_layer_are_means_and_deviations_of_its_channels() -> None:
    outputs = some_outputs()
    rows = outputs["tokens"].mT
    wanted = torch.cat((rows.mean(2), rows.std(2, correction=0)), 1)
    torch.testing.assert_close(layer_statistics(outputs["tokens"], 2), wanted, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(layer_statistics(outputs["vector"], 1), outputs["vector"])


def test_the_deviation_of_a_channel_that_is_the_same_everywhere_has_a_gradient() -> None:
    flat = torch.ones(1, 2, 3, 3, requires_grad=True)
    (gradient,) = torch.autograd.grad(layer_statistics(flat, 1).sum(), flat)
    assert bool(gradient.isfinite().all())


def test_streamed_statistics_do_not_depend_on_batches() -> None:
    pictures, outputs = some_pictures(), some_outputs()
    whole, parts = ground_of(pictures, outputs), ground_of(pictures, outputs, batch=5)
    for layer, pair in whole.layers.items():
        torch.testing.assert_close(pair, parts.layers[layer], rtol=1e-5, atol=1e-6)
    for layer, kinds in (("maps", 2), ("vector", 1)):  # means and deviations, or means alone
        found = layer_statistics(outputs[layer], 1)
        mean, deviation = whole.layers[layer]
        torch.testing.assert_close(mean, found.mean(0))
        spread = found.std(0, correction=0)
        least = torch.cat([part.mean().expand(6) for part in spread.chunk(kinds)])
        torch.testing.assert_close(deviation, spread + 0.1 * least)


def test_a_picture_pays_about_two_for_each_layer_and_a_strange_one_more() -> None:
    pictures, outputs = some_pictures(400), some_outputs(400)
    ground = ground_of(pictures, outputs, batch=400)
    nature = Natural(path=1.0, colours=1.0)
    paid = ground.distance(outputs, pictures, nature)
    assert 3.0 < float(paid.mean()) < 4.0  # 2 of the path's layers together and 2 of colours, less what is added
    strange = ground.distance({layer: output + 3 for layer, output in outputs.items()}, pictures, nature)
    assert float((strange / paid).min()) > 5


def test_what_is_the_same_in_all_pictures_is_no_rule() -> None:
    pictures, outputs = some_pictures(), some_outputs()
    outputs["maps"] = (1000 * outputs["maps"][:1]).expand(12, -1, -1, -1)
    ground = ground_of(pictures, outputs)
    other = {**outputs, "maps": outputs["maps"] + 7}
    nature = Natural(path=1.0)
    torch.testing.assert_close(ground.distance(other, pictures, nature), ground.distance(outputs, pictures, nature))
    alone = ground_of(pictures[:1], {layer: output[:1] for layer, output in outputs.items()})
    asked = {layer: (output + 1).requires_grad_() for layer, output in outputs.items()}
    paid = alone.distance(asked, pictures, nature)
    assert paid.tolist() == [0.0] * 12  # one picture says nothing of how pictures differ
    gradients = torch.autograd.grad(paid.sum(), list(asked.values()))
    assert all(gradient.count_nonzero() == 0 for gradient in gradients)


def test_what_was_taken_of_pictures_in_inference_has_a_gradient() -> None:
    pictures, outputs = some_pictures(), some_outputs()
    with torch.inference_mode():  # as in a validation loop
        ground = ground_of(pictures, outputs)
    asked = pictures.clone().requires_grad_()
    ground.distance({}, asked, Natural(colours=1.0)).sum().backward()
    assert asked.grad is not None
    assert bool(asked.grad.any())


def test_weights_of_zero_pay_nothing_for_their_part() -> None:
    pictures, outputs = some_pictures(), some_outputs()
    ground = ground_of(pictures, outputs)
    path = ground.distance(outputs, pictures, Natural(path=2.0, colours=0.0))
    colours = ground.distance(outputs, pictures, Natural(path=0.0, colours=3.0))
    both = ground.distance(outputs, pictures, Natural(path=2.0, colours=3.0))
    torch.testing.assert_close(path + colours, both)
    assert ground.distance({}, pictures, Natural(0.0, 0.0)).tolist() == [0.0] * 12


def test_what_an_image_pays_is_its_own() -> None:
    pictures, outputs = some_pictures(), some_outputs()
    ground = ground_of(pictures, outputs)
    alone = ground.distance({layer: output[3:4] for layer, output in outputs.items()}, pictures[3:4], Natural(0.3, 0.1))
    torch.testing.assert_close(ground.distance(outputs, pictures, Natural(0.3, 0.1))[3:4], alone)


@pytest.mark.parametrize("channels", [1, 3, 5])
def test_opponent_colours_turn_and_keep_lengths(channels: int) -> None:
    images = torch.rand(2, channels, 3, 3)
    turned = opponent(images)
    torch.testing.assert_close(turned.square().sum(1), images.square().sum(1))
    torch.testing.assert_close(turned[:, 0], images.sum(1) / channels**0.5)


def test_a_negative_weight_is_refused() -> None:
    with pytest.raises(ValueError, match="0 or more, got path=-1"):
        Natural(path=-1)


def test_gains_are_on_the_scale_of_natural_pictures() -> None:
    ground = ground_of(some_pictures(), some_outputs())
    values = torch.tensor([-1.0, 3.0, 7.0, 2.5], requires_grad=True)
    targets = ["class:0", "class:0", "class:0", "unit:a:1"]
    assert ground.gain(targets, values, Natural()).tolist() == [0.0, 1.0, 2.0, 0.5]
    held = ground.gain(targets, values, Natural(ceiling=True))
    assert held.tolist() == [0.0, 1.0, 1.0, 0.5]
    (gradient,) = torch.autograd.grad(held.sum(), values)
    assert gradient.tolist()[2:] == [0.0, 1.0]


@pytest.mark.parametrize("strongest", [10.0000001, 10.0, 9.0, math.nan])
def test_where_all_pictures_are_worth_the_same_values_stay_as_they_are(strongest: float) -> None:
    ground = Ground({}, {}, {"class:0": (10.0, strongest)})
    assert ground.gain(["class:0"], torch.tensor([10.5]), Natural()).tolist() == [0.5]


def test_no_layer_must_be_heard_for_colours_alone() -> None:
    ground = ground_of(some_pictures(), some_outputs())
    assert ground.heard(Natural(colours=1.0)) == ()
    assert ground.heard(Natural(path=1.0)) == ("maps", "tokens", "vector")
