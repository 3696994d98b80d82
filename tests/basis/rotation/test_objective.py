"""The weighted sum and the augmented Lagrangian."""

import pytest
import torch

from rivalry.basis.rotation.objective import AugmentedLagrangian, WeightedSum, objective_of
from rivalry.basis.rotation.recipe import Bounds, Recipe, Weights


def test_sum_is_weighted() -> None:
    objective = WeightedSum(Weights(1.0, 2.0, 3.0, 4.0))
    found = torch.tensor([1.0, 0.5, 0.25, 0.125])
    assert float(objective(found)) == pytest.approx(3.25)
    assert objective.judge(found) == pytest.approx(3.25)


def test_bounds_that_are_kept_cost_nothing() -> None:
    objective = AugmentedLagrangian(Bounds(0.8, 8.0, 0.1))
    assert float(objective(torch.tensor([3.0, 0.7, 7.0, 0.0]))) == pytest.approx(3.0)


def test_lagrangian_finds_the_minimum_under_a_bound() -> None:
    """Minimise (x − 3)² under x ≤ 1: x = 1, and λ = 4 is the slope there."""
    objective = AugmentedLagrangian(Bounds(1.0, 8.0, 0.1))
    x = torch.zeros((), requires_grad=True)
    descent = torch.optim.SGD([x], lr=0.02)

    def found() -> torch.Tensor:
        return torch.stack([(x - 3) ** 2, x, torch.zeros(()), torch.zeros(())])

    for _ in range(30):
        for _ in range(60):
            descent.zero_grad()
            objective(found()).backward()
            descent.step()
        objective.learn(found())
    assert float(x.detach()) == pytest.approx(1.0, abs=1e-3)
    assert objective.multipliers.tolist() == pytest.approx([4.0, 0.0, 0.0], abs=1e-2)


def test_judge_counts_what_lies_above_bounds() -> None:
    objective = AugmentedLagrangian(Bounds(0.8, 8.0, 0.1))
    assert objective.judge(torch.tensor([3.0, 0.9, 7.0, 0.0])) == pytest.approx(4.0)


def test_a_recipe_says_which() -> None:
    assert isinstance(objective_of(Recipe().objective), WeightedSum)
    assert isinstance(objective_of(Recipe(objective=Bounds()).objective), AugmentedLagrangian)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"coverage": 0.0}, "coverage is a share of the pixels in \\(0, 1\\], got 0.0"),
        ({"rate": 0.0}, "rate of a recipe is above 0, got 0.0"),
        ({"epochs": 0}, "epochs of a recipe is 1 or more, got 0"),
        ({"exponent": 0.5}, "exponent of a recipe is 1 or more, got 0.5"),
    ],
)
def test_recipes_keep_their_bounds(given: dict[str, float], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        Recipe(**given)  # type: ignore[arg-type]


def test_weights_and_bounds_are_not_negative() -> None:
    with pytest.raises(ValueError, match="a weight is 0 or more, got margin=-1"):
        Weights(margin=-1)
    with pytest.raises(ValueError, match="a bound is 0 or more, got margin_at_most=-1"):
        Bounds(margin_at_most=-1)
