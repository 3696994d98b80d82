"""A whole training step of a competing network beside that of its dense twin: forward, loss, backward, optimiser."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext

import timm
import torch
from side_by_side import Comparison, Work
from torch import nn
from torch.nn.functional import cross_entropy

import rivalry  # noqa: F401 - timm then knows the networks that compete


def step_of(
    base: str, competitors: int, *, batch: int, size: int, fast: bool = False
) -> Callable[[torch.device], tuple[Work, Work]]:
    """Steps of a network with U competitors and with its own activations.

    Args:
        base: Name in timm.
        competitors: U.
        batch: Images in a step.
        size: Height and width of the images.
        fast: Whether networks are compiled and compute in bfloat16, as ``configs/cifar10`` does.
    """

    def prepare(device: torch.device) -> tuple[Work, Work]:
        ours, reference = (
            _step(timm.create_model("lwta", base=base, competitors=u, num_classes=10), device, batch, size, fast)
            for u in (competitors, 1)
        )
        return ours, reference

    return prepare


def _step(network: nn.Module, device: torch.device, batch: int, size: int, fast: bool) -> Work:
    network = network.to(device).train()
    if fast:
        network.compile(dynamic=False, options={"fallback_random": True})
    optimiser = torch.optim.SGD(network.parameters(), lr=1e-3, momentum=0.9)
    images, labels = torch.randn(batch, 3, size, size, device=device), torch.arange(batch, device=device) % 10

    def work() -> None:
        with torch.autocast(device.type, torch.bfloat16) if fast else nullcontext():
            loss = cross_entropy(network(images).float(), labels)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()

    return work


COMPARISONS = [
    Comparison(
        "step, CIFAR ResNet-20, U = 2, batch 128",
        "ReLU",
        step_of("cifar_resnet20", 2, batch=128, size=32),
    ),
    Comparison(
        "step, CIFAR ResNet-20, U = 2, batch 128, compiled, bfloat16",
        "ReLU, likewise",
        step_of("cifar_resnet20", 2, batch=128, size=32, fast=True),
    ),
    Comparison("step, ResNet-18 at 64 px, U = 8, batch 32", "ReLU", step_of("resnet18", 8, batch=32, size=64)),
    Comparison("step, DeiT-tiny, U = 24, batch 8", "GELU", step_of("deit_tiny_patch16_224", 24, batch=8, size=224)),
]
