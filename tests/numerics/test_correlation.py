"""Streamed correlation equals numpy's."""

import numpy as np
import pytest
import torch

from rivalry.numerics.correlation import pearson_from_sums


def streamed(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    x, y = x.double(), y.double()
    sums = (x.sum(0), y.sum(0), x.square().sum(0), y.square().sum(0), x.T @ y)
    return pearson_from_sums(torch.tensor(float(len(x))).double(), *sums)


@pytest.mark.parametrize("shift", [0.0, 1000.0])
def test_equals_numpy(shift: float) -> None:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(50, 4, generator=generator) + shift
    y = (torch.rand(50, 3, generator=generator) > 0.7).float()
    expected = np.corrcoef(x.double().numpy().T, y.double().numpy().T)[:4, 4:]
    np.testing.assert_allclose(streamed(x, y).numpy(), expected, atol=1e-7)


def test_what_never_varies_correlates_with_nothing() -> None:
    x = torch.tensor([[0.1, 1.0], [0.1, 2.0], [0.1, 3.0]])
    y = torch.tensor([[1.0, 0.0], [1.0, 1.0], [1.0, 1.0]])
    correlation = streamed(x, y)
    assert correlation[0].tolist() == [0.0, 0.0]
    assert correlation[1, 0] == 0.0
    assert correlation[1, 1] == pytest.approx(0.8660254)
