"""The pictures of a training: which are learnt from, which are validated and tested on, in what order.

The order of training is a pure function of (seed, epoch), and what augmentation does to an image one of (seed, epoch,
index): neither depends on the number of workers, and a resumed run goes on as if it had never stopped. A single image
is changed where it is loaded (`rivalry.data.turns`), a batch here, after it was moved to its device.
"""

from collections.abc import Iterator
from typing import Any

import torch
from lightning.pytorch import LightningDataModule
from torch.utils.data import DataLoader, DistributedSampler

from rivalry.data.augmentation import Augmentation, Recipe
from rivalry.data.dataset import ImageDataset, Sample
from rivalry.data.turns import ChangedPictures, Turn, TurnSampler
from rivalry.numerics.sampling import draw
from rivalry.recording.ranks import rank_and_world


class Pictures(LightningDataModule):
    """Training, validation and test pictures, in batches.

    A batch holds what a sample holds: ``image`` uint8 (batch, 3, height, width), ``label`` and ``index`` int64 (batch).
    A training batch whose images were mixed has ``target`` float32 (batch, classes), too, from which to learn;
    ``label`` is that of the image which came first.

    Args:
        train: Learnt from, shuffled anew every epoch; a last batch that is not full is left for another epoch.
        validation: Seen after every epoch.
        test: For `rivalry test` and `rivalry predict`; the validation pictures where there are none.
        probe: What analyses look at; the validation pictures where there are none. Its classes may be others.
        augmentation: Random changes of training images: a whole recipe, or one change of batches.
        repeats: How often a training image is shown in a row, each time augmented otherwise (DeiT: 3); an epoch stays
            as long and has fewer images.
        batch_size: Images in a batch of each rank.
        workers: Processes that load; 0 loads in the main process, which is enough where images are decoded once.
        seed: Decides order and augmentation.

    Attributes:
        classes: Names of the classes.
        num_classes: Their number.

    Raises:
        ValueError: If train, validation and test have different classes, a batch is larger than the training set,
            images would be repeated as they are, or carry masks, which augmentation would not move with them.
    """

    def __init__(
        self,
        train: ImageDataset,
        validation: ImageDataset,
        *,
        test: ImageDataset | None = None,
        probe: ImageDataset | None = None,
        augmentation: Augmentation | Recipe | None = None,
        repeats: int = 1,
        batch_size: int = 128,
        workers: int = 0,
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.train, self.validation = train, validation
        self.test = validation if test is None else test
        self.probe = validation if probe is None else probe
        self.recipe = Recipe(batch=augmentation) if isinstance(augmentation, Augmentation) else augmentation
        self.repeats = repeats
        self.batch_size, self.workers, self.seed = batch_size, workers, seed
        self.classes = train.classes
        self._refuse_other_classes("validation", validation)
        self._refuse_other_classes("test", self.test)
        if not 1 <= batch_size <= len(train):
            raise ValueError(f"batch_size {batch_size} with {len(train)} training images; wanted 1 to {len(train)}")
        if repeats < 1 or (repeats > 1 and augmentation is None):
            raise ValueError(f"repeats is 1 or more, and above 1 only with an augmentation; given {repeats}")
        if augmentation is not None and train.concepts:
            raise ValueError("training images carry masks, which augmentation would leave behind: train without masks")

    @property
    def num_classes(self) -> int:
        """Number of classes."""
        return len(self.classes)

    def prepare_data(self) -> None:
        """Draw or decode what is kept on disk; Lightning calls this once a machine, before the ranks read."""
        for pictures in (self.train, self.validation, self.test, self.probe):
            pictures.prepare()

    def train_dataloader(self) -> DataLoader[Sample]:
        """Training batches of this rank; Lightning tells the sampler the epoch."""
        rank, world = (self.trainer.global_rank, self.trainer.world_size) if self.trainer else (0, 1)
        sampler = TurnSampler(self.train, rank=rank, world=world, seed=self.seed, repeats=self.repeats)
        return self._load(self._changed, sampler=sampler, drop_last=True)

    def val_dataloader(self) -> DataLoader[Sample]:
        """Validation batches, in order."""
        return self._load(self.validation)

    def test_dataloader(self) -> DataLoader[Sample]:
        """Test batches, in order."""
        return self._load(self.test)

    def predict_dataloader(self) -> DataLoader[Sample]:
        """Test batches, in order."""
        return self._load(self.test)

    def calibration_batches(self, images: int = 2048) -> Iterator[Sample]:
        """Some training images for statistics of batch normalisation: the same ones on every rank.

        They are augmented as in training, by the seed alone: the black borders of random crops belong to the statistics
        that the weights were trained with.

        Args:
            images: How many; all where there are fewer.
        """
        chosen = draw(len(self.train), images, self.seed)
        turns = [Turn(index) for index in chosen.tolist()]
        for batch in self._load(self._changed, sampler=turns, persistent_workers=False):
            yield self.augment(batch, epoch=0)

    def on_after_batch_transfer(self, batch: Sample, dataloader_idx: int) -> Sample:
        """Augment a training batch, on its device."""
        if self.trainer is None or not self.trainer.training:
            return batch
        return self.augment(batch, self.trainer.current_epoch)

    def augment(self, batch: Sample, epoch: int) -> Sample:
        """Change a loaded training batch as an epoch changes it; its images were changed one by one before."""
        if self.recipe is None:
            return batch
        # A batch's index is the samples' indices, stacked.
        turns: Any = batch["index"] + len(self.train) * batch.get("repeat", 0)
        return self.recipe.on_batch(batch, classes=self.num_classes, seed=self.seed, epoch=epoch, turns=turns)

    @property
    def _changed(self) -> ChangedPictures:
        return ChangedPictures(self.train, self.recipe, seed=self.seed, repeats=self.repeats)

    def _load(self, pictures: Any, **options: Any) -> DataLoader[Sample]:
        # A generator of its own: otherwise every pass would draw from the one that the network draws from.
        usual: dict[str, Any] = {
            "batch_size": self.batch_size,
            "num_workers": self.workers,
            "persistent_workers": self.workers > 0,
            "pin_memory": torch.cuda.is_available(),
            "generator": torch.Generator().manual_seed(self.seed),
        }
        return DataLoader(pictures, **(usual | options))

    def _refuse_other_classes(self, split: str, pictures: ImageDataset) -> None:
        if pictures.classes != self.classes:
            raise ValueError(
                f"{split} has {len(pictures.classes)} classes ({_some(pictures.classes)}) and train {self.num_classes} "
                f"({_some(self.classes)}): they must be the same, in the same order"
            )


def probe_loader(probe: ImageDataset, batch_size: int, *, workers: int = 0) -> DataLoader[Any]:
    """A loader that shows every sample once, in order, whatever the number of ranks.

    Args:
        probe: The pictures.
        batch_size: Of each rank.
        workers: Processes that decode.
    """
    distributed = rank_and_world()[1] > 1
    return DataLoader(
        probe,
        batch_size=batch_size,
        sampler=DistributedSampler[Any](probe, shuffle=False) if distributed else None,
        num_workers=workers,
        pin_memory=torch.cuda.is_available(),
        generator=torch.Generator(),  # or each pass would draw from the one that the network draws from
    )


def _some(names: tuple[str, ...]) -> str:
    return ", ".join(names[:3]) + (" …" if len(names) > 3 else "")
