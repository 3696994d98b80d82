"""What is exported: a trained network, what its classes are called, and the pictures that it was trained on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from timm.data.imagenet_info import ImageNetInfo
from torch import Tensor, nn

from rivalry.data import ImageFolder, ImageList, ImageParquet, Portion, Readable, TorchvisionSet, Watermarked
from rivalry.data.class_names import wordnet_names
from rivalry.data.dataset import ImageDataset, describe_transform
from rivalry.data.square import Square
from rivalry.export.folder import Images
from rivalry.training.analyze import Target, read_study
from rivalry.training.backbone import normalisation_of
from rivalry.training.data import Pictures
from rivalry.training.evaluation import evaluation_copy

_IMAGENET = 1000


@dataclass(frozen=True)
class Source:
    """What is exported.

    Attributes:
        target: The network as it was trained, and its run.
        classes: Names of its classes.
        images: What pictures it takes.
        pictures: Those it was trained on, if that is known.
        shown: Pictures to try it with; blank ones where there are none.
        changed: How their data set changes them beside cutting and decoding, in Python's words; None where it does not.
            It is code, which no folder holds: whoever shows other pictures does it, too.
    """

    target: Target
    classes: tuple[str, ...]
    images: Images
    pictures: Pictures | None
    shown: ImageDataset | None
    changed: str | None = None

    def evaluated(self, tell: Callable[[str], None]) -> nn.Module:
        """The network that evaluation sees: deterministic, with statistics of that mode; on the CPU.

        Args:
            tell: Is told how far it is.

        Raises:
            ValueError: If statistics must be re-estimated and there are no training pictures.
        """
        classifier = self.target.classifier.to("cuda" if torch.cuda.is_available() else "cpu").eval()
        batches = _counted(self.pictures, tell) if self.pictures else None
        network = evaluation_copy(classifier.network, batches, classifier.normalise, keep=classifier.still)
        classifier.cpu()
        return network.cpu().eval()


def open_source(target: Target, study_file: Path | None = None) -> Source:
    """Find pictures and classes of a network.

    Args:
        target: The network.
        study_file: YAML file with ``data`` or ``probe``; by default that of the run. Without either, a network of a
            thousand classes is taken to know those of ImageNet.

    Raises:
        ValueError: If the classes' names are not to be had or too many, or pictures are no squares.
    """
    file = study_file or target.configuration
    study = None if file is None else read_study(file, run=target.configuration, analyses=False)
    pictures = None if study is None else study.data
    shown = None if study is None else (pictures.validation if pictures else study.probe)
    classes = _imagenet_classes(target) if shown is None else tuple(pictures.classes if pictures else shown.classes)
    if len(classes) != (wanted := target.classifier.num_classes):
        raise ValueError(f"the network has {wanted} classes, and {file} names {len(classes)}: give its own by --config")
    mean, std = normalisation_of(target.classifier.network)
    square = _own_square(target) if shown is None else _square_of(shown)
    reader = None if shown is None else _reader(shown)
    changed = None if reader is None or reader.transform is None else describe_transform(reader.transform)
    return Source(target, classes, Images(square, mean, std), pictures, shown, changed)


def _counted(pictures: Any, tell: Callable[[str], None]) -> Iterator[Mapping[str, Tensor]]:
    """Training pictures for the statistics, counted aloud."""
    seen = 0
    for batch in pictures.calibration_batches():
        tell(f"re-estimating statistics of argmax: {seen} training pictures seen")
        seen += len(batch["image"])
        yield batch


def _imagenet_classes(target: Target) -> tuple[str, ...]:
    if target.classifier.num_classes != _IMAGENET:
        raise ValueError(
            f"what the {target.classifier.num_classes} classes of {target.classifier.backbone.name} are called is not "
            "known: give --config FILE with the `data` that it was trained on"
        )
    return wordnet_names(ImageNetInfo().label_names())  # type: ignore[no-untyped-call]


def _own_square(target: Target) -> Square:
    """What the network itself says of its pictures."""
    told: Any = target.classifier.network.pretrained_cfg
    _, height, width = told["input_size"]
    _refuse_oblong(height, width)
    return Square(height, told.get("crop_pct", 1.0), told.get("interpolation", "bicubic"))


def _square_of(pictures: ImageDataset) -> Square:
    """The square that a data set cuts out of its pictures; where it cuts none, that which they are."""
    _, height, width = pictures[0]["image"].shape
    _refuse_oblong(height, width)
    reader = _reader(pictures)
    return reader.square if reader and reader.square and reader.square.side == height else Square(height)


def _reader(pictures: ImageDataset) -> ImageFolder | ImageList | ImageParquet | TorchvisionSet | None:
    """The data set that reads the pictures, where it is one of ours."""
    match pictures:
        case Portion() | Readable() | Watermarked():
            return _reader(pictures.whole)
        case ImageFolder() | ImageList() | ImageParquet() | TorchvisionSet():
            return pictures
        case _:
            return None


def _refuse_oblong(height: int, width: int) -> None:
    if height != width:
        raise ValueError(f"a dissected checkpoint takes square pictures; these are {height} × {width} pixels")
