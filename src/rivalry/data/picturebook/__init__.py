"""PictureBook: drawn pictures of which everything is known. No download, and a ground truth for every method."""

from rivalry.data.picturebook.concepts import CONCEPTS, NAMES
from rivalry.data.picturebook.dataset import PictureBook
from rivalry.data.picturebook.drawing import Factors, Picture, draw

__all__ = ["CONCEPTS", "NAMES", "Factors", "Picture", "PictureBook", "draw"]
