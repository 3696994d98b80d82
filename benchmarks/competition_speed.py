"""A competing layer, forward and backward, beside ReLU, the formula written plainly, and the same compiled."""

from __future__ import annotations

from collections.abc import Callable

import torch
from side_by_side import Comparison, Work
from torch import Tensor, nn

from rivalry.lwta import LWTA

MAPS, TOKENS = (32, 96, 32, 32), (16, 197, 768)
TEMPERATURE = 1.67


class Plain(nn.Module):
    """DISCOVER's formula as one writes it: Gumbel noise, softmax, a one-hot winner, straight through."""

    def __init__(self, competitors: int, dim: int) -> None:
        super().__init__()
        self.competitors, self.dim = competitors, dim

    def forward(self, activations: Tensor) -> Tensor:
        """Draw with noise that is stored, as everything else is."""
        blocked = activations.unflatten(self.dim, (-1, self.competitors))
        axis = self.dim % activations.ndim + 1
        noise = -torch.log(-torch.log(torch.rand_like(blocked) + 1e-5) + 1e-5)
        soft = torch.softmax((blocked + noise) / TEMPERATURE, dim=axis)
        hard = torch.zeros_like(soft).scatter_(axis, soft.argmax(axis, keepdim=True), 1.0)
        drawn: Tensor = (blocked * (hard - soft.detach() + soft)).reshape(activations.shape)
        return drawn


def comparisons() -> list[Comparison]:
    """Both kinds of layers and three sizes of blocks, each beside three references."""
    made = []
    for kind, shape, dim in (("maps", MAPS, 1), ("tokens", TOKENS, -1)):
        for competitors in (2, 8, 24):
            size = "×".join(map(str, shape))
            name = f"lwta, sampled, forward and backward, U = {competitors}, {kind} {size}"
            references: dict[str, Callable[[], nn.Module]] = {
                "nn.ReLU": nn.ReLU,
                "the plain formula": lambda u=competitors, d=dim: Plain(u, d),
                "the plain formula, compiled": lambda u=competitors, d=dim: torch.compile(Plain(u, d), dynamic=False),
            }
            for reference, make in references.items():
                made.append(Comparison(name, reference, _prepare(shape, lambda u=competitors, d=dim: LWTA(u, d), make)))
    return made


def _prepare(
    shape: tuple[int, ...], ours: Callable[[], nn.Module], reference: Callable[[], nn.Module]
) -> Callable[[torch.device], tuple[Work, Work]]:
    def prepare(device: torch.device) -> tuple[Work, Work]:
        generator = torch.Generator().manual_seed(0)
        activations, gradient = (torch.randn(shape, generator=generator).to(device) for _ in range(2))
        return _pass(ours().to(device), activations, gradient), _pass(reference().to(device), activations, gradient)

    return prepare


def _pass(layer: nn.Module, activations: Tensor, gradient: Tensor) -> Work:
    def work() -> None:
        layer(activations.detach().requires_grad_()).backward(gradient)

    return work


COMPARISONS = comparisons()
