"""One rank of a sweep in a process of its own: ``sweep_on_rank.py RANK WORLD STORE FOLDER CLIP SAMPLES …``."""

from pathlib import Path

from torch import nn
from torch.utils.data import DataLoader, DistributedSampler

from rivalry.data.vocabulary import Vocabulary
from rivalry.dissection.neurons import NeuronDissection
from rivalry.recording import Activity, Analysis, Finding, Listening, Observation, sweep
from rivalry.recording.pooling import pool, positions_won
from rivalry.recording.sample_rows import SampleRows
from rivalry.recording.top_images import TopImages
from tests.distributed.ranks import be_a_rank
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


def _on_all(rank: int, world: int, folder: Path, arguments: list[str]) -> None:
    clip, *numbers = arguments
    for number in numbers:
        sweep_on_rank(rank, world, int(number), clip, folder / number)


if __name__ == "__main__":
    be_a_rank(_on_all)
