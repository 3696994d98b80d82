"""Pictures: drawn (PictureBook), in folders, named by a table, or in Parquet; every sample carries its index.

Read in this order: ``dataset`` (what a sample is), then where samples come from: ``picturebook``, ``folders``,
``lists``, ``parquet``, ``masked_folder``, ``broden``, ``torchvision_set``, a ``portion`` of these or what is
``readable`` of them; ``augmentation`` (what training does to them) and ``turns`` (in what order); ``watermark`` (a mark
on any of them); ``vocabulary`` (words for units).
"""

from rivalry.data.broden import Broden
from rivalry.data.dataset import CATEGORIES, Concept, ImageDataset, Sample
from rivalry.data.folders import ImageFolder
from rivalry.data.lists import ImageList
from rivalry.data.masked_folder import MaskedFolder
from rivalry.data.parquet import ImageParquet
from rivalry.data.picturebook import PictureBook
from rivalry.data.portion import Portion
from rivalry.data.readable import Readable
from rivalry.data.square import Square
from rivalry.data.torchvision_set import TorchvisionSet
from rivalry.data.watermark import Watermark, Watermarked

__all__ = [
    "CATEGORIES",
    "Broden",
    "Concept",
    "ImageDataset",
    "ImageFolder",
    "ImageList",
    "ImageParquet",
    "MaskedFolder",
    "PictureBook",
    "Portion",
    "Readable",
    "Sample",
    "Square",
    "TorchvisionSet",
    "Watermark",
    "Watermarked",
]
