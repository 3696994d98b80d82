"""Pictures that a command is given: files, resized to what the network takes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from torchvision.transforms.v2 import functional as transforms

from rivalry.data.dataset import ImageDataset, Sample
from rivalry.data.decoding import open_image, to_tensor
from rivalry.training.analyze import Target


class GivenPictures(ImageDataset):
    """Picture files, all resized to one size; their own shapes come back with the labels.

    Args:
        paths: The files.
        size: Height and width.

    Raises:
        ValueError: If there is no such file, or a size below 1; on reading, if it cannot be decoded, naming it.
    """

    classes = ()

    def __init__(self, paths: Sequence[Path], size: tuple[int, int]) -> None:
        missing = [path for path in paths if not path.is_file()]
        if missing:
            raise ValueError(f"there is no picture {missing[0]}" + (f", nor {missing[1]}" if missing[1:] else ""))
        if min(size) < 1:
            raise ValueError(f"height and width of pictures are 1 or more, got {size[0]} and {size[1]}")
        self.paths, self.size = paths, size

    @property
    def fingerprint(self) -> str:
        """The names of the files and the size."""
        return f"pictures {[path.name for path in self.paths]} {self.size}"

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> Sample:
        """The picture at ``index``, resized."""
        image = transforms.resize(to_tensor(open_image(self.paths[index])), list(self.size), antialias=True)
        return Sample(image=image, index=index)


class Resized(ImageDataset):
    """The pictures of another data set, resized; without masks, which would no longer fit.

    Args:
        whole: The pictures.
        size: Height and width.

    Raises:
        ValueError: For a size below 1.
    """

    def __init__(self, whole: ImageDataset, size: tuple[int, int]) -> None:
        if min(size) < 1:
            raise ValueError(f"height and width of pictures are 1 or more, got {size[0]} and {size[1]}")
        self.whole, self.size, self.classes = whole, size, whole.classes

    @property
    def fingerprint(self) -> str:
        """Of the pictures, and the size."""
        return f"{self.whole.fingerprint} {self.size}"

    def prepare(self) -> None:
        """Prepare the pictures."""
        self.whole.prepare()

    def __len__(self) -> int:
        return len(self.whole)

    def __getitem__(self, index: int) -> Sample:
        """The picture at ``index``, resized."""
        sample = self.whole[index]
        sample["image"] = transforms.resize(sample["image"], list(self.size), antialias=True)
        sample.pop("masks", None)
        return sample


def own_size(target: Target) -> tuple[int, int]:
    """Height and width that the network says it takes."""
    said: Any = target.classifier.network.pretrained_cfg
    _, height, width = said["input_size"]
    return height, width
