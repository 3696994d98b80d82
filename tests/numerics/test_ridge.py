"""Ridge regression equals scikit-learn's, whichever of its two forms is solved."""

import pytest
import torch
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from rivalry.numerics.ridge import fit_ridge


@pytest.mark.parametrize("units", [5, 60])
def test_equals_scikit_learn(units: int) -> None:
    generator = torch.Generator().manual_seed(0)
    rows = torch.randn(30, units, generator=generator) * torch.rand(units, generator=generator) + 3
    target = torch.randn(30, generator=generator) + 1
    theirs = make_pipeline(StandardScaler(), Ridge(alpha=2.5)).fit(rows.double().numpy(), target.double().numpy())
    fresh = torch.randn(8, units, generator=generator)
    expected = theirs.predict(fresh.double().numpy()).tolist()
    assert fit_ridge(rows, target, strength=2.5).score(fresh).tolist() == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("units", [5, 60])
def test_several_targets_are_each_fitted_as_if_alone(units: int) -> None:
    generator = torch.Generator().manual_seed(1)
    rows, targets = torch.randn(30, units, generator=generator), torch.randn(30, 3, generator=generator)
    together = fit_ridge(rows, targets, strength=2.0).score(rows)
    alone = [fit_ridge(rows, target, strength=2.0).score(rows) for target in targets.T]
    assert torch.allclose(together, torch.stack(alone, 1), atol=1e-12)


def test_a_unit_that_never_varies_gets_no_weight() -> None:
    rows = torch.tensor([[0.1, 1.0], [0.1, 2.0], [0.1, 3.0]])
    assert fit_ridge(rows, torch.tensor([1.0, 2.0, 3.0])).weights[0] == 0


def test_bounds() -> None:
    with pytest.raises(ValueError, match="samples and a positive strength"):
        fit_ridge(torch.zeros(0, 2), torch.zeros(0))
    with pytest.raises(ValueError, match="samples and a positive strength"):
        fit_ridge(torch.zeros(3, 2), torch.zeros(3), strength=0.0)
