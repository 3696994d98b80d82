"""One rank of a sweep with clusters, in a process of its own: ``RANK WORLD STORE FOLDER SAMPLES …``."""

import sys
from datetime import timedelta
from pathlib import Path

import torch
import torch.distributed
from torch.utils.data import DataLoader, DistributedSampler

from rivalry.clusters import ActivationClusters
from rivalry.recording import sweep
from tests.clusters.pictures import Colours, Patches

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


if __name__ == "__main__":
    rank, world, store, folder, *numbers = sys.argv[1:]
    torch.set_num_threads(1)
    torch.distributed.init_process_group(
        "gloo", f"file://{store}", timedelta(seconds=300), rank=int(rank), world_size=int(world)
    )
    for number in numbers:
        clusters_on_rank(int(rank), int(world), int(number), Path(folder) / number)
    torch.distributed.destroy_process_group()
