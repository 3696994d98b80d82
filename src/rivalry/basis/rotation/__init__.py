"""The unsupervised interpretable basis: a rotation of a layer's features in which few directions are on at a place.

Doumanoglou, Asteriadis & Zarpalas, "Unsupervised Interpretable Basis Extraction for Concept-Based Visual Explanations"
(2023). Official code was not found: what stands here is reconstructed from the authors' later paper, which restates
losses, weights, bounds, τ and γ. How orthogonality is kept, where the fit begins and how it descends are ours.

A direction is found by what tells the pixels where it is on from the others. Signals that now and then occur together
are found as they are planted, |cos| ≥ 0.9. Of signals that exclude each other, what they all have in common tells none
apart, and stays undetermined: with three of them the cosine of weights and signal may be anything from 1/3 to 1, though
each is told without a mistake; what is found then are the pixels that show them, and the means of features there.

Read in this order: :mod:`losses` (the four), :mod:`objective` (one number of them), :mod:`recipe` (its weights, and
those of the descent), :mod:`start`, :mod:`rotated` (what is fitted), :mod:`descent`, :mod:`rotation` (what is found, as
directions of the layer), :mod:`fit`.
"""

from rivalry.basis.rotation.fit import fit_rotation
from rivalry.basis.rotation.recipe import Bounds, Recipe, Weights
from rivalry.basis.rotation.rotation import Rotation

__all__ = ["Bounds", "Recipe", "Rotation", "Weights", "fit_rotation"]
