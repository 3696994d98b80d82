"""Recipes that are known by name: ours, and the two that it stands beside.

The loss weights of Prototype Generation (Tagade & Rumbelow 2023) are not public: ``prototype`` is a reconstruction, its
numbers found by our own experiments.
"""

from __future__ import annotations

from rivalry.prototypes.images import MACO, Fourier, Pixels
from rivalry.prototypes.objectives.penalties import Penalties
from rivalry.prototypes.optimisation.recipe import Recipe
from rivalry.prototypes.views import Affine, Crops, Noise


def prototype() -> Recipe:
    """Ours: pixels, small to large affine views, a loss of high frequencies and one of likeness in a batch."""
    penalties = Penalties(high_frequency=1.0, diversity=1.0)
    return Recipe(Pixels(), (Affine("m"),), penalties, steps=500, rate=0.05, baseline=50)


def fourier() -> Recipe:
    """Plain feature visualisation, the baseline of naturalness: a Fourier parametrisation and nothing beside it."""
    return Recipe(Fourier(), (), Penalties(), steps=256, rate=0.05)


def maco() -> Recipe:
    """Magnitude-constrained (MACO; Fel et al. 2023): the phase alone, by NAdam at rate 1, of noisy random crops."""
    return Recipe(MACO(), (Crops(), Noise(0.1)), Penalties(), steps=256, rate=1.0, optimiser="nadam")


RECIPES = {"prototype": prototype, "fourier": fourier, "maco": maco}
"""By the name that a command line calls them."""
