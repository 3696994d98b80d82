"""Pictures: drawn (PictureBook), in folders, or in Parquet; every sample carries its index.

Read in this order: ``dataset`` (what a sample is), then where samples come from: ``picturebook``, ``folders``,
``parquet``, or a ``portion`` of these; ``augmentation`` (what training does to them); ``vocabulary`` (words for units).
"""

from rivalry.data.dataset import CATEGORIES, Concept, ImageDataset, Sample
from rivalry.data.folders import ImageFolder
from rivalry.data.parquet import ImageParquet
from rivalry.data.picturebook import PictureBook
from rivalry.data.portion import Portion

__all__ = ["CATEGORIES", "Concept", "ImageDataset", "ImageFolder", "ImageParquet", "PictureBook", "Portion", "Sample"]
