"""How fast training batches are made, in images a second, beside the usual way.

CIFAR-10 in Parquet. Ours: decoded once, a batch augmented at a time (`Pictures`, `CropAndFlip`). The usual way: every
image decoded and sent through torchvision's random crop and flip on its own, in every epoch.

JPEG in folders, cut and mirrored at 224 pixels as ImageNet's are. Ours: `ImageFolder` and the recipe `resnet`, seeded
for every image. The usual way: torchvision's ImageFolder and transforms with a DataLoader.

python benchmarks/loading.py --data FOLDER_WITH_CIFAR10_AND_IMAGENET_SAMPLE
"""

import json
import os
import platform
import tempfile
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
import torchvision
from jsonargparse import auto_cli
from torch.utils.data import DataLoader
from torchvision.transforms import v2

from rivalry.data import ImageFolder, ImageParquet
from rivalry.data.augmentation import CropAndFlip, resnet
from rivalry.training.data import Pictures

RESULT = Path(__file__).parent / "results" / "loading.json"
FILE = "cifar10/train-00000-of-00001.parquet"
JPEGS = "imagenet_sample/images"


def main(data: str = os.environ.get("RIVALRY_DATA", ""), repeats: int = 3) -> None:
    """Measure, print the figures as JSON and keep them in ``benchmarks/results``.

    Args:
        data: Folder that holds ``cifar10`` and ``imagenet_sample``; by default what the environment variable
            RIVALRY_DATA says.
        repeats: How often each is measured, in turns; the best counts, since other work only slows down.
    """
    if not data:
        raise SystemExit("loading.py needs pictures: set RIVALRY_DATA, or give --data FOLDER")
    torch.set_num_threads(1)  # an image is too small to be worth a second thread
    result = {
        "benchmark": "loading",
        "unit": "images a second",
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
        "cifar10": _best(_cifar(Path(data) / FILE), repeats),
    }
    with tempfile.TemporaryDirectory() as folder:
        result["jpeg"] = _best(_jpeg(_in_folders(Path(data) / JPEGS, Path(folder))), repeats)
    RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=2))


def _cifar(file: Path) -> Mapping[str, Any]:
    decoded = ImageParquet(file)
    ways: dict[str, Any] = {}
    for workers in (0, 1, 2):
        ours = Pictures(decoded, decoded, augmentation=CropAndFlip(), workers=workers)
        ways[f"ours, {workers} workers"] = lambda ours=ours: _changed(ours)
    transform = v2.Compose([v2.RandomCrop(32, padding=4), v2.RandomHorizontalFlip()])
    usual = ImageParquet(file, transform=transform, cache=False)
    for workers in (0, 2):
        # In order: a shuffled pass would read a row group for every image.
        theirs = Pictures(usual, usual, workers=workers)
        ways[f"usual way, {workers} workers"] = theirs.val_dataloader
    return ways


def _jpeg(folder: Path) -> Mapping[str, Any]:
    ways: dict[str, Any] = {}
    crop = v2.Compose([v2.RandomResizedCrop(224, antialias=True), v2.RandomHorizontalFlip(), v2.PILToTensor()])
    read = ImageFolder(folder)
    usual = torchvision.datasets.ImageFolder(str(folder), transform=crop)
    for workers in (0, 1, 2):
        ours = Pictures(read, read, augmentation=resnet(224), batch_size=50, workers=workers)
        ways[f"ours, {workers} workers"] = lambda ours=ours: _changed(ours)
        options = {"batch_size": 50, "shuffle": True, "num_workers": workers}
        ways[f"usual way, {workers} workers"] = lambda options=options: DataLoader(usual, **options)
    return ways


def _in_folders(pictures: Path, folder: Path) -> Path:
    """Links to pictures that are named ``class_rest.jpg``, in one folder a class."""
    for picture in sorted(pictures.glob("*.jpg")):
        home = folder / picture.name.partition("_")[0]
        home.mkdir(exist_ok=True)
        (home / picture.name).symlink_to(picture.resolve())
    return folder


def _changed(pictures: Pictures) -> Iterable[Any]:
    for batch in pictures.train_dataloader():
        yield pictures.augment(batch, epoch=0)


def _best(ways: Mapping[str, Any], repeats: int) -> dict[str, int]:
    """The best rate of every way, measured in turns."""
    rates: dict[str, float] = dict.fromkeys(ways, 0.0)
    for _ in range(repeats):
        for name, batches in ways.items():
            rates[name] = max(rates[name], _rate(batches()))
    return {name: round(rate) for name, rate in rates.items()}


def _rate(batches: Iterable[Any]) -> float:
    start = time.perf_counter()
    images = sum(len(batch["image"] if isinstance(batch, dict) else batch[0]) for batch in batches)
    return images / (time.perf_counter() - start)


if __name__ == "__main__":
    auto_cli(main, as_positional=False)
