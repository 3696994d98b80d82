"""Edges hold the quantiles exactly where the sample is the whole, and do not depend on how pictures come."""

from fractions import Fraction

import pytest
import torch
from torch import Tensor

from rivalry.basis.detectors import EdgeSample, Tallies, edges
from rivalry.basis.detectors.bilinear import upsample
from rivalry.basis.detectors.edges import exceeded_by
from rivalry.basis.detectors.scores import reached, threshold_of, zero_threshold
from rivalry.basis.detectors.thinning import Thinned, place_numbers
from tests.basis.detectors.plain import quantile

SIZE = (12, 12)


def maps(pictures: int = 60, units: int = 6, places: int = 5) -> Tensor:
    drawn = torch.randn(pictures, units, places, places, generator=torch.Generator().manual_seed(0))
    drawn[:, 0].relu_()
    drawn[:, 1] = (drawn[:, 1] - 2.9).relu()  # active on fewer places than may exceed its threshold
    return drawn


def sampled(values: Tensor, *, batch: int = 7, order: Tensor | None = None, **chosen: float) -> Tensor:
    sample = EdgeSample(values.shape[1], **chosen)
    for part in (torch.arange(len(values)) if order is None else order).split(batch):
        sample.add(values[part], SIZE, part)
    return sample.compute()


def counts_of(values: Tensor, of: Tensor):  # noqa: ANN201
    tallies = Tallies(of, [0], planes=1)
    tallies.update(values, torch.zeros(len(values), 1, *SIZE, dtype=torch.int16), torch.arange(len(values)) < 20)
    return tallies.compute()


@pytest.mark.parametrize("level", [0.005, 0.01, 0.02, 0.3])
def test_thresholds_are_exact_where_everything_fits(level: float) -> None:
    values = maps()
    counts = counts_of(values, sampled(values, level=level, pixel_level=level))
    for of, all_values in (("positions", values), ("pixels", upsample(values, SIZE))):
        places = threshold_of(counts, level, of)
        found = counts.edges.gather(1, places[:, None])[:, 0]
        assert found.tolist() == [quantile(all_values[:, unit], level) for unit in range(6)]
        share = (all_values > found[:, None, None]).double().mean((0, 2, 3))
        torch.testing.assert_close(reached(counts, places, of).double(), share, atol=1e-7, rtol=0)
        assert bool((share <= level).all())


def test_a_level_is_taken_as_the_fraction_that_it_is_written_as() -> None:
    """0.07 · 100 is 7.000000000000001 and 0.29 · 100 is 28.999999999999996."""
    values = torch.arange(100.0).reshape(4, 1, 5, 5)
    assert int(0.29 * 100) == 28
    for level in (0.07, 0.29, 0.58):
        allowed = Fraction(str(level)) * 100
        counts = counts_of(values, sampled(values, level=level))
        found = counts.edges[0, threshold_of(counts, level)[0]]
        assert int(found) == 99 - allowed


def test_batches_and_order_do_not_matter_nor_does_the_limit_where_it_is_not_reached() -> None:
    values = maps()
    order = torch.randperm(60, generator=torch.Generator().manual_seed(1))
    for limit in (500, 100_000):
        whole = sampled(values, batch=60, limit=limit)
        assert torch.equal(sampled(values, batch=7, limit=limit), whole)
        assert torch.equal(sampled(values, batch=11, order=order, limit=limit), whole)
    assert torch.equal(sampled(values, limit=4 * 60 * 144), whole)
    assert not torch.equal(sampled(values, limit=500), whole)


def test_a_sample_comes_within_an_eighth_of_the_level_and_says_what_it_reaches() -> None:
    values = maps(pictures=400)
    counts = counts_of(values, sampled(values, limit=2500))  # a quarter of the places
    places = threshold_of(counts, 0.005)
    share = reached(counts, places)
    assert bool((share <= 0.005).all())
    assert bool((share[2:] >= 0.005 / 2 ** (2 / 6)).all())


