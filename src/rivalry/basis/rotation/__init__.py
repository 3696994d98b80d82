"""The unsupervised interpretable basis: a rotation of a layer's features in which few directions are on at a place.

Doumanoglou, Asteriadis & Zarpalas, "Unsupervised Interpretable Basis Extraction for Concept-Based Visual Explanations"
(2023). Official code was not found: what stands here is reconstructed from the authors' later paper, which restates the
losses, the weights and the constraints; how orthogonality is kept, and the rates, are ours. Read in this order:
:mod:`losses` (the four), :mod:`recipe` (their weights and the descent), :mod:`rotation` (what is found, as directions
of the layer), :mod:`fit`.
"""

from rivalry.basis.rotation.fit import fit_rotation
from rivalry.basis.rotation.recipe import Bounds, Recipe, Weights
from rivalry.basis.rotation.rotation import Rotation

__all__ = ["Bounds", "Recipe", "Rotation", "Weights", "fit_rotation"]
