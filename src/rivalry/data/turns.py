"""The order in which a training sees its pictures, and how each is changed where it is loaded.

A sampler tells the loading processes not only which picture is next but also the epoch and how often it was shown in
it, so that processes that live on from epoch to epoch change it as new ones would.

Repeated augmentation (Hoffer et al. 2020, "Augment your batch", arXiv:1901.09335; as DeiT samples) shows a picture
several times in a row, each time changed otherwise, and in return fewer pictures in an epoch, which stays as long as it
was. Ranks take turns, so that the repeats of a picture fall to different ones.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch.utils.data import Dataset, DistributedSampler

from rivalry.data.augmentation import Recipe
from rivalry.data.dataset import ImageDataset, Sample


@dataclass(frozen=True, slots=True)
class Turn:
    """A picture's turn in a training.

    Attributes:
        index: Its place in the data set.
        epoch: From 0.
        repeat: How often it was shown before in this epoch.
    """

    index: int
    epoch: int = 0
    repeat: int = 0


class TurnSampler(DistributedSampler[Turn]):
    """The turns of one rank in an epoch: as many as pictures there are for each rank, in an order by (seed, epoch).

    Args:
        pictures: What is sampled.
        rank: This rank, from 0.
        world: Number of ranks.
        seed: Decides the order.
        repeats: How often a picture is shown, of those that an epoch has room for.
    """

    def __init__(self, pictures: ImageDataset, *, rank: int, world: int, seed: int, repeats: int) -> None:
        super().__init__(pictures, world, rank, seed=seed, drop_last=True)
        self.repeats = repeats

    def __iter__(self) -> Iterator[Turn]:
        """Go through the turns of the epoch that was set."""
        generator = torch.Generator().manual_seed(self.seed + self.epoch)
        order = torch.randperm(len(self.dataset), generator=generator)  # type: ignore[arg-type]
        places = torch.arange(self.rank, self.num_samples * self.num_replicas, self.num_replicas)
        shown, repeat = order[places // self.repeats].tolist(), (places % self.repeats).tolist()
        return (Turn(index, self.epoch, again) for index, again in zip(shown, repeat, strict=True))


class ChangedPictures(Dataset[Sample]):
    """Pictures by turn, changed as a recipe says for one image.

    Samples say which ``repeat`` they are where pictures repeat.

    Args:
        pictures: What is changed.
        recipe: How, or None for not at all.
        seed: Decides the changes, with the turn.
        repeats: How often a picture is shown in an epoch.
    """

    def __init__(self, pictures: ImageDataset, recipe: Recipe | None, *, seed: int, repeats: int) -> None:
        self.pictures, self.recipe, self.seed, self.repeats = pictures, recipe, seed, repeats

    def __len__(self) -> int:
        return len(self.pictures)

    def __getitem__(self, turn: Turn | int) -> Sample:
        """The picture of a turn; a plain index stands for its first turn."""
        turn = Turn(turn) if isinstance(turn, int) else turn
        sample = self.pictures[turn.index]
        if self.recipe is not None:
            number = turn.index + turn.repeat * len(self)
            image = self.recipe.on_image(sample["image"], seed=self.seed, epoch=turn.epoch, turn=number)
            sample = {**sample, "image": image}
        return sample if self.repeats == 1 else {**sample, "repeat": turn.repeat}
