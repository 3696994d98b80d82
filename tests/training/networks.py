"""Networks of one's own, as a user would name them by a dotted path."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn


class Small(nn.Module):
    """A convolution, an activation, a classifier; knows nothing of timm."""

    def __init__(self, num_classes: int = 7, width: int = 8) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, width, 3, stride=4)
        self.act = nn.SiLU()
        self.fc = nn.Linear(width, num_classes)

    def forward(self, images: Tensor) -> Tensor:
        return self.fc(self.act(self.conv(images)).mean((2, 3)))


def seven(width: int = 8) -> nn.Module:
    return Small(width=width)


def anything(**arguments: Any) -> nn.Module:
    return Small(**arguments)


def maps() -> nn.Module:
    return nn.Conv2d(3, 4, 1)


def nothing() -> None: ...
