"""How interpretable is the basis of a layer, and which basis of it is more so?

Dissection by masks is Bau et al., "Network Dissection: Quantifying Interpretability of Deep Visual Representations"
(CVPR 2017) and Bau et al., "Understanding the role of individual units in a deep neural network" (PNAS 2020). The
rotation is Doumanoglou, Asteriadis & Zarpalas, "Unsupervised Interpretable Basis Extraction for Concept-Based Visual
Explanations" (2023), reconstructed: its official code was not found.
"""

from rivalry.basis.interpretable_basis import InterpretableBasis
from rivalry.basis.network_dissection import NetworkDissection

__all__ = ["InterpretableBasis", "NetworkDissection"]
