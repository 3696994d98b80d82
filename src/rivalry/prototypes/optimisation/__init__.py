"""How images are optimised: a recipe, and what is done by it, from the rule of a step to many images at once.

:mod:`recipe` and :mod:`recipes` (what decides it), :mod:`rules` (Adam and NAdam of many images), :mod:`ascent` (the
gradients of a step), :mod:`climb` (step after step; early stop, restart), :mod:`rates` (searched), :mod:`baseline` (the
image where classes start from), :mod:`kept` (to go on after a stop), :mod:`optimise` (all of it), :mod:`optimised`.
"""

from rivalry.prototypes.optimisation.kept import Kept
from rivalry.prototypes.optimisation.optimise import image_ids, optimise
from rivalry.prototypes.optimisation.optimised import Optimised
from rivalry.prototypes.optimisation.recipe import Recipe
from rivalry.prototypes.optimisation.recipes import RECIPES, fourier, maco, prototype

__all__ = ["RECIPES", "Kept", "Optimised", "Recipe", "fourier", "image_ids", "maco", "optimise", "prototype"]
