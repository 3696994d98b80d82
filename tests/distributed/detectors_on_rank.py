"""One rank of a sweep that dissects by masks, in a process of its own: ``RANK WORLD STORE FOLDER SAMPLES …``."""

from pathlib import Path

from torch.utils.data import DataLoader, DistributedSampler

from rivalry.basis import NetworkDissection
from rivalry.recording import sweep
from tests.basis.scenes import Depths, Scenes
from tests.distributed.ranks import be_a_rank


def detectors_on_rank(rank: int, world: int, samples: int, folder: Path) -> None:
    dataset = Scenes(samples)
    sampler = DistributedSampler(dataset, world, rank, shuffle=False) if world > 1 else None
    analyses = [
        NetworkDissection(["maps", "rivals.1", "keen"], 0.1, halves=samples > 1),
        NetworkDissection(["maps"], 0.1, 2020, halves=False, sample=3, name="sampled"),
    ]
    for record in sweep(Depths(), DataLoader(dataset, batch_size=2, sampler=sampler), analyses, progress=False):
        record.save(folder)


def _on_all(rank: int, world: int, folder: Path, numbers: list[str]) -> None:
    for number in numbers:
        detectors_on_rank(rank, world, int(number), folder / number)


if __name__ == "__main__":
    be_a_rank(_on_all)
