"""One rank of a sweep that studies classes, in a process of its own: ``RANK WORLD STORE FOLDER SAMPLES …``."""

from pathlib import Path

from torch.utils.data import DataLoader, DistributedSampler

from rivalry.concepts import ConceptExtraction
from rivalry.concepts.extraction import KMeans
from rivalry.concepts.importance import Occlusion
from rivalry.recording import sweep
from tests.concepts.planted import Colourist, Colours
from tests.distributed.ranks import be_a_rank


def concepts_on_rank(rank: int, world: int, samples: int, folder: Path) -> None:
    """Sweep once, of a layer that a classifier reads and of one behind which more stands, and save the record."""
    colours = Colours(samples)
    sampler = DistributedSampler(colours, num_replicas=world, rank=rank, shuffle=False)
    analysis = ConceptExtraction(
        ["act", "more"], concepts=2, compared=[KMeans()], importances=[Occlusion()],
        clip="local-dir:checkpoints/picturebook-clip", vocabulary="picturebook",
    )  # fmt: skip
    loader = DataLoader(colours, batch_size=4, sampler=sampler)
    (record,) = sweep(Colourist(compete=True, further=True), loader, [analysis], progress=False)
    record.save(folder)


def work(rank: int, world: int, folder: Path, sizes: list[str]) -> None:
    """Every size in turn."""
    for size in sizes:
        concepts_on_rank(rank, world, int(size), folder / size)


if __name__ == "__main__":
    be_a_rank(work)
