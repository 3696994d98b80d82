"""One number for every image and unit, and beside it how often the unit won."""

import pytest
import torch

from rivalry.recording.pooling import check_pooling, pool, positions_won, unit_axis


def test_a_layer_that_competes_knows_its_winners_by_index() -> None:
    output = torch.tensor([[0.0, -2.0, 3.0, 0.0]])
    won = positions_won(output, torch.tensor([[1, 0]]), competitors=2, dim=-1)
    assert won.tolist() == [[False, True, True, False]]


def test_without_competition_to_win_is_to_be_positive() -> None:
    assert positions_won(torch.tensor([[0.0, -0.1, 2.0]])).tolist() == [[False, False, True]]


def maps() -> tuple[torch.Tensor, torch.Tensor]:
    """One image, units a and b over 2×2 positions: a wins once with 4, b thrice with -1, -2 and 1."""
    output = torch.tensor([[[[4.0, 0.0], [0.0, 0.0]], [[0.0, -1.0], [-2.0, 1.0]]]])
    winners = torch.tensor([[[[0, 1], [1, 1]]]])
    return output, positions_won(output, winners, competitors=2, dim=1)


def test_the_win_rate_stands_beside_the_mean() -> None:
    """Fault 3: after average pooling every unit looks active; the win rate says how sparse it was."""
    values, rate = pool(*maps(), "mean", dim=1)
    assert values.tolist() == [[1.0, -0.5]]
    assert rate.tolist() == [[0.25, 0.75]]


def test_the_maximum_is_over_wins_alone() -> None:
    output, won = maps()
    output[output == 1.0] = -3.0  # now b wins with negative values only: a plain maximum would give a loser's 0
    assert pool(output, won, "max", dim=1).values.tolist() == [[4.0, -1.0]]
    assert pool(output, torch.zeros_like(won), "max", dim=1).values.tolist() == [[0.0, 0.0]]


def test_the_win_rate_itself() -> None:
    assert pool(*maps(), "win_rate", dim=1).values.tolist() == [[0.25, 0.75]]


def test_the_class_token_is_the_first() -> None:
    tokens = torch.tensor([[[1.0, -1.0], [5.0, 5.0]]])
    pooled = pool(tokens, tokens > 0, "class_token", dim=-1)
    assert pooled.values.tolist() == [[1.0, -1.0]]
    assert pooled.win_rate.tolist() == [[1.0, 0.0]]
    assert pool(tokens, tokens > 0).values.tolist() == [[3.0, 2.0]]
    with pytest.raises(ValueError, match=r"wants tokens, shape \(batch, tokens, units\), got shape \(1, 2, 2, 2\)"):
        pool(*maps(), "class_token", dim=1)


def test_vectors_pool_to_themselves_and_batches_may_be_empty() -> None:
    vectors = torch.tensor([[1.0, -1.0]])
    for pooling in ("mean", "max"):
        assert pool(vectors, torch.ones_like(vectors, dtype=torch.bool), pooling).values.tolist() == [[1.0, -1.0]]
        assert pool(torch.zeros(0, 3, 2, 2), torch.zeros(0, 3, 2, 2, dtype=torch.bool), pooling).values.shape == (0, 3)


def test_channels_last_maps_say_so_by_their_axis() -> None:
    output, won = maps()
    moved = pool(output.movedim(1, -1), won.movedim(1, -1), "mean", dim=-1)
    assert torch.equal(moved.values, pool(output, won, "mean", dim=1).values)


def test_what_cannot_be_pooled_is_refused() -> None:
    with pytest.raises(ValueError, match="nearest is 'class_token'"):
        check_pooling("class")
    with pytest.raises(ValueError, match=r"units of shape \(2, 4, 4, 4\) may lie along axis 1 or along the last"):
        unit_axis(torch.zeros(2, 4, 4, 4))
    with pytest.raises(ValueError, match="2, 3 or 4 axes"):
        unit_axis(torch.zeros(2, 1, 1, 1, 1))
