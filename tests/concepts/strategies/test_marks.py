"""Whether strategies tell marked pictures from others: 1 where they are the same, no more than chance elsewhere."""

import pytest
import torch
from sklearn.metrics import adjusted_mutual_info_score

from rivalry.concepts.strategies import mark_information


def test_strategies_that_are_the_marks_tell_all_and_dealt_out_anew_nothing() -> None:
    marked = torch.arange(60) % 3 == 0
    told = mark_information(marked.long(), marked)
    assert told is not None
    assert told.ami == pytest.approx(1)
    assert abs(told.shuffled) < 0.02
    assert told.shuffled < told.shuffled_high < 0.2


def test_of_strategies_that_have_nothing_to_do_with_marks_no_more_is_told_than_by_chance() -> None:
    draws = torch.Generator().manual_seed(0)
    labels, marked = torch.randint(4, (400,), generator=draws), torch.rand(400, generator=draws) < 0.5
    told = mark_information(labels, marked)
    assert told is not None
    assert told.ami < told.shuffled_high < 0.03
    assert told.ami == pytest.approx(adjusted_mutual_info_score(marked.numpy(), labels.numpy()))


def test_names_of_strategies_do_not_matter_and_the_seed_decides_the_chance() -> None:
    draws = torch.Generator().manual_seed(1)
    labels, marked = torch.randint(3, (90,), generator=draws), torch.rand(90, generator=draws) < 0.4
    first, renamed = mark_information(labels, marked, seed=7), mark_information((labels + 1) % 3, marked, seed=7)
    assert first is not None
    assert renamed is not None
    assert first == pytest.approx(renamed)
    assert mark_information(labels, marked, seed=7) == first
    assert mark_information(labels, marked, seed=8) != first


@pytest.mark.parametrize("marked", [torch.zeros(9, dtype=torch.bool), torch.ones(9, dtype=torch.bool)])
def test_where_all_are_marked_or_none_nothing_can_be_told(marked: torch.Tensor) -> None:
    assert mark_information(torch.arange(9) % 2, marked) is None


def test_bad_input_is_refused() -> None:
    with pytest.raises(ValueError, match="once or more; got 0"):
        mark_information(torch.arange(9) % 2, torch.arange(9) < 4, shuffles=0)
