"""Ways through a graph, counted by hand."""

from __future__ import annotations

import torch
from torch import Tensor

from rivalry.recording.ways import Ways, output_of


def leaf() -> Tensor:
    return torch.ones(2, 3, requires_grad=True)


def test_ways_are_those_that_one_can_walk() -> None:
    picture, weight = leaf(), leaf()
    stem = picture * weight
    branch = stem.sin() + stem.cos()
    residual = stem + branch  # by sine, by cosine and directly
    logits = residual.exp() + weight
    ways = Ways(logits, picture)
    assert ways.total == 3
    assert [ways.all_lead_through(output_of(one)) for one in (stem, branch, residual, logits)] == [
        True, False, True, True,
    ]  # fmt: skip


def test_tensors_of_one_node_are_told_apart() -> None:
    picture = leaf()
    first, second = (picture * 2).split(1)
    assert not Ways(first + second, picture).all_lead_through(output_of(first))
    assert Ways(first.exp(), picture).all_lead_through(output_of(first))
    assert not Ways(first.exp(), picture).all_lead_through(output_of(second))


def test_what_is_fed_twice_counts_twice() -> None:
    picture = leaf()
    stem = picture * 1
    assert Ways(stem * stem, picture).total == 2
    assert Ways(stem * stem, picture).all_lead_through(output_of(stem))


def test_deep_graphs_have_more_ways_than_a_float_can_count() -> None:
    picture = leaf()
    deep = picture * 1
    for _ in range(3000):
        deep = deep + deep.detach() * deep
    ways = Ways(deep, picture)
    assert ways.total == 2**3000
    assert ways.all_lead_through(output_of(deep))


def test_without_a_way_there_is_none() -> None:
    picture, weight = leaf(), leaf()
    assert Ways(weight * 2, picture).total == 0
    assert Ways(torch.ones(2, 2), picture).total == 0


def test_a_tensor_is_what_it_was_before_it_was_written_into() -> None:
    picture = leaf()
    maps = picture * 2
    before = output_of(maps)
    maps.relu_()
    ways = Ways(maps + 1, picture)
    assert output_of(maps) != before
    assert ways.all_lead_through(before)
    assert ways.all_lead_through(output_of(maps))
