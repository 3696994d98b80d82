"""Adam and NAdam of many images are PyTorch's, each image with a rate of its own, and begin anew where they must."""

from __future__ import annotations

import pytest
import torch

from rivalry.prototypes.optimisation.rules import Rule, descend, no_moments

RATES = (0.5, 0.01, 2.0)


def gradient(parameters: torch.Tensor, step: int) -> torch.Tensor:
    return parameters.sin() + 0.1 * step


@pytest.mark.parametrize(("rule", "peer"), [("adam", torch.optim.Adam), ("nadam", torch.optim.NAdam)])
def test_steps_are_those_of_pytorch(rule: Rule, peer: type[torch.optim.Optimizer]) -> None:
    start = torch.randn(3, 2, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    each = [row.clone().requires_grad_() for row in start]
    optimisers = [peer([row], lr=rate) for row, rate in zip(each, RATES, strict=True)]  # type: ignore[call-arg]
    ours, moments = start.clone(), no_moments(start)
    for step in range(40):
        moved, moments = descend(rule, moments, gradient(ours, step))
        ours = ours - torch.tensor(RATES, dtype=torch.float64)[:, None, None] * moved
        for row, optimiser in zip(each, optimisers, strict=True):
            row.grad = gradient(row.detach(), step)
            optimiser.step()
    near = 1e-12 if rule == "adam" else 1e-6  # PyTorch's product of momenta is of single precision
    torch.testing.assert_close(ours, torch.stack([row.detach() for row in each]), rtol=near, atol=near)


@pytest.mark.parametrize("rule", ["adam", "nadam"])
def test_an_image_that_begins_anew_steps_as_a_new_one(rule: Rule) -> None:
    given = torch.randn(2, 5, generator=torch.Generator().manual_seed(0))
    _, moments = descend(rule, no_moments(given), given)
    fresh = no_moments(given)
    half = {name: torch.cat((moments[name][:1], fresh[name][1:])) for name in moments}
    step, _ = descend(rule, half, given)
    assert torch.equal(step[1], descend(rule, fresh, given)[0][1])
    assert not torch.equal(step[0], descend(rule, fresh, given)[0][0])


def test_what_was_remembered_is_left_as_it_was() -> None:
    given = torch.ones(1, 2)
    before = no_moments(given)
    descend("adam", before, given)
    assert all(torch.equal(tensor, no_moments(given)[name]) for name, tensor in before.items())
