"""Competition: local winner-takes-all layers and the networks that have them.

Panousis & Chatzis, "DISCOVER: Making Vision Networks Interpretable via Competition and Dissection" (NeurIPS 2023).
Read in this order: ``competition`` (the maths), ``layer`` (the module), ``activations`` (what it can replace),
``survey`` (what they do with an example), ``turns`` (one module for every call), ``axes`` (where units lie),
``surgery`` (putting it into a network), ``networks`` (by name, through timm), ``normalisation`` (statistics of a mode),
``activity`` (who wins).
"""

from rivalry.lwta.layer import LWTA, Mode, competitions, evaluating, set_competition
from rivalry.lwta.normalisation import reestimate_normalisation
from rivalry.lwta.surgery import Replacement, sparsify

__all__ = [
    "LWTA",
    "Mode",
    "Replacement",
    "competitions",
    "evaluating",
    "reestimate_normalisation",
    "set_competition",
    "sparsify",
]
