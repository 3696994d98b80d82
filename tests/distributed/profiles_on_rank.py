"""One rank of sweeps that profile units, a process: ``profiles_on_rank.py RANK WORLD STORE FOLDER SAMPLES …``."""

from pathlib import Path

from torch.utils.data import DataLoader, DistributedSampler

from rivalry.dissection import UnitProfiles
from rivalry.recording import sweep
from tests.dissection.profiles.painted import Bending, Painted, Rivals, noise
from tests.distributed.ranks import be_a_rank


def profile_on_rank(rank: int, world: int, samples: int, folder: Path) -> None:
    """Profile two networks: a sample of half of the pictures beside all of them."""
    dataset = Painted(noise(samples))
    sampler = DistributedSampler(dataset, world, rank, shuffle=False) if world > 1 else None
    loader = DataLoader(dataset, batch_size=3, sampler=sampler)
    few = UnitProfiles(["compete", "head"], top=2, quantiles=3, sample=max(1, samples // 2), name="few")
    for network, analysis in ((Rivals(less=0.4), few), (Bending(), UnitProfiles(["act"]))):
        for record in sweep(network, loader, [analysis], progress=False):
            record.save(folder)


def _on_all(rank: int, world: int, folder: Path, arguments: list[str]) -> None:
    for number in arguments:
        profile_on_rank(rank, world, int(number), folder / number)


if __name__ == "__main__":
    be_a_rank(_on_all)
