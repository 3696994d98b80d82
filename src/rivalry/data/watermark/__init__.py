"""Watermarks on any data set: the mark and its null, pictures that bear it, and how much of it augmentation leaves.

Read in this order: ``glyphs`` (what a mark shows, and its null), ``mark`` (where and how it is printed on a picture),
``poisoned`` (a data set of which some pictures bear it), ``marked`` (which pictures bear one, whatever the data set),
``survival`` (what augmentation leaves of it).
"""

from rivalry.data.watermark.mark import Watermark
from rivalry.data.watermark.marked import marked_pictures
from rivalry.data.watermark.poisoned import Watermarked
from rivalry.data.watermark.survival import survival

__all__ = ["Watermark", "Watermarked", "marked_pictures", "survival"]
