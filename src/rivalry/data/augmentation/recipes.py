"""Recipes: all that a training does to its pictures, and the recipes of papers by name.

- `cifar`: He et al. 2016, "Deep residual learning", arXiv:1512.03385, section 4.2.
- `resnet`: of ImageNet's first ResNets, with the crops of Szegedy et al. 2015, arXiv:1409.4842; or procedures A1 to A3
  of Wightman et al. 2021, "ResNet strikes back", arXiv:2110.00476, table 2.
- `deit`: Touvron et al. 2021, "Training data-efficient image transformers", arXiv:2012.12877, table 9.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import torch
from jaxtyping import Int, UInt8
from PIL import Image
from torch import Tensor
from torchvision.transforms import InterpolationMode, v2

from rivalry.data.augmentation.batches import Augmentation, CropAndFlip
from rivalry.data.augmentation.images import Erase, Timm
from rivalry.data.augmentation.mixing import Mixing
from rivalry.data.augmentation.randomness import draw_evenly, hashed, seeded
from rivalry.data.dataset import Sample, Transform


class Recipe:
    """What training does to its pictures, in up to three steps.

    >>> recipe = Recipe([v2.RandomResizedCrop(24)], batch=CropAndFlip(), mixing=Mixing(mixup=0.2))
    >>> recipe.on_image(torch.zeros(3, 40, 60, dtype=torch.uint8), seed=0, epoch=3, turn=17).shape
    torch.Size([3, 24, 24])

    Args:
        image: Transforms of one image, in order, where it is loaded: torchvision's ``v2``, `Timm`, `Erase`, or any
            callable from a ``uint8`` image (3, height, width) to another. They may draw from the global generators of
            torch, NumPy and Python, which are seeded for the image and put back.
        batch: A change of a batch, on the device it is on.
        mixing: Mixes the images of a batch, last, and gives the batch a ``target``.
    """

    def __init__(
        self,
        image: Sequence[Transform] = (),
        batch: Augmentation | None = None,
        mixing: Mixing | None = None,
    ) -> None:
        self.image, self.batch, self.mixing = tuple(image), batch, mixing

    def on_image(self, image: UInt8[Tensor, "3 _ _"], *, seed: int, epoch: int, turn: int) -> UInt8[Tensor, "3 _ _"]:
        """Change one image.

        Raises:
            ValueError: If a transform gives anything but a ``uint8`` image.
        """
        if not self.image:
            return image
        with seeded(hashed(seed, epoch, turn)):
            for transform in self.image:
                image = transform(image)
                _refuse_other_than_pixels(transform, image)
        return image

    def on_batch(self, batch: Sample, *, classes: int, seed: int, epoch: int, turns: Int[Tensor, " batch"]) -> Sample:
        """Change a batch of samples; where there is mixing it gets a ``target``, drawn for its first turn."""
        images = batch["image"]
        if self.batch is not None:
            images = self.batch(images, draw_evenly(seed, epoch, turns, self.batch.draws))
        if self.mixing is None:
            return {**batch, "image": images}
        generator = np.random.default_rng(hashed(seed, epoch, int(turns[0]), len(turns)))
        labels: Tensor = batch["label"]  # type: ignore[assignment]  # a batch's labels are the samples', stacked
        images, target = self.mixing(images, labels, classes, generator)
        return {**batch, "image": images, "target": target}


def cifar(padding: int = 4) -> Recipe:
    """CIFAR's recipe: pad with black, crop, mirror; a batch at a time.

    Args:
        padding: Pixels added on every side.
    """
    return Recipe(batch=CropAndFlip(padding))


def resnet(size: int = 224, procedure: Literal["classic", "A1", "A2", "A3"] = "classic") -> Recipe:
    """ImageNet's recipe for ResNets, of pictures that were not cut to a square before.

    Args:
        size: Side of the square a crop becomes; the paper has 160 for A3.
        procedure: ``classic`` crops and mirrors. A1, A2 and A3 add RandAugment, mixup and CutMix; the paper's A1 and
            A2 repeat every picture three times, too (``repeats: 3`` beside the recipe), and its A1 smoothes labels.
    """
    if procedure == "classic":
        return Recipe([*_crop_and_mirror(size, InterpolationMode.BILINEAR)])
    magnitude, mixup = {"A1": (7, 0.2), "A2": (7, 0.1), "A3": (6, 0.1)}[procedure]
    crop = _crop_and_mirror(size, InterpolationMode.BICUBIC)
    return Recipe([*crop, _rand_augment(magnitude, size)], mixing=Mixing(mixup, cutmix=1.0))


def deit(size: int = 224) -> Recipe:
    """DeiT's recipe for vision transformers, of pictures that were not cut to a square before.

    Crop and mirror, RandAugment 9 / 0.5, erasing 0.25, mixup 0.8 or CutMix 1.0. The paper repeats every picture three
    times, too: ``repeats: 3`` beside the recipe.

    Args:
        size: Side of the square a crop becomes.
    """
    crop = _crop_and_mirror(size, InterpolationMode.BICUBIC)
    return Recipe([*crop, _rand_augment(9, size), Erase(0.25)], mixing=Mixing(mixup=0.8, cutmix=1.0))


def _crop_and_mirror(size: int, interpolation: InterpolationMode) -> tuple[Transform, Transform]:
    return v2.RandomResizedCrop(size, interpolation=interpolation, antialias=True), v2.RandomHorizontalFlip()


def _rand_augment(magnitude: int, size: int) -> Timm:
    """Two operations of RandAugment (arXiv:1909.13719) a picture, as timm's recipes write it: deviation 0.5, rising."""
    settings = {
        "translate_const": int(0.45 * size),
        "img_mean": (124, 116, 104),
        "interpolation": Image.Resampling.BICUBIC,
    }
    return Timm("rand_augment_transform", {"config_str": f"rand-m{magnitude}-mstd0.5-inc1", "hparams": settings})


def _refuse_other_than_pixels(transform: Transform, image: object) -> None:
    if isinstance(image, Tensor) and image.dtype == torch.uint8 and image.ndim == 3 and len(image) == 3:
        return
    got = f"{image.dtype} {tuple(image.shape)}" if isinstance(image, Tensor) else type(image).__name__
    raise ValueError(
        f"{transform!r} gave {got}: a transform gives a uint8 image (3, height, width); the network normalises it later"
    )
