"""Recipes that are known by name: ours, and the two that it stands beside.

The loss weights of Prototype Generation (Tagade & Rumbelow 2023) are not public, and its pixels left little for a
person to see: ``prototype`` is a reconstruction that goes its own way. It keeps the affine views and the loss of high
frequencies, takes images as MACO does, and weighs all on the scale of natural pictures
(``docs/prototype_optimisation.md``).
"""

from __future__ import annotations

from rivalry.prototypes.images import MACO, Fourier
from rivalry.prototypes.objectives.ground import Natural
from rivalry.prototypes.objectives.penalties import Penalties
from rivalry.prototypes.optimisation.recipe import Recipe
from rivalry.prototypes.views import Affine, Crops, Noise


def prototype() -> Recipe:
    """Ours: phases alone, large affine views with little noise, few high frequencies, on the scale of pictures."""
    return Recipe(
        MACO(),
        (Affine("l"), Noise(0.05)),
        Penalties(high_frequency=2.0),
        Natural(),
        steps=320,
        rate=0.2,
        optimiser="nadam",
        to_losers=True,
    )


def fourier() -> Recipe:
    """Plain feature visualisation, the baseline of naturalness: a Fourier image, seen through small affine views."""
    return Recipe(Fourier(), (Affine("s"),), steps=256, rate=0.05, to_losers=True)


def maco() -> Recipe:
    """Magnitude-constrained (MACO; Fel et al. 2023): the phase alone, by NAdam at rate 1, of noisy random crops."""
    return Recipe(MACO(), (Crops(), Noise(0.1)), steps=256, rate=1.0, optimiser="nadam")


RECIPES = {"prototype": prototype, "fourier": fourier, "maco": maco}
"""By the name that a command line calls them."""
