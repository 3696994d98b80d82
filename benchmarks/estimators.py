"""What the estimators of a draw's gradient are worth: bias, variance, and what a small network learns with them.

**Bias and variance.** Three blocks of four units compete and a squared error looks at the output. All 64 outcomes can
be counted out, so the exact gradient of the expected error is known; an estimator's mean over many draws is compared
with it, and its spread about that mean.

**Accuracy.** A network of two competing layers learns scikit-learn's digits (1,797 images of 8 × 8, a quarter held out)
with each estimator, from several seeds.

python benchmarks/estimators.py
"""

from __future__ import annotations

import itertools
import json
import os
import platform
from pathlib import Path
from typing import get_args

import torch
from jsonargparse import auto_cli
from rich.progress import Progress
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from rivalry.lwta import LWTA, Estimator, evaluating, set_competition

RESULT = Path(__file__).parent / "results" / "estimators.json"
ESTIMATORS: tuple[Estimator, ...] = get_args(Estimator)
TEMPERATURES = (0.5, 1.0, 1.67)
BLOCKS, COMPETITORS = 3, 4


def main(problems: int = 20, draws: int = 20_000, seeds: int = 8, epochs: int = 40) -> None:
    """Measure, print the figures as JSON and keep them in ``benchmarks/results``.

    Args:
        problems: Random problems that bias and variance are averaged over.
        draws: Gradients drawn for each.
        seeds: Trainings with each estimator.
        epochs: Passes over the digits.
    """
    torch.manual_seed(0)
    gradients, accuracies = {}, {}
    ways = list(itertools.product(ESTIMATORS, TEMPERATURES))
    with Progress() as bar:
        for estimator, temperature in bar.track(ways, description="estimators"):
            name = f"{estimator}, T = {temperature:g}"
            measured = torch.stack([bias_and_variance(estimator, temperature, draws, seed) for seed in range(problems)])
            learnt = torch.tensor([accuracy(estimator, temperature, epochs, seed) for seed in range(seeds)]) * 100
            gradients[name] = dict(zip(("bias", "variance"), _rounded(measured.mean(0)), strict=True))
            accuracies[name] = {
                "argmax %": _rounded(learnt.mean(0))[0],
                "sixteen draws %": _rounded(learnt.mean(0))[1],
                "standard error": _rounded(learnt.std(0) / seeds**0.5),
            }
    sizes = {"problems": problems, "draws": draws, "seeds": seeds, "epochs": epochs}
    machine = {"cores": os.cpu_count(), "python": platform.python_version(), "torch": torch.__version__}
    result = {"benchmark": "estimators", **sizes, **machine, "gradients": gradients, "accuracies": accuracies}
    RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=2))


def bias_and_variance(estimator: Estimator, temperature: float, draws: int, seed: int) -> Tensor:
    """Distance of the mean gradient from the exact one, and the spread about it; relative to the exact one's length."""
    generator = torch.Generator().manual_seed(seed)
    h, weight = (torch.randn(BLOCKS * COMPETITORS, generator=generator) for _ in range(2))
    exact = _exact_gradient(h, weight)
    layer = LWTA(COMPETITORS, temperature=temperature, estimator=estimator)
    many = h.expand(draws, -1).clone().requires_grad_()
    _error(layer(many), weight).sum().backward()
    mean = many.grad.mean(0)
    return torch.stack([(mean - exact).norm() / exact.norm(), many.grad.var(0).sum() / exact.square().sum()])


def accuracy(estimator: Estimator, temperature: float, epochs: int, seed: int) -> list[float]:
    """Share of held-out digits that are told rightly, by argmax and by the mean of sixteen draws."""
    torch.manual_seed(seed)
    images, labels = (torch.from_numpy(part) for part in load_digits(return_X_y=True))
    images, labels = images.float() / 16, labels.long()
    order = torch.randperm(len(images))
    held_out, shown = order[: len(order) // 4], order[len(order) // 4 :]
    network = nn.Sequential(nn.Linear(64, 64), LWTA(4), nn.Linear(64, 64), LWTA(4), nn.Linear(64, 10))
    set_competition(network, temperature=temperature, estimator=estimator)
    optimiser = torch.optim.AdamW(network.parameters(), lr=3e-3)
    for _ in range(epochs):
        for rows in shown[torch.randperm(len(shown))].split(64):
            optimiser.zero_grad()
            cross_entropy(network(images[rows]), labels[rows]).backward()
            optimiser.step()
    network.eval()
    with torch.no_grad():
        decided = network(images[held_out])
        with evaluating(network, "sample", seed=0):
            drawn = torch.stack([network(images[held_out]) for _ in range(16)]).mean(0)
    return [float((logits.argmax(1) == labels[held_out]).float().mean()) for logits in (decided, drawn)]


def _exact_gradient(h: Tensor, weight: Tensor) -> Tensor:
    """Of the expected error, by counting out every outcome."""
    h = h.clone().requires_grad_()
    chance = h.view(BLOCKS, COMPETITORS).softmax(1)
    expected = torch.zeros(())
    for winners in itertools.product(range(COMPETITORS), repeat=BLOCKS):
        mask = torch.nn.functional.one_hot(torch.tensor(winners), COMPETITORS).flatten()
        likely = chance[torch.arange(BLOCKS), torch.tensor(winners)].prod()
        expected = expected + likely * _error(h * mask, weight)
    (gradient,) = torch.autograd.grad(expected, h)
    return gradient


def _error(output: Tensor, weight: Tensor) -> Tensor:
    return ((output * weight).sum(-1) - 1).square()


def _rounded(figures: Tensor) -> list[float]:
    return [round(float(figure), 3) for figure in figures]


if __name__ == "__main__":
    auto_cli(main)
