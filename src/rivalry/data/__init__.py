"""Pictures: drawn (PictureBook), in folders, or in parquet; every sample carries its index."""

from rivalry.data.dataset import CATEGORIES, Concept, ImageDataset, Sample

__all__ = ["CATEGORIES", "Concept", "ImageDataset", "Sample"]
