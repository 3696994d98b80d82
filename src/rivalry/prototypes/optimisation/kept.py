"""The state of an optimisation, written now and then: where it is stopped, the next one goes on from there.

A state lies in the user's cache, ``prototypes/<digest>.safetensors``, the digest being of everything that decides the
result, until what it is for is whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from rivalry.cache import cache_folder, written_file


class Kept:
    """States of optimisations, until they are forgotten.

    Args:
        every: Steps after which a state is written.

    Raises:
        ValueError: For less than one step.
    """

    def __init__(self, every: int = 50) -> None:
        if every < 1:
            raise ValueError(f"a state is kept every step or every few of them, got every={every}")
        self.every = every
        self._files: set[Path] = set()

    def get(self, digest: str, device: torch.device) -> dict[str, Tensor] | None:
        """A state that was kept, where there is one and it is whole."""
        file = self._file(digest)
        if not file.is_file():
            return None
        try:
            return load_file(file, device=str(device))
        except (SafetensorError, OSError):
            file.unlink()
            return None

    def keep(self, digest: str, state: Mapping[str, Tensor]) -> None:
        """Write a state, whole or not at all, in place of the one before."""
        with written_file(self._file(digest)) as file:
            file.write(save({name: tensor.contiguous() for name, tensor in state.items()}))

    def forget(self) -> None:
        """Drop all states that this object was asked for: what they were for is whole."""
        for file in self._files:
            file.unlink(missing_ok=True)
        self._files.clear()

    def _file(self, digest: str) -> Path:
        file = cache_folder("prototypes") / f"{digest}.safetensors"
        self._files.add(file)
        return file
