"""Images as functions of parameters: pixels, a spectrum, or phases alone, in the colours of the user's pictures.

Read in this order: :mod:`spectrum` (the plane of frequencies), :mod:`statistics` (what is known of pictures),
:mod:`colours` (as coordinates), :mod:`picture_statistics` (streamed), :mod:`parametrisation` (the interface), then
:mod:`pixels`, :mod:`fourier` and :mod:`maco`.
"""

from rivalry.prototypes.images.fourier import Fourier
from rivalry.prototypes.images.maco import MACO
from rivalry.prototypes.images.parametrisation import Canvas, Parametrisation
from rivalry.prototypes.images.picture_statistics import PictureStatistics
from rivalry.prototypes.images.pixels import Pixels
from rivalry.prototypes.images.statistics import Statistics

__all__ = ["MACO", "Canvas", "Fourier", "Parametrisation", "PictureStatistics", "Pixels", "Statistics"]
