"""One rank of a sweep with clusters, in a process of its own: ``RANK WORLD STORE FOLDER SAMPLES …``."""

from pathlib import Path

from torch.utils.data import DataLoader, DistributedSampler

from rivalry.clusters import ActivationClusters
from rivalry.recording import sweep
from tests.clusters.pictures import Colours, Patches
from tests.distributed.ranks import be_a_rank

LAYERS = {"fine": 1, "mix": 1}


def clusters_on_rank(rank: int, world: int, samples: int, folder: Path) -> None:
    dataset = Patches(samples)
    sampler = DistributedSampler(dataset, world, rank, shuffle=False) if world > 1 else None
    analyses = [
        ActivationClusters(LAYERS, 4, images=5),
        ActivationClusters(LAYERS, "auto", joint=True, name="joint"),
    ]
    for record in sweep(Colours(), DataLoader(dataset, batch_size=2, sampler=sampler), analyses, progress=False):
        record.save(folder)


def _on_all(rank: int, world: int, folder: Path, numbers: list[str]) -> None:
    for number in numbers:
        clusters_on_rank(rank, world, int(number), folder / number)


if __name__ == "__main__":
    be_a_rank(_on_all)
