"""Part of a data set, chosen by a seed: for a trial on fewer pictures, or to hold some out where no split is given."""

import hashlib
from functools import cached_property

import torch

from rivalry.data.dataset import ImageDataset, Sample


class Portion(ImageDataset):
    """Some samples of a data set, drawn once and kept in the order of the whole.

    Of two portions of the same data set, share and seed, one of them with ``rest``, each has what the other has not.

    Args:
        whole: The data set to draw from.
        limit: Number of samples to draw; all where there are fewer.
        share: Share of the samples to draw instead, in (0, 1).
        rest: Take those that the draw left over.
        seed: Decides the draw.

    Raises:
        ValueError: If not exactly one of ``limit`` and ``share`` is given, one is out of range, or nothing is left.
    """

    def __init__(
        self,
        whole: ImageDataset,
        *,
        limit: int | None = None,
        share: float | None = None,
        rest: bool = False,
        seed: int = 0,
    ) -> None:
        self.whole = whole
        self.classes, self.concepts = whole.classes, whole.concepts
        drawn = _count(len(whole), limit, share)
        order = torch.randperm(len(whole), generator=torch.Generator().manual_seed(seed))
        self.positions: list[int] = (order[drawn:] if rest else order[:drawn]).sort().values.tolist()
        if not self.positions:
            raise ValueError(f"nothing is left: {drawn} of {len(whole)} samples drawn, {rest=}")

    @cached_property
    def fingerprint(self) -> str:
        """Hex digest of the whole's fingerprint and of the positions drawn."""
        return hashlib.blake2b(f"{self.whole.fingerprint} {self.positions}".encode(), digest_size=16).hexdigest()

    def prepare(self) -> None:
        """Prepare the whole."""
        self.whole.prepare()

    def __len__(self) -> int:
        return len(self.positions)

    def __getitem__(self, index: int) -> Sample:
        if not 0 <= index < len(self):
            raise IndexError(f"the portion has samples 0 to {len(self) - 1}; asked for {index}")
        return {**self.whole[self.positions[index]], "index": index}


def _count(whole: int, limit: int | None, share: float | None) -> int:
    if limit is not None and share is None and limit > 0:
        return min(limit, whole)
    if share is not None and limit is None and 0 < share < 1:
        return round(share * whole)
    raise ValueError(f"give either a limit of at least 1 or a share between 0 and 1; given {limit=} and {share=}")
