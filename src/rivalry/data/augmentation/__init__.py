"""What training does to its pictures: a pure function of (seed, epoch, index), whatever the workers and ranks.

A `Recipe` has up to three steps. One image at a time, where it is loaded: any transform of torchvision's ``v2``, of
timm (`Timm`), or `Erase`. A batch at a time, on its device: an `Augmentation` such as `CropAndFlip`. Last, `Mixing` of
the images of a batch. `cifar`, `resnet` and `deit` are the recipes of papers.
"""

from rivalry.data.augmentation.batches import Augmentation, CropAndFlip, ResizedCropAndFlip
from rivalry.data.augmentation.images import Erase, Timm
from rivalry.data.augmentation.mixing import Mixing
from rivalry.data.augmentation.randomness import draw_evenly
from rivalry.data.augmentation.recipes import Recipe, cifar, deit, resnet

__all__ = [
    "Augmentation",
    "CropAndFlip",
    "Erase",
    "Mixing",
    "Recipe",
    "ResizedCropAndFlip",
    "Timm",
    "cifar",
    "deit",
    "draw_evenly",
    "resnet",
]
