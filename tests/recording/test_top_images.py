"""Top images: real wins only, the same whatever the order, batches and ranks."""

import math

import pytest
import torch

from rivalry.recording.top_images import Ranking, TopImages


def ranked(values: torch.Tensor, wins: torch.Tensor, k: int, order: list[int], batch: int = 3) -> Ranking:
    top = TopImages(values.shape[1], k)
    for start in range(0, len(order), batch):
        rows = torch.tensor(order[start : start + batch])
        top.update(values[rows], wins[rows], rows)
    return top.compute()


def test_only_real_wins_are_ranked_and_counted() -> None:
    """Fault 4: a unit with fewer than k wins is not padded with images in which it was silent."""
    values = torch.tensor([[0.0, -2.0], [0.0, -1.0], [3.0, 0.0], [1.0, 0.0], [0.0, 0.0]])
    wins = torch.tensor([[0.0, 0.5], [0.0, 0.5], [1.0, 0.0], [0.1, 0.0], [0.0, 0.0]])
    top = ranked(values, wins, k=4, order=[0, 1, 2, 3, 4])
    assert top.images.tolist() == [[2, 3, -1, -1], [1, 0, -1, -1]]
    assert top.values.tolist() == [[3.0, 1.0, -math.inf, -math.inf], [-1.0, -2.0, -math.inf, -math.inf]]
    assert top.wins.tolist() == [2, 2]


def test_a_unit_that_never_won_has_no_images() -> None:
    top = ranked(torch.ones(3, 1), torch.zeros(3, 1), k=2, order=[0, 1, 2])
    assert top.images.tolist() == [[-1, -1]]
    assert top.wins.tolist() == [0]


def test_equals_a_plain_sort_with_the_lower_index_first() -> None:
    generator = torch.Generator().manual_seed(0)
    values = torch.randint(-3, 4, (40, 5), generator=generator).float() / 2  # many ties, both signs
    values[values == 0] = torch.where(torch.arange((values == 0).sum()) % 2 == 0, 0.0, -0.0)
    expected = [sorted(range(40), key=lambda i: (-values[i, unit].item(), i))[:10] for unit in range(5)]
    for order in (list(range(40)), list(range(39, -1, -1)), torch.randperm(40, generator=generator).tolist()):
        top = ranked(values, torch.ones_like(values), k=10, order=order, batch=7)
        assert top.images.tolist() == expected
        assert torch.equal(top.values, values.T.gather(1, top.images))


def test_ranks_merge_to_what_one_rank_would_keep() -> None:
    generator = torch.Generator().manual_seed(1)
    values = torch.randn(20, 3, generator=generator).round(decimals=1)
    wins = (values > -0.5).float()
    parts = []
    for rank in range(2):
        top = TopImages(3, k=6)
        rows = torch.arange(rank, 20, 2)
        top.update(values[rows], wins[rows], rows)
        parts.append(top.keys)
    merged = TopImages(3, k=6)
    merged.keys = merged._reductions["keys"](torch.stack(parts))
    merged._update_count = 1
    assert torch.equal(merged.compute().images, ranked(values, wins, 6, list(range(20))).images)


def test_extreme_values_and_indices_survive() -> None:
    values = torch.tensor([[math.inf], [3.4e38], [1e-45], [-3.4e38], [-math.inf]])
    index = torch.tensor([2**32 - 2, 5, 4, 3, 2])
    top = TopImages(1, k=5)
    top.update(values, torch.ones(5, 1), index)
    assert top.compute().images.flatten().tolist() == index.tolist()
    assert top.compute().values.flatten().tolist() == values.flatten().tolist()


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_nan_is_an_error(sign: float) -> None:
    top = TopImages(2, k=1)
    top.update(torch.tensor([[1.0, math.copysign(math.nan, sign)]]), torch.ones(1, 2), torch.tensor([0]))
    with pytest.raises(ValueError, match=r"1 units held NaN \(unit 1 first\)"):
        top.compute()


def test_empty_batches_count_for_nothing() -> None:
    top = TopImages(2, k=1)
    top.update(torch.zeros(0, 2), torch.zeros(0, 2), torch.zeros(0, dtype=torch.long))
    assert top.compute().images.tolist() == [[-1], [-1]]
    with pytest.raises(ValueError, match="at least one unit"):
        TopImages(2, k=0)
