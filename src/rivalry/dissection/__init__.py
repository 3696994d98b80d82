"""Dissection: what every unit of a layer responds to, in words, and whether the words are true.

CLIP-Dissect (Oikarinen & Weng, ICLR 2023) applied to units that compete (Panousis & Chatzis, "DISCOVER", NeurIPS 2023).

Images and words meet in :mod:`rivalry.clip`. Read in this order: :mod:`similarity` (how well words describe a unit),
:mod:`naming` (from top images to labels), :mod:`judge` (labels against the truth of masks), :mod:`mosaic` and
:mod:`sheet` (what it looks like), :mod:`neurons` (the analysis). Without words: :mod:`profiles` (units in pictures and
figures).
"""

from rivalry.dissection.neurons import NeuronDissection
from rivalry.dissection.profiles import UnitProfiles

__all__ = ["NeuronDissection", "UnitProfiles"]
