"""Pictures that tell, in a file, how often they were prepared."""

from __future__ import annotations

import os
from pathlib import Path

from tests.recording.tiny import Tiles


class ToldTiles(Tiles):
    """Tiles whose preparation adds a line to a file."""

    def __init__(self, length: int, told: str, *, seed: int = 0, masks: bool = False) -> None:
        super().__init__(length, seed=seed, masks=masks)
        self.told = Path(told)

    def prepare(self) -> None:
        with self.told.open("a") as lines:
            lines.write(f"{os.getpid()}\n")
