"""Natural pictures beside prototypes: the same whatever the batches, and those that they are said to be."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from rivalry.prototypes.examples import Beside, Examples, NaturalPictures, at_quantiles
from rivalry.prototypes.natural import Worth
from rivalry.recording.sample_rows import Rows

CPU = torch.device("cpu")


def kept(
    values: Tensor, members: Tensor, examples: Examples, strongest: Tensor, *, batch: int = 7, seed: int = 0
) -> Beside:
    """What is kept of pictures that come in batches, all of them answered."""
    pictures = NaturalPictures(examples, strongest, len(values), seed, CPU)
    for rows in torch.arange(len(values)).split(batch):
        pictures.update(Worth(values[rows], torch.ones_like(members[rows])), members[rows], rows)
    return pictures.compute()


@pytest.fixture
def values() -> Tensor:
    return torch.randn(100, 2, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def members() -> Tensor:
    """Every tenth picture is of the first target; none is of the second."""
    found = torch.zeros(100, 2, dtype=torch.bool)
    found[::10, 0] = True
    return found


LABELLED = torch.tensor([False, False])
STRONGEST = torch.tensor([True, True])


def test_own_pictures_are_members_and_the_others_are_none(values: Tensor, members: Tensor) -> None:
    found = kept(values, members, Examples(own=4, others=30), LABELLED)
    assert len(found.own[0]) == 4
    assert all(index % 10 == 0 for index in found.own[0])
    assert found.own[0] == tuple(sorted(found.own[0]))
    assert len(found.others[0]) == 30
    assert all(index % 10 for index in found.others[0])
    assert found.own[1] == ()
    mean = values[::10, 0].mean().item()
    assert found.natural_value[0].item() == pytest.approx(mean)  # over all members, not over those that were drawn
    assert math.isnan(found.natural_value[1])
    assert torch.allclose(found.mean_value, values.double().mean(0))


def test_own_pictures_may_be_the_strongest_and_are_never_among_the_others(values: Tensor, members: Tensor) -> None:
    found = kept(values, members, Examples(top=2, own=5, others=95), STRONGEST)
    for target in range(2):
        strongest = values[:, target].topk(5)
        assert found.own[target] == tuple(sorted(strongest.indices.tolist()))
        assert found.natural_value[target].item() == pytest.approx(strongest.values.mean().item())
        assert not set(found.own[target]) & set(found.others[target])
    assert not any(index % 10 == 0 for index in found.others[0])  # nor are members
    assert len(found.others[1]) == 95


def test_batches_do_not_matter_and_the_seed_does(values: Tensor, members: Tensor) -> None:
    examples = Examples(own=4, others=20, reservoir=30)
    first, second = (kept(values, members, examples, LABELLED, batch=batch) for batch in (3, 50))
    assert (first.own, first.others, first.quantiles) == (second.own, second.others, second.quantiles)
    other = kept(values, members, examples, LABELLED, seed=1)
    assert other.others != first.others
    assert other.quantiles != first.quantiles


def test_quantiles_are_of_the_reservoir_and_of_all_where_it_holds_all(values: Tensor, members: Tensor) -> None:
    found = kept(values, members, Examples(quantiles=(1.0, 0.5, 0.0)), LABELLED)
    ordered = values[:, 1].sort()
    assert [index for index, _ in found.quantiles[1]] == ordered.indices[[99, 50, 0]].tolist()
    assert [value for _, value in found.quantiles[1]] == ordered.values[[99, 50, 0]].tolist()


def test_equal_values_at_quantiles_go_by_index() -> None:
    rows = Rows(torch.tensor([2, 4, 9]), torch.zeros(3, 1))
    assert [index for index, _ in at_quantiles(rows, 0, [0.0, 0.5, 1.0])] == [2, 4, 9]


def test_a_target_that_no_picture_answers_to_is_told_from_one_of_low_values() -> None:
    pictures = NaturalPictures(Examples(), STRONGEST, 3, 0, CPU)
    answered = torch.tensor([[True, False]] * 3)
    pictures.update(Worth(torch.full((3, 2), -1.0), answered), torch.zeros(3, 2, dtype=torch.bool), torch.arange(3))
    found = pictures.compute()
    assert found.ranking.wins.tolist() == [3, 0]
    assert found.own == ((0, 1, 2), ())


@pytest.mark.parametrize("name", ["top", "own", "others", "reservoir"])
def test_numbers_out_of_bounds_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} is 1 picture or more, got 0"):
        Examples(**{name: 0})  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"between 0 and 1, got 1\.5"):
        Examples(quantiles=(0.5, 1.5))
