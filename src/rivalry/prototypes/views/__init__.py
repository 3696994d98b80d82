"""Views: random changes through which the network is shown an image, so that it cannot hold by single pixels.

Read in this order: :mod:`counter` and :mod:`chance` (draws), :mod:`view` (the interface), :mod:`resampling`, then
:mod:`affine`, :mod:`crops`, :mod:`jitter` and :mod:`noise`.
"""

from rivalry.prototypes.views.affine import Affine
from rivalry.prototypes.views.chance import Chance
from rivalry.prototypes.views.crops import Crops
from rivalry.prototypes.views.jitter import Jitter
from rivalry.prototypes.views.noise import Noise
from rivalry.prototypes.views.view import View, seen_through

__all__ = ["Affine", "Chance", "Crops", "Jitter", "Noise", "View", "seen_through"]
