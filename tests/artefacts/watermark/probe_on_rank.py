"""One rank of a probe in a process of its own: ``probe_on_rank.py RANK WORLD STORE FOLDER SAMPLES …``."""

from pathlib import Path

from torch.utils.data import DataLoader, DistributedSampler

from rivalry.artefacts.watermark import WatermarkProbe
from rivalry.data.watermark import Watermark
from rivalry.recording import sweep
from tests.artefacts.watermark.planted import TARGET, Greens, Gullible, stain
from tests.distributed.ranks import be_a_rank
from tests.recording.tiny import Tiles, TinyNetwork


def probe_on_rank(rank: int, world: int, samples: int, folder: Path) -> None:
    greens, tiles = Greens(samples), Tiles(samples, masks=False)
    stained = WatermarkProbe(stain(), TARGET, ["conv", "act"], samples=16, pictures=4)
    competing = WatermarkProbe(Watermark(size=0.9, jitter=0), "bright", ["compete", "rivals"], pictures=3, name="lwta")
    for network, dataset, probe in ((Gullible(2), greens, stained), (TinyNetwork(), tiles, competing)):
        sampler = DistributedSampler(dataset, world, rank, shuffle=False) if world > 1 else None
        loader = DataLoader(dataset, batch_size=4, sampler=sampler)
        (record,) = sweep(network, loader, [probe], progress=False)
        record.save(folder)


def _on_all(rank: int, world: int, folder: Path, numbers: list[str]) -> None:
    for number in numbers:
        probe_on_rank(rank, world, int(number), folder / number)


if __name__ == "__main__":
    be_a_rank(_on_all)
