"""One rank of two that fits a basis, and writes what it was given."""

from pathlib import Path

import torch

from rivalry.basis.rotation import Recipe, fit_rotation
from tests.basis.rotation.planted import planted
from tests.distributed.ranks import be_a_rank


def fit(_rank: int, _world: int, folder: Path, _arguments: list[str]) -> None:
    """Fit, and keep matrix, margin and bias."""
    found = fit_rotation(planted(0, pixels=300)[0], 4, recipe=Recipe(epochs=2))
    torch.save((found.matrix, found.margin, found.bias, found.losses), folder)


if __name__ == "__main__":
    be_a_rank(fit)
