"""Some pictures of the probe set that an analysis shows the network itself, apart from the pass.

They are chosen by seed and index, so they are the same on any number of ranks. Every rank reads a share of them, and
what came of it is gathered.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.utils.data import DataLoader, Subset

from rivalry.data.dataset import ImageDataset
from rivalry.numerics.sampling import draw
from rivalry.recording.ranks import rank_and_world
from rivalry.recording.sample_rows import Rows, SampleRows

_BATCH = 32


@dataclass(frozen=True)
class ChosenPictures:
    """Some pictures of a data set, of which this rank reads its share.

    Attributes:
        dataset: Where they are.
        index: All of them, ascending.
        device: Where they are shown.
        workers: Processes that decode.
    """

    dataset: ImageDataset
    index: tuple[int, ...]
    device: torch.device
    workers: int = 0

    @classmethod
    def chosen(cls, dataset: ImageDataset, count: int, seed: int, device: torch.device, workers: int) -> ChosenPictures:
        """So many pictures of the data set, or all where it has no more."""
        return cls(dataset, tuple(sorted(draw(len(dataset), count, seed).tolist())), device, workers)

    def batches(self) -> Iterator[Mapping[str, Any]]:
        """This rank's share, collated; nothing where it has none."""
        rank, world = rank_and_world()
        own = self.index[rank::world]
        if own:
            # A generator of its own: a loader would draw from the one that the network draws from.
            yield from DataLoader(
                Subset(self.dataset, own), _BATCH, num_workers=self.workers, generator=torch.Generator()
            )

    def gather(self, rows: Sequence[Float[Tensor, "_ columns"]], columns: int) -> Rows:
        """Put the rows of this rank's share, in their order, together with those of the others. A collective."""
        rank, world = rank_and_world()
        own = torch.tensor(self.index[rank::world], dtype=torch.long, device=self.device)
        gathered = SampleRows(columns, len(self.index)).to(self.device)
        mine = torch.cat([row.to(self.device) for row in rows]) if rows else torch.zeros(0, columns, device=self.device)
        gathered.update(mine, own)
        return gathered.compute()
