"""The published CIFAR weights give the published accuracy through our own networks, data and score."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch.utils.data import DataLoader

from rivalry.data import ImageParquet
from rivalry.training.classifier import SparseClassifier
from rivalry.training.score import Score
from rivalry.training.settings import Backbone


@pytest.mark.data
@pytest.mark.slow
@pytest.mark.parametrize(("layers", "accuracy"), [(20, 0.9173), (56, 0.9339)])
def test_accuracy_on_all_test_images(layers: int, accuracy: float, shared_data: Path) -> None:
    weights = shared_data / "weights" / f"cifar10_resnet{layers}.safetensors"
    classifier = SparseClassifier(Backbone(f"cifar_resnet{layers}", competitors=1, weights=str(weights)), 10).eval()
    pictures = ImageParquet(shared_data / "cifar10" / "test-00000-of-00001.parquet")
    score = Score(num_classes=10)
    with torch.no_grad():
        for batch in DataLoader(pictures, batch_size=500):
            score.update(classifier(batch["image"]), batch["label"])
    assert float(score.compute()["top1"]) == pytest.approx(accuracy, abs=1e-4)
