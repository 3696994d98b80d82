"""Competition: local winner-takes-all layers and the networks that have them.

Panousis & Chatzis, "DISCOVER: Making Vision Networks Interpretable via Competition and Dissection" (NeurIPS 2023).
Read in this order: ``competition`` (the maths), ``layer`` (the module), ``activations`` (what it can replace),
``survey`` (what they do with an example), ``turns`` (one module for every call), ``axes`` (where units lie),
``surgery`` (putting it into a network), ``networks`` (by name, through timm), ``normalisation`` (statistics of a mode),
``activity`` (who wins), ``sparse_linear`` (a linear layer of winners alone), ``sparse_inference`` (where it is faster).
"""

from rivalry.on_demand import on_demand

with on_demand("wandb"):
    import timm  # noqa: F401

from rivalry.lwta.layer import LWTA, Estimator, Mode, competitions, evaluating, set_competition
from rivalry.lwta.normalisation import reestimate_normalisation
from rivalry.lwta.sparse_inference import SparseChoice, use_sparse_linears
from rivalry.lwta.sparse_linear import SparseLinear
from rivalry.lwta.surgery import Replacement, sparsify

__all__ = [
    "LWTA",
    "Estimator",
    "Mode",
    "Replacement",
    "SparseChoice",
    "SparseLinear",
    "competitions",
    "evaluating",
    "reestimate_normalisation",
    "set_competition",
    "sparsify",
    "use_sparse_linears",
]
