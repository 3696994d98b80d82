"""Which pictures of a data set bear a watermark, also where it is a portion of one of which some do."""

import numpy as np
from jaxtyping import Bool

from rivalry.data.dataset import ImageDataset
from rivalry.data.portion import Portion
from rivalry.data.readable import Readable
from rivalry.data.watermark.poisoned import Watermarked


def marked_pictures(dataset: ImageDataset) -> Bool[np.ndarray, " samples"] | None:
    """Say of each picture whether a mark was printed on it.

    Looked for in a :class:`Watermarked` set, one within another, and in a :class:`Portion` of one or what is
    :class:`Readable` of it.

    Returns:
        By index; None where nothing of the data set has marks, so nobody knows of any.

    >>> from rivalry.data import PictureBook, Portion, Watermark
    >>> book = PictureBook(40, cache=False)
    >>> marked_pictures(book) is None
    True
    >>> few = Portion(Watermarked(book, Watermark()), limit=3)
    >>> marked_pictures(few).tolist()
    [True, True, True]
    """
    if isinstance(dataset, Watermarked):
        within = marked_pictures(dataset.whole)
        return dataset.marked if within is None else dataset.marked | within
    if isinstance(dataset, Portion | Readable):
        whole = marked_pictures(dataset.whole)
        return None if whole is None else whole[dataset.positions]
    return None
