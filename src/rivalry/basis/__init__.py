"""How interpretable is the basis of a layer, and which basis of it is more so?

Dissection by masks is Bau et al., "Network Dissection: Quantifying Interpretability of Deep Visual Representations"
(CVPR 2017) and Bau et al., "Understanding the role of individual units in a deep neural network" (PNAS 2020). The
rotation is Doumanoglou, Asteriadis & Zarpalas, "Unsupervised Interpretable Basis Extraction for Concept-Based Visual
Explanations" (2023), reconstructed: its official code was not found.

Read in this order. For both: :mod:`concept_masks` (concepts of the masks over the pictures), :mod:`detectors` (the
maths of dissection), :mod:`policies` (which masks a unit makes, and what they detect).

Network dissection: :mod:`layer_dissection`, :mod:`dissection_tables`, :mod:`detector_sheet`, :mod:`network_dissection`.

Bases: :mod:`pixels` (what they are fitted to), :mod:`rotation` (the fit), :mod:`baselines`, :mod:`supervised`,
:mod:`bases` (all that are compared), :mod:`answers`, :mod:`dissected`, :mod:`measures` (S¹ and S²), :mod:`sparsity`,
:mod:`decomposition` (what classes are made of), :mod:`layer_bases`, :mod:`tables`, :mod:`rotation_tables`,
:mod:`interpretable_basis`.
"""

from rivalry.basis.interpretable_basis import InterpretableBasis
from rivalry.basis.network_dissection import NetworkDissection

__all__ = ["InterpretableBasis", "NetworkDissection"]
