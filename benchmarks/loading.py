"""How fast training batches of CIFAR-10 are made, in images a second, beside the usual way.

Ours: decoded once, a batch augmented at a time (`Pictures`, `CropAndFlip`). The usual way: every image decoded and sent
through torchvision's random crop and flip on its own, in every epoch.

python benchmarks/loading.py --data FOLDER_WITH_CIFAR10
"""

import json
import os
import platform
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from jsonargparse import auto_cli
from torchvision.transforms import v2

from rivalry.data import ImageParquet
from rivalry.data.augmentation import CropAndFlip, draw_evenly
from rivalry.training.data import Pictures

RESULT = Path(__file__).parent / "results" / "loading.json"
FILE = "cifar10/train-00000-of-00001.parquet"


def main(data: str = os.environ.get("RIVALRY_DATA", ""), repeats: int = 3) -> None:
    """Measure, print the figures as JSON and keep them in ``benchmarks/results``.

    Args:
        data: Folder that holds ``cifar10``; by default what the environment variable RIVALRY_DATA says.
        repeats: How often ours is measured; the best counts, since other work only slows down.
    """
    if not data:
        raise SystemExit("loading.py needs CIFAR-10: set RIVALRY_DATA, or give --data FOLDER_WITH_CIFAR10")
    torch.set_num_threads(1)  # an image is too small to be worth a second thread
    file = Path(data) / FILE
    decoded = ImageParquet(file)
    figures = {}
    for workers in (0, 1, 2):
        pictures = Pictures(decoded, decoded, augmentation=CropAndFlip(), workers=workers)
        loader = pictures.train_dataloader()
        figures[f"ours, {workers} workers"] = max(_rate(_augmented(pictures, loader)) for _ in range(repeats))
    transform = v2.Compose([v2.RandomCrop(32, padding=4), v2.RandomHorizontalFlip()])
    usual = ImageParquet(file, transform=transform, cache=False)
    for workers in (0, 2):
        # In order: a shuffled pass would read a row group for every image.
        figures[f"usual way, {workers} workers"] = _rate(Pictures(usual, usual, workers=workers).val_dataloader())
    result = {
        "benchmark": "loading",
        "unit": "images a second",
        "length": len(decoded),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "figures": {name: round(rate) for name, rate in figures.items()},
    }
    RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=2))


def _augmented(pictures: Pictures, loader: Iterable[Any]) -> Iterable[Any]:
    augmentation = CropAndFlip()
    for batch in loader:
        yield {**batch, "image": augmentation(batch["image"], draw_evenly(pictures.seed, 0, batch["index"], 3))}


def _rate(batches: Iterable[Any]) -> float:
    start = time.perf_counter()
    images = sum(len(batch["image"]) for batch in batches)
    return images / (time.perf_counter() - start)


if __name__ == "__main__":
    auto_cli(main, as_positional=False)
