"""Two best words out of tiles are those of the whole matrix."""

import pytest
import torch

from rivalry.dissection.best_words import BestWords


@pytest.mark.parametrize("tile", [1, 7, 300, 3000])
def test_of_equal_words_the_first_counts_in_tiles_of_any_width(tile: int) -> None:
    scores = torch.randint(0, 900, (50, 3000), generator=torch.Generator().manual_seed(0)).double()
    values, order = scores.sort(dim=1, descending=True, stable=True)
    best = BestWords.none_yet(50, scores.device)
    for first in range(0, 3000, tile):
        best = best.after(first, scores[:, first : first + tile])
    assert torch.equal(best.words, order[:, :2])
    assert torch.equal(best.scores, values[:, :2])


def test_a_tile_is_left_as_it_was() -> None:
    scores = torch.tensor([[1.0, 2.0]])
    BestWords.none_yet(1, scores.device).after(0, scores)
    assert scores.tolist() == [[1.0, 2.0]]


def test_dead_units_stand_among_the_living() -> None:
    best = BestWords(torch.tensor([[2.0, 1.0]]).double(), torch.tensor([[5, 3]])).among(3, torch.tensor([1]))
    assert best.words.tolist() == [[0, 0], [5, 3], [0, 0]]
    assert best.scores.isfinite().all(1).tolist() == [False, True, False]