def test_values_that_the_pass_rounds_otherwise_move_a_threshold_by_hardly_a_place() -> None:
    values = maps()
    noise = torch.randn(values.shape, generator=torch.Generator().manual_seed(3)) * 1e-7
    counts = counts_of(values * (1 + noise), sampled(values))
    missed = 0.005 - reached(counts, threshold_of(counts, 0.005))
    assert bool((missed[2:] >= 0).all())
    assert float(missed[2:].max()) < 3 / (60 * 25)  # 7 of 1,500 places may exceed it


def test_all_units_have_as_many_ascending_edges_with_zero_where_wanted() -> None:
    found = sampled(maps(), zero=True)
    assert found.shape == (6, 1 + len(edges.SPREAD) + 2 * (len(edges.NEAR) + len(edges.CLOSE)) + 1)
    assert bool((found.diff(dim=1) >= 0).all())
    assert bool((found == 0).any(1).all())
    assert not bool((sampled(maps())[2:] == 0).any())


def test_the_edge_at_zero_is_a_threshold_where_there_is_one() -> None:
    values = maps()
    counts = counts_of(values, sampled(values, zero=True))
    assert counts.edges.gather(1, zero_threshold(counts)[:, None]).tolist() == [[0.0]] * 6
    with pytest.raises(ValueError, match="zero=True"):
        zero_threshold(counts_of(values, sampled(values)))


def test_units_that_are_mostly_silent_have_edges_where_they_speak() -> None:
    found = sampled(maps())
    assert found[1, 0] == 0
    assert len(found[1].unique()) >= 4  # it speaks at some 3 places of 1,500
    assert len(found[0].unique()) > 40


def test_every_edge_is_exceeded_by_the_share_asked_for() -> None:
    values = torch.arange(1.0, 1001.0)[None]
    assert exceeded_by(values, [0.0, 0.0004, 0.003, 0.5, 0.9999, 1.0]).tolist() == [[1000, 1000, 997, 500, 1, 1]]


def test_what_has_no_quantiles_is_refused() -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        EdgeSample(2, level=1.0)
    with pytest.raises(ValueError, match="between 0 and 1"):
        EdgeSample(2, pixel_level=0.0)
    with pytest.raises(ValueError, match="limit of 0"):
        EdgeSample(2, limit=0)
    with pytest.raises(ValueError, match=r"8\.0 GiB"):
        EdgeSample(2**16, limit=2**15)
    with pytest.raises(ValueError, match="no picture"):
        EdgeSample(2).compute()
    with pytest.raises(ValueError, match="not finite"):
        EdgeSample(1).add(torch.full((1, 1, 2, 2), torch.nan), (4, 4), torch.tensor([0]))


def test_no_two_places_have_one_number_and_numbers_look_like_chance() -> None:
    numbers = place_numbers(torch.arange(300), 400)
    assert len(numbers.unique()) == numbers.numel()
    lower = (numbers < 0).double()
    assert 0.49 < float(lower.mean()) < 0.51
    assert bool((lower.mean(0) - 0.5).abs().max() < 0.15)
    assert bool((lower.mean(1) - 0.5).abs().max() < 0.15)
    assert torch.equal(place_numbers(torch.tensor([7]), 5)[0], numbers[7, :5])


def test_a_thinned_sample_keeps_the_places_of_the_lowest_numbers() -> None:
    thinned = Thinned(1, 50)
    for part in torch.arange(40).split(9):
        values = (part[:, None] * 10 + torch.arange(10)).flatten()[:, None].float()
        thinned.add(part, 10, lambda chosen, values=values: values[chosen])
        assert len(thinned._values) <= 50
    order = place_numbers(torch.arange(40), 10).flatten().argsort()[:50]
    assert thinned.compute()[:, 0].tolist() == order.tolist()
    assert thinned.compute()[:, 0].tolist() == order.tolist()
