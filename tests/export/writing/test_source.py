"""What pictures a network takes, and what its classes are called."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from rivalry.data import ImageFolder, PictureBook, Portion, Square
from rivalry.data.dataset import ImageDataset, Sample
from rivalry.export.writing.source import open_source
from rivalry.training.analyze import Target
from rivalry.training.classifier import SparseClassifier
from rivalry.training.run import RunFolder
from rivalry.training.settings import Backbone


def target(name: str, classes: int | None, folder: Path) -> Target:
    return Target(SparseClassifier(Backbone(name, competitors=1), classes), 0, 0, RunFolder(folder), None)


def test_a_network_of_a_thousand_classes_knows_those_of_imagenet(tmp_path: Path) -> None:
    source = open_source(target("test_resnet", None, tmp_path))
    assert len(source.classes) == len(set(source.classes)) == 1000
    assert (source.classes[0], source.classes[999]) == ("tench", "toilet tissue")
    assert source.images.square == Square(160, 0.95, "bilinear")


def written(folder: Path, text: str) -> Path:
    (folder / "study.yaml").write_text(text)
    return folder / "study.yaml"


def test_the_square_is_that_which_the_pictures_were_cut_to(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / "pictures" / name).mkdir(parents=True)
        Image.fromarray(np.zeros((20, 30, 3), np.uint8)).save(tmp_path / "pictures" / name / "0.png")
    said = f"""
probe:
  class_path: rivalry.data.Portion
  init_args:
    whole:
      class_path: rivalry.data.ImageFolder
      init_args:
        root: {tmp_path / "pictures"}
        size: {{side: 16, crop: 0.8, interpolation: bilinear}}
    limit: 2
"""
    source = open_source(target("test_resnet", 2, tmp_path), written(tmp_path, said))
    assert isinstance(source.shown, Portion)
    assert isinstance(source.shown.whole, ImageFolder)
    assert source.images.square == Square(16, 0.8, "bilinear")
    assert source.classes == ("a", "b")
    assert source.changed is None
    grey = "        transform: {class_path: torchvision.transforms.v2.Grayscale, init_args: {num_output_channels: 3}}\n"
    code = said.replace("        size:", f"{grey}        size:")
    assert open_source(target("test_resnet", 2, tmp_path), written(tmp_path, code)).changed == (
        "Grayscale(num_output_channels=3)"
    )


def test_pictures_that_are_cut_by_nobody_are_taken_as_they_are(tmp_path: Path) -> None:
    said = "probe: {class_path: rivalry.data.PictureBook, init_args: {length: 4, size: 32, cache: false}}"
    source = open_source(
        target("test_resnet", len(PictureBook(1, cache=False).classes), tmp_path), written(tmp_path, said)
    )
    assert source.images.square == Square(32)


class Oblong(ImageDataset):
    classes = ("a", "b")
    fingerprint = "oblong"

    def __len__(self) -> int:
        return 1

    def __getitem__(self, index: int) -> Sample:
        return Sample(image=torch.zeros(3, 4, 6, dtype=torch.uint8), label=0, index=index)


def test_pictures_that_are_no_squares_are_refused(tmp_path: Path) -> None:
    said = "probe: {class_path: tests.export.writing.test_source.Oblong}"
    with pytest.raises(ValueError, match="takes square pictures; these are 4 × 6 pixels"):
        open_source(target("test_resnet", 2, tmp_path), written(tmp_path, said))
