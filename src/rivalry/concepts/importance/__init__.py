"""How much each concept counts for a class, image by image: attributions of the class's logit to the codes.

Every method is an :class:`Importance`; the baseline is 0 everywhere: a concept that is left out has no code. A
concept's codes at all places of a picture are left out together.
"""

from rivalry.concepts.importance.dependence import HSIC
from rivalry.concepts.importance.gradients import GradientInput, IntegratedGradients, Saliency
from rivalry.concepts.importance.importance import Importance
from rivalry.concepts.importance.masks import RISE, Occlusion
from rivalry.concepts.importance.noise import SmoothGrad, VarGrad
from rivalry.concepts.importance.sobol import SobolTotal

__all__ = [
    "HSIC",
    "RISE",
    "GradientInput",
    "Importance",
    "IntegratedGradients",
    "Occlusion",
    "Saliency",
    "SmoothGrad",
    "SobolTotal",
    "VarGrad",
]
