"""One rank of a probe in a process of its own: ``probe_on_rank.py RANK WORLD STORE FOLDER``."""

from pathlib import Path

from torch.utils.data import DataLoader, DistributedSampler

from rivalry.artefacts import RegisterProbe
from rivalry.recording import sweep
from tests.artefacts.registers.planted import Scenes, plant, small_vit
from tests.distributed.ranks import be_a_rank


def probe_on_rank(rank: int, world: int, folder: Path) -> None:
    """Seventeen images, of which fifteen are kept: one is padding on two ranks."""
    dataset = Scenes(17)
    sampler = DistributedSampler(dataset, world, rank, shuffle=False) if world > 1 else None
    loader = DataLoader(dataset, batch_size=4, sampler=sampler)
    network = plant(small_vit(reg_tokens=1))
    (record,) = sweep(network, loader, [RegisterProbe(images=15, sample=6)], progress=False)
    record.save(folder)


if __name__ == "__main__":
    be_a_rank(lambda rank, world, folder, _: probe_on_rank(rank, world, folder))
