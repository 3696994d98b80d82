"""One rank of a sweep that studies classes, in a process of its own: ``RANK WORLD STORE FOLDER SAMPLES[-CLASS] …``."""

from pathlib import Path

from torch.utils.data import DataLoader, DistributedSampler

from rivalry.concepts import ConceptExtraction
from rivalry.concepts.extraction import KMeans
from rivalry.concepts.importance import Occlusion
from rivalry.recording import sweep
from tests.concepts.planted import Colourist, Colours
from tests.distributed.ranks import be_a_rank


def concepts_on_rank(rank: int, world: int, size: str, folder: Path) -> None:
    """Sweep once, of a layer that a classifier reads and of one behind which more stands, and save the record.

    Args:
        rank: This one.
        world: Ranks in all.
        size: Number of pictures, and perhaps the one class that is studied.
        folder: Of the record.
    """
    samples, _, class_ = size.partition("-")
    colours = Colours(int(samples))
    sampler = DistributedSampler(colours, num_replicas=world, rank=rank, shuffle=False)
    analysis = ConceptExtraction(
        ["act", "more"], concepts=2, compared=[KMeans()], importances=[Occlusion()],
        clip="local-dir:checkpoints/picturebook-clip", vocabulary="picturebook",
        classes=[class_] if class_ else None,
    )  # fmt: skip
    loader = DataLoader(colours, batch_size=4, sampler=sampler)
    (record,) = sweep(Colourist(compete=True, further=True), loader, [analysis], progress=False)
    record.save(folder)


def work(rank: int, world: int, folder: Path, sizes: list[str]) -> None:
    """Every size in turn."""
    for size in sizes:
        concepts_on_rank(rank, world, size, folder / size)


if __name__ == "__main__":
    be_a_rank(work)
