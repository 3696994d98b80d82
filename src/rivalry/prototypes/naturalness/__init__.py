"""Whether a prototype is processed as natural pictures are, layer by layer.

Geirhos, Zimmermann, Bilodeau, Brendel & Kim, "Don't trust your eyes: on the (un)reliability of feature visualizations"
(ICML 2024), found that ordinary feature visualisations are not: they take a path of their own through the network.

Read in this order: :mod:`rivalry.numerics.similarity` (of activations), :mod:`places` (of wide layers, some),
:mod:`curve` (the normalised similarity and its interval), :mod:`path_rows` (a target's prototypes, layer by layer),
:mod:`layer_rows` (all targets together, and what that comes down to).
"""

from rivalry.prototypes.naturalness.layer_rows import NATURALNESS_LAYERS, headline, layer_rows
from rivalry.prototypes.naturalness.path_rows import NATURALNESS, PathMeasure, measure_path

__all__ = ["NATURALNESS", "NATURALNESS_LAYERS", "PathMeasure", "headline", "layer_rows", "measure_path"]
