"""Statistics of a mode: re-estimated on a copy, equal to the plain average."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from rivalry.lwta import LWTA, reestimate_normalisation


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 8, 1), LWTA(4), nn.BatchNorm2d(8), nn.Dropout(0.5))


def test_statistics_are_the_average_over_batches_in_that_mode() -> None:
    original = network().train()
    batches = [torch.randn(16, 3, 4, 4) for _ in range(3)]
    estimate = reestimate_normalisation(original, batches, mode="argmax")
    original.eval()
    behind = [original[:2](batch) for batch in batches]
    mean = torch.stack([h.mean(dim=(0, 2, 3)) for h in behind]).mean(0)
    variance = torch.stack([h.var(dim=(0, 2, 3)) for h in behind]).mean(0)
    torch.testing.assert_close(estimate[2].running_mean, mean)
    torch.testing.assert_close(estimate[2].running_var, variance)
    assert estimate[2].momentum == 0.1
    assert not estimate.training


def test_the_network_itself_and_the_random_state_stay() -> None:
    original = network().train()
    before = {key: value.clone() for key, value in original.state_dict().items()}
    state = torch.get_rng_state()
    reestimate_normalisation(original, [torch.ones(4, 3, 2, 2)], mode="argmax")
    assert original.training
    assert original[1].evaluation_mode == "argmax"
    assert all(torch.equal(before[key], value) for key, value in original.state_dict().items())
    assert torch.equal(torch.get_rng_state(), state)


def test_networks_without_statistics_or_competitions_are_copied_only() -> None:
    def never() -> object:
        raise AssertionError("touched")
        yield

    plain = nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4))
    assert torch.equal(reestimate_normalisation(plain, never())[1].running_mean, torch.zeros(4))  # type: ignore[arg-type]
    tokens = nn.Sequential(nn.Linear(4, 4), LWTA(2, dim=-1), nn.LayerNorm(4))
    assert isinstance(reestimate_normalisation(tokens, never(), mode="mean")[1], LWTA)  # type: ignore[arg-type]


def test_no_batch_is_an_error() -> None:
    with pytest.raises(ValueError, match="no batch"):
        reestimate_normalisation(network(), [])
