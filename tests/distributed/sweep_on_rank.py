"""One rank of a sweep in a process of its own: ``sweep_on_rank.py RANK WORLD STORE FOLDER CLIP SAMPLES …``."""

import sys
from datetime import timedelta
from pathlib import Path

import torch
import torch.distributed
from torch import nn
from torch.utils.data import DataLoader, DistributedSampler

from rivalry.data.vocabulary import Vocabulary
from rivalry.dissection.neurons import NeuronDissection
from rivalry.recording import Activity, Analysis, Finding, Listening, Observation, sweep
from rivalry.recording.pooling import pool, positions_won
from rivalry.recording.sample_rows import SampleRows
from rivalry.recording.top_images import TopImages
from tests.recording.tiny import Tiles, TinyNetwork


class Strongest(Analysis):
    """Top images and all rows of the layer ``compete``."""

    name = "strongest"
    taps = ("compete",)

    def start(self, listening: Listening) -> None:
        self.top = TopImages(units=8, k=4)
        self.rows = SampleRows(columns=8, samples=len(listening.dataset))

    def observe(self, observation: Observation) -> None:
        output = observation.activations["compete"]
        pooled = pool(output, positions_won(output, observation.winners["compete"], 2, 1), "mean", 1)
        self.top.update(*pooled, observation.index)
        self.rows.update(pooled.values, observation.index)

    def conclude(self, network: nn.Module) -> Finding:
        top, rows = self.top.compute(), self.rows.compute()
        return Finding(
            scalars={"mean": float(rows.values.mean())},
            settings={"images": top.images.tolist(), "wins": top.wins.tolist(), "index": rows.index.tolist()},
        )


def sweep_on_rank(rank: int, world: int, samples: int, clip: str, folder: Path) -> None:
    dataset = Tiles(samples, masks=True)
    sampler = DistributedSampler(dataset, world, rank, shuffle=False) if world > 1 else None
    loader = DataLoader(dataset, batch_size=2, sampler=sampler)
    words = Vocabulary(("bright left", "nothing", "zebra"))
    analyses = [
        Activity(["*compete", "act"]),
        Strongest(),
        NeuronDissection(["compete", "rivals"], clip, words, top_k=3),
        NeuronDissection(["rivals"], clip, words, similarity="cos_similarity", name="neurons_by_cosine"),
    ]
    for record in sweep(TinyNetwork(), loader, analyses, progress=False):
        record.save(folder)


if __name__ == "__main__":
    rank, world, store, folder, clip, *numbers = sys.argv[1:]
    torch.set_num_threads(1)
    torch.distributed.init_process_group(
        "gloo", f"file://{store}", timedelta(seconds=300), rank=int(rank), world_size=int(world)
    )
    for number in numbers:
        sweep_on_rank(int(rank), int(world), int(number), clip, Path(folder) / number)
    torch.distributed.destroy_process_group()
