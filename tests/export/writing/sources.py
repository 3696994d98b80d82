"""Networks that were made and not trained, as if they were a run's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from rivalry.data.square import Square
from rivalry.export.folder import Images
from rivalry.export.writing.source import Source
from rivalry.training.analyze import Target
from rivalry.training.backbone import normalisation_of
from rivalry.training.classifier import SparseClassifier
from rivalry.training.run import RunFolder
from rivalry.training.settings import Backbone
from tests.training.small_run import pictures


def source_of(root: Path, name: str = "test_resnet", *, side: int = 8, **settings: Any) -> Source:
    """A network of two classes with random weights, and pictures of 8 px that it could have been trained on."""
    torch.manual_seed(0)
    classifier = SparseClassifier(Backbone(name, **settings), 2)
    mean, std = normalisation_of(classifier.network)
    told = Images(Square(side), mean, std)
    of_8_px = side == 8
    given = pictures()
    target = Target(classifier, 1, 20, RunFolder(root), None)
    return Source(target, ("plain", "bright"), told, given if of_8_px else None, given.validation if of_8_px else None)
