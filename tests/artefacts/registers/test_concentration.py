"""How few channels carry a token."""

import torch

from rivalry.artefacts.registers.concentration import massive_activations, participation_ratio


def test_from_one_channel_to_all() -> None:
    assert participation_ratio(torch.eye(5)).tolist() == [1.0] * 5
    assert torch.allclose(participation_ratio(torch.ones(7)), torch.tensor(7.0))
    half = torch.tensor([3.0, -3.0, 0.0, 0.0])
    assert torch.allclose(participation_ratio(half), torch.tensor(2.0))


def test_neither_scale_nor_sign_nor_order_matters() -> None:
    tokens = torch.randn(6, 32, generator=torch.Generator().manual_seed(0))
    expected = participation_ratio(tokens)
    for same in (tokens * 1e6, tokens * 1e-6, -tokens, tokens.flip(1)):
        assert torch.allclose(participation_ratio(same), expected, rtol=1e-4)
    assert bool(participation_ratio(torch.zeros(3)).isnan())


def test_massive_is_large_and_a_thousand_times_the_median() -> None:
    tokens = torch.full((3, 4, 5), 0.05)
    tokens[0, 2, 3] = -101.0  # large, and 2020 times the median
    tokens[1] = 1.0
    tokens[1, 0, 0] = 500.0  # large, and 500 times
    tokens[2, 0, 0] = 99.0  # 1980 times, and not large
    found = massive_activations(tokens)
    assert found.nonzero().tolist() == [[0, 3]]
    assert not bool(massive_activations(tokens[2:]).any())
