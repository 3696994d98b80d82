"""Contributions of units: worked out by hand, held against differences, and summed up."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from torch import Tensor, nn

from rivalry.export.explaining import explain, units_to_cover
from rivalry.export.explaining.explanation import ExplainedUnit
from rivalry.export.folder import DissectedLayer
from rivalry.lwta.layer import LWTA
from tests.export.explaining.stand_in import Copied, Pictured, checkpoint, noise, pictured


class Given(nn.Module):
    """Units whose activations are given, whatever the picture; the first of a layer that competes or not."""

    def __init__(self, activations: Tensor, act: nn.Module, weight: list[list[float]], bias: list[float]) -> None:
        super().__init__()
        self.activations, self.act = nn.Parameter(activations), act
        self.fc = nn.Linear(len(weight[0]), len(weight))
        self.fc.weight.data, self.fc.bias.data = torch.tensor(weight), torch.tensor(bias)

    def forward(self, images: Tensor) -> Tensor:
        units = self.activations[None] + 0.0 * images.sum()
        return self.fc(self.act(units).mean((2, 3)))


def units_of(network: Given) -> dict[int, ExplainedUnit]:
    """All units of the layer ``act`` of a network with classes a and b, by number."""
    layers = {"act": DissectedLayer(len(network.activations), 1, 1, True)}
    made = checkpoint(network, layers, classes=("a", "b"))
    return {one.unit: one for one in explain(made, noise(), units=None, clusters=0)[0].layers[0].units}


TWO_PLACES = torch.tensor([[[-1.0, 4.0]], [[-3.0, 1.0]], [[2.0, -0.5]], [[1.0, -2.0]]])
"""Four units at two places: of the first block unit 0 wins twice, of the second unit 2 does."""


def test_contributions_are_activations_times_weights_over_the_pool() -> None:
    network = Given(TWO_PLACES, LWTA(2), [[1.0, 5.0, 2.0, 5.0], [0.0, 0.0, 0.0, 0.0]], [0.25, 0.0])
    units = units_of(network)
    assert units[0].contribution == pytest.approx((-1 + 4) / 2 * 1)
    assert units[2].contribution == pytest.approx((2 - 0.5) / 2 * 2)
    assert sorted(units) == [0, 2]  # the others lost everywhere, and are not named


def test_a_winner_below_zero_is_named_with_its_sign_and_the_loser_beside_it_is_not() -> None:
    below = torch.tensor([[[-1.0, -1.0]], [[-3.0, -3.0]]])  # the output is (−1, 0): its argmax is the unit that lost
    units = units_of(Given(below, LWTA(2), [[2.0, 9.0], [0.0, 0.0]], [9.0, 0.0]))
    assert list(units) == [0]
    assert units[0].strength == pytest.approx(-1.0)
    assert units[0].win_share == 1.0
    assert units[0].contribution == pytest.approx(-2.0)


def test_winners_are_found_place_by_place_and_not_in_pooled_outputs() -> None:
    # unit 1 wins at three of four places and unit 0 at one, where it is stronger than all of them together
    maps = torch.tensor([[[9.0, 0.0, 0.0, 0.0]], [[1.0, 2.0, 2.0, 2.0]]])
    units = units_of(Given(maps, LWTA(2), [[1.0, 1.0], [0.0, 0.0]], [0.0, 0.0]))
    assert {unit: one.win_share for unit, one in units.items()} == {0: 0.25, 1: 0.75}
    assert (units[0].strength, units[1].strength) == (9.0, 2.0)  # means over the places won, not over all


def test_without_competition_a_unit_above_zero_has_won() -> None:
    units = units_of(Given(TWO_PLACES, nn.ReLU(), [[1.0, 5.0, 2.0, 5.0], [0.0, 0.0, 0.0, 0.0]], [0.25, 0.0]))
    assert {unit: (one.strength, one.win_share) for unit, one in units.items()} == {
        0: (4.0, 0.5),
        1: (1.0, 0.5),
        2: (2.0, 0.5),
        3: (1.0, 0.5),
    }


def test_without_competition_a_unit_below_zero_may_contribute_and_has_not_won() -> None:
    negative = torch.tensor([[[-2.0, -1.0]], [[1.0, 1.0]]])
    units = units_of(Given(negative, nn.Identity(), [[3.0, 1.0], [0.0, 0.0]], [9.0, 0.0]))
    assert (units[0].strength, units[0].win_share, units[0].contribution) == (-1.5, 0.0, -4.5)


def test_the_largest_contribution_of_either_sign_comes_first() -> None:
    layer = explain(pictured(), noise(), ["late"], units=None, clusters=0)[0].layers[0]
    sizes = [abs(one.contribution) for one in layer.units]
    assert sizes == sorted(sizes, reverse=True)
    assert any(one.contribution < 0 for one in layer.units)


def test_in_the_last_layer_contributions_sum_to_the_logit_less_the_bias() -> None:
    made = pictured()
    for explanation in explain(made, noise(5), ["late"], units=None, clusters=0):
        (layer,) = explanation.layers
        assert layer.exact
        assert sum(one.contribution for one in layer.units) == pytest.approx(layer.total)
        bias = float(made.network.fc.bias[explanation.predicted.number].detach())  # type: ignore[union-attr, index]
        assert layer.rest == pytest.approx(bias, abs=1e-5)
        assert layer.total + bias == pytest.approx(explanation.predicted.logit, abs=1e-5)


def test_an_earlier_layer_is_of_first_order_and_says_what_is_left() -> None:
    for explanation in explain(pictured(), noise(3), ["early"], clusters=0):
        (layer,) = explanation.layers
        assert not layer.exact
        assert layer.total + layer.rest == pytest.approx(explanation.asked.value)


def test_a_class_token_that_a_classifier_reads_is_exact_too() -> None:
    class Tokens(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            torch.manual_seed(0)
            self.embed = nn.Conv2d(3, 6, 2, stride=2)
            self.act = nn.GELU()
            self.head = nn.Linear(6, 2)

        def forward(self, images: Tensor) -> Tensor:
            patches = self.embed(images).flatten(2).mT
            tokens = torch.cat([patches.mean(1, keepdim=True), patches], 1)
            return self.head(self.act(tokens)[:, 0])

    (layer,) = explain(checkpoint(Tokens(), classes=("a", "b")), noise(), ["act"], clusters=0)[0].layers
    assert layer.exact


def test_a_contribution_of_first_order_is_what_a_little_more_of_the_unit_adds() -> None:
    """Held against differences, in a network without kinks."""

    class Smooth(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            torch.manual_seed(2)
            self.conv, self.act = nn.Conv2d(3, 4, 3), nn.Softplus()
            self.more, self.soft, self.fc = nn.Conv2d(4, 5, 3), nn.Tanh(), nn.Linear(5, 2)
            self.gain = torch.ones(4)

        def forward(self, images: Tensor) -> Tensor:
            maps = self.act(self.conv(images)) * self.gain.to(images).view(1, 4, 1, 1)
            return self.fc(self.soft(self.more(maps)).mean((2, 3)))

    network = Smooth().double().eval()
    made = checkpoint(Smooth(), classes=("a", "b"))
    (picture,) = noise()
    units = explain(made, [picture], ["act"], why="a", units=None, clusters=0)[0].layers[0].units
    inputs = made.normalise(picture[None]).double()
    for one in units:
        values = []
        for gain in (1 - 1e-5, 1 + 1e-5):
            network.gain = torch.ones(4, dtype=torch.double)
            network.gain[one.unit] = gain
            with torch.no_grad():
                values.append(float(network(inputs)[0, 0]))
        assert one.contribution == pytest.approx((values[1] - values[0]) / 2e-5, rel=1e-3)


def test_why_one_and_not_another_is_the_difference_of_both() -> None:
    made, picture = pictured(), noise()
    for layer in ("early", "late"):
        both = [
            {
                one.unit: one.contribution
                for one in explain(made, picture, [layer], why=name, units=None)[0].layers[0].units
            }
            for name in ("car", "tree")
        ]
        told = explain(made, picture, [layer], why="car", against="tree", units=None)[0]
        for one in told.layers[0].units:
            assert one.contribution == pytest.approx(both[0][one.unit] - both[1][one.unit], abs=1e-6)
    logits = made.logits(torch.stack(picture))[0]
    assert told.asked.value == pytest.approx(float(logits[0] - logits[2]), abs=1e-6)
    assert told.layers[0].exact  # a difference of classifiers is one


def test_a_layer_that_the_logits_do_not_hang_on_is_refused() -> None:
    class Beside(Pictured):
        def __init__(self) -> None:
            super().__init__()
            self.beside = nn.ReLU()

        def forward(self, images: Tensor) -> Tensor:
            self.beside(images)
            return super().forward(images)

    with pytest.raises(ValueError, match="the logits do not depend on layer 'beside'"):
        explain(checkpoint(Beside()), noise(), ["beside"])


def test_a_gradient_that_is_the_weight_by_chance_makes_nothing_exact() -> None:
    class Squared(Copied):
        def forward(self, images: Tensor) -> Tensor:
            return self.fc(2.5 * self.act(images).square().mean((2, 3)))

    network = Squared(nn.ReLU(), [[1.0, 1.0, 1.0], [0.0, 0.0, 0.0]], [0.0, 0.0])
    made = checkpoint(network, classes=("a", "b"), normalised=False)
    dim = torch.full((3, 8, 8), 51, dtype=torch.uint8)  # activations of 0.2, where 2.5 a² has the slope 1
    (layer,) = explain(made, [dim], ["act"], why="a", clusters=0)[0].layers
    assert layer.total == pytest.approx(3 * 0.2)
    assert layer.rest == pytest.approx(3 * 2.5 * 0.2**2 - layer.total)
    assert not layer.exact


def test_a_sum_that_fits_the_logit_makes_nothing_exact_where_no_classifier_reads_the_layer() -> None:
    class Hidden(Copied):
        def __init__(self) -> None:
            super().__init__(nn.ReLU(), [[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]], [0.5, 0.0])
            self.hidden = nn.Linear(3, 3, bias=False)
            self.hidden.weight.data = torch.tensor([[1.0, 1.0, 0.0], [0.0, 1.0, 0.0], [-1.0, 0.0, -1.0]])

        def forward(self, images: Tensor) -> Tensor:
            return self.fc(self.hidden(self.act(images).mean((2, 3))).relu())

    made = checkpoint(Hidden(), classes=("a", "b"), normalised=False)
    (layer,) = explain(made, noise(), ["act"], why="a", clusters=0)[0].layers
    assert layer.rest == pytest.approx(0.5, abs=1e-6)  # nothing but ReLUs without a bias on the way
    assert not layer.exact


@pytest.mark.parametrize(
    ("contributions", "wanted"),
    [
        ([10.0], 1),
        ([5.0, 3.0, 1.0, 1.0], 3),  # just 90 %
        ([9.5, 0.5], 1),
        ([4.0, -4.0, 1.0], 3),  # 4, 0, 1
        ([10.0, -1.0, -5.0, 5.0], 4),  # 10, 5, 10, 9
        ([-5.0, -5.0, 0.3], 2),
        ([0.0, 0.0], 0),
        ([1.0, -1.0], 2),
        ([], 0),
    ],
)
def test_units_to_cover_by_hand(contributions: list[float], wanted: int) -> None:
    assert units_to_cover(contributions) == wanted


def test_units_to_cover_is_the_smallest_number_from_which_on_sums_stay() -> None:
    generator = torch.Generator().manual_seed(1)
    for count, share in itertools.product((1, 2, 5, 9), (0.5, 0.9, 1.0)):
        for _ in range(20):
            values = torch.randn(count, generator=generator, dtype=torch.double).tolist()
            ordered = sorted(values, key=abs, reverse=True)
            running = [math.fsum(ordered[:k]) for k in range(count + 1)]
            near = [abs(one - running[-1]) <= (1 - share) * abs(running[-1]) + 1e-12 for one in running]
            wanted = min(k for k in range(count + 1) if all(near[k:]))
            assert units_to_cover(values, share) == wanted


def test_units_to_cover_refuses_what_it_cannot_cover() -> None:
    with pytest.raises(ValueError, match="above 0 and is 1 at most, got 90"):
        units_to_cover([1.0], 90)
    with pytest.raises(ValueError, match="must be finite"):
        units_to_cover([1.0, math.nan])
