"""One rank that takes statistics of its share of pictures, in a process of its own: ``RANK WORLD STORE FOLDER``."""

from pathlib import Path

import torch

from rivalry.prototypes.images import PictureStatistics, Statistics
from tests.distributed.ranks import be_a_rank
from tests.prototypes.images.waves import waves


def statistics_on_rank(rank: int, world: int) -> Statistics:
    """Statistics of seven pictures on all ranks."""
    metric = PictureStatistics(3, 16, 18)
    metric.update(waves(7, 3, 16, 18)[rank::world])
    return metric.compute()


def work(rank: int, world: int, folder: Path, _: list[str]) -> None:
    """Leave them in a file."""
    found = statistics_on_rank(rank, world)
    folder.mkdir()
    parts = {name: getattr(found, name) for name in ("mean", "covariance", "magnitude", "pictures")}
    torch.save(parts, folder / "statistics.pt")


if __name__ == "__main__":
    be_a_rank(work)
