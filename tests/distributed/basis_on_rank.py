"""One rank of a sweep with a basis, in a process of its own: ``RANK WORLD STORE FOLDER SAMPLES …``."""

from pathlib import Path

from torch.utils.data import DataLoader, DistributedSampler

from rivalry.basis import InterpretableBasis
from rivalry.basis.rotation import Recipe
from rivalry.recording import sweep
from tests.basis.mixtures import Fields, Mixing
from tests.distributed.ranks import be_a_rank


def basis_on_rank(rank: int, world: int, samples: int, folder: Path) -> None:
    """Sweep twice, the second time going on from the first, and save this rank's records."""
    fields = Fields(samples)
    sampler = DistributedSampler(fields, num_replicas=world, rank=rank, shuffle=False)
    analysis = InterpretableBasis({"mix": 1}, 3, 100, Recipe(epochs=3), "local-dir:checkpoints/picturebook-clip")
    previous = {}
    for epoch in range(2):
        loader = DataLoader(fields, batch_size=4, sampler=sampler)
        (record,) = sweep(Mixing(), loader, [analysis], previous=previous, epoch=epoch, progress=False)
        record.save(folder)
        previous = {"basis": record}


def work(rank: int, world: int, folder: Path, sizes: list[str]) -> None:
    """Every size in turn."""
    for size in sizes:
        basis_on_rank(rank, world, int(size), folder / size)


if __name__ == "__main__":
    be_a_rank(work)
