"""One rank of a sweep that makes prototypes, in a process of its own: ``RANK WORLD STORE FOLDER SIZE[-TARGET] …``."""

from pathlib import Path

from torch.utils.data import DataLoader, DistributedSampler

from rivalry.prototypes import study as study_module
from rivalry.recording import sweep
from tests.concepts.planted import Colourist, Colours
from tests.distributed.ranks import be_a_rank
from tests.prototypes.made import study


def prototypes_on_rank(rank: int, world: int, size: str, folder: Path) -> None:
    """Sweep twice, the second time going on from the first, and save both records.

    Args:
        rank: This one.
        world: Ranks in all.
        size: Number of pictures, and perhaps the one target.
        folder: Of the records.
    """
    study_module.FEWEST = study_module.MOST = 2  # so that there is a group for each
    samples, _, target = size.partition("-")
    colours = Colours(int(samples))
    sampler = DistributedSampler(colours, num_replicas=world, rank=rank, shuffle=False)
    targets = [target] if target else ["class:red", "class:green", "class:blue", "unit:act:1", "unit:act:5"]
    loader = DataLoader(colours, batch_size=4, sampler=sampler)
    previous = {}
    for epoch in range(2):
        analysis = study(targets=targets, warm_steps=2)
        (record,) = sweep(Colourist(compete=True), loader, [analysis], progress=False, epoch=epoch, previous=previous)
        previous = {record.name: record}
        record.save(folder)


def work(rank: int, world: int, folder: Path, sizes: list[str]) -> None:
    """Every size in turn."""
    for size in sizes:
        prototypes_on_rank(rank, world, size, folder / size)


if __name__ == "__main__":
    be_a_rank(work)
