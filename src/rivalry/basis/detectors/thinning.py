"""A bounded sample of the values of a pass: the same however the pictures are spread over batches and ranks.

Every place of every picture has a number that looks like chance and depends on the picture's index and the place alone;
the places of the lowest numbers are kept. Where all places fit, all are kept.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torchmetrics.utilities.distributed import gather_all_tensors

from rivalry.recording.ranks import rank_and_world
from rivalry.recording.sample_rows import Rows, SampleRows

_ALL = torch.iinfo(torch.int64).max
_MIXERS = (0xBF58476D1CE4E5B9 - 2**64, 0x94D049BB133111EB - 2**64)


class Thinned:
    """Rows of values, of the places that have the lowest numbers.

    Memory is 4 bytes × rows × columns, three times that for the moment in which ranks are put together.

    Args:
        columns: Values a place, such as units.
        limit: Places kept, of all ranks together.
        device: Where the rows are kept.

    Raises:
        ValueError: If so many rows take more than 2 GiB, or there are none.
    """

    def __init__(self, columns: int, limit: int, device: torch.device | None = None) -> None:
        if limit < 1:
            raise ValueError(f"a sample keeps one place at least, got a limit of {limit}")
        self.columns, self.limit = columns, limit
        self._gathered = SampleRows(columns, limit).to(device or torch.device("cpu"))
        self._numbers = torch.empty(0, dtype=torch.int64, device=device)
        self._values = torch.empty(0, columns, device=device)

    def add(
        self,
        index: Int[Tensor, " batch"],
        places: int,
        values_at: Callable[[Int[Tensor, " chosen"]], Float[Tensor, "chosen columns"]],
    ) -> None:
        """Let the places of a batch of pictures be kept.

        Args:
            index: Of the pictures in their data set; each comes once.
            places: Of a picture.
            values_at: Gives the values of some places, counted through the batch: picture × places + place.
        """
        index = index.to(self._numbers.device)
        numbers = place_numbers(index, places).flatten()
        highest = _lowest(self.limit, torch.cat([self._numbers, numbers]))
        coming = (numbers <= highest).nonzero()[:, 0]
        leaving = (self._numbers > highest).nonzero()[:, 0]
        values, numbers = values_at(coming).float().to(self._values.device), numbers[coming]
        self._values[leaving], values = values[: len(leaving)], values[len(leaving) :]
        self._numbers[leaving], numbers = numbers[: len(leaving)], numbers[len(leaving) :]
        self._values = torch.cat([self._values, values]) if len(values) else self._values
        self._numbers = torch.cat([self._numbers, numbers])

    def compute(self) -> Float[Tensor, "rows columns"]:
        """What is kept of all ranks, in the order of the places' numbers. A collective."""
        numbers = torch.cat(gather_all_tensors(self._numbers)) if rank_and_world()[1] > 1 else self._numbers
        keep = self._numbers <= _lowest(self.limit, numbers)
        self._gathered.reset()
        self._gathered.update(self._values[keep], self._numbers[keep])
        rows: Rows = self._gathered.compute()
        return rows.values


def place_numbers(index: Int[Tensor, " batch"], places: int) -> Int[Tensor, "batch places"]:
    """A number for every place of some pictures, without order, no two alike: the mixer of SplitMix64.

    Args:
        index: Of the pictures, from 0, below 2³¹.
        places: Of a picture, below 2³².
    """
    mixed = (index.long()[:, None] << 32) + torch.arange(places, device=index.device)
    for shift, factor in zip((30, 27), _MIXERS, strict=True):
        mixed = (mixed ^ _shifted(mixed, shift)) * factor
    return mixed ^ _shifted(mixed, 31)


def _shifted(bits: Tensor, by: int) -> Tensor:
    """To the right, zeros following: PyTorch would repeat the sign."""
    return (bits >> by) & ((1 << (64 - by)) - 1)


def _lowest(count: int, numbers: Tensor) -> int:
    """The highest of the lowest so many numbers."""
    return int(numbers.kthvalue(count).values) if len(numbers) > count else _ALL
