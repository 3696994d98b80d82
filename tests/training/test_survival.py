"""A training on marked pictures says how much of the mark augmentation leaves, and is no other for it."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from rivalry.data import PictureBook
from rivalry.data.augmentation import Recipe, resnet
from rivalry.data.watermark import Watermark, Watermarked, survival
from rivalry.training.data import Pictures
from rivalry.training.metrics_table import MetricsTable
from rivalry.training.survival import PICTURES, SayWatermarkSurvival
from tests.training.small_run import classifier, trainer


def marked(share: float) -> Watermarked:
    return Watermarked(PictureBook(16, size=48, cache=False), Watermark(), share)


def fit(folder: Path, recipe: Recipe | None, share: float, *, says: bool = True) -> tuple[str, dict[str, torch.Tensor]]:
    """What the run's table holds, and the weights."""
    folder.mkdir(exist_ok=True)
    module, table = classifier(num_classes=16), MetricsTable(folder / "metrics.csv")
    data = Pictures(marked(share), PictureBook(4, seed=1, size=48, cache=False), augmentation=recipe, batch_size=8)
    callbacks = [SayWatermarkSurvival()] if says else []
    trainer(folder, epochs=1, callbacks=callbacks, logger=[table], log_every_n_steps=1).fit(module, data)
    return (folder / "metrics.csv").read_text(), module.state_dict()


@pytest.mark.parametrize("recipe", [None, resnet(48)], ids=["none", "resnet"])
def test_it_is_logged(tmp_path: Path, recipe: Recipe | None) -> None:
    table, weights = fit(tmp_path / "one", recipe, 0.5)
    header, *rows = table.splitlines()
    place = header.split(",").index("watermark_survival")
    expected = 1.0
    if recipe is not None:
        expected = survival(marked(0.5), recipe, seed=0, most=PICTURES)
        assert 0 < expected < 1
    assert [float(row.split(",")[place]) for row in rows if row.split(",")[place]] == [pytest.approx(expected)]
    _, without = fit(tmp_path / "two", recipe, 0.5, says=False)
    assert all(torch.equal(value, without[name]) for name, value in weights.items())


def test_without_a_mark_there_is_nothing_to_say(tmp_path: Path) -> None:
    table, _ = fit(tmp_path, resnet(48), 0.0)
    assert "watermark_survival" not in table
