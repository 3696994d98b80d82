"""Prototypes: images that a network takes for what it looks for, and whether they pass through it as natural ones do.

Tagade & Rumbelow, "Prototype Generation: Robust Feature Visualisation for Data Independent Interpretability" (2023,
arXiv:2309.17144). The paper's body and the weights of its loss are not public: this is a reconstruction.

Read in this order: :mod:`images` (an image as parameters), :mod:`views` (what of it the network is shown),
:mod:`objectives` (what is maximised, and what an image pays for), :mod:`optimisation`; :mod:`natural`, :mod:`examples`
and :mod:`nature` (natural pictures), :mod:`naturalness` (of the path through the network), :mod:`insight`; and the
whole: :mod:`settled` (what is asked of which network), :mod:`waking`, :mod:`making` and :mod:`study` (of some targets),
:mod:`record`, :mod:`prototypes`.
"""

from rivalry.prototypes.examples import Examples
from rivalry.prototypes.prototypes import Prototypes

__all__ = ["Examples", "Prototypes"]
