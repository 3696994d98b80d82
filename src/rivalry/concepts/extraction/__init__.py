"""Concepts of a class, found in its activations at a layer: dictionary learning, A ≈ U V without an offset.

Fel et al., "A Holistic Approach to Unifying Automatic Concept Extraction and Concept Importance Estimation" (NeurIPS
2023). What the methods ask of codes U and concepts V:

===================== ==========================================================
:class:`NaturalUnits` V is the identity: the layer's own units
:class:`KMeans`       each row of U is one-hot (ACE)
:class:`PCA`          V Vᵀ = I
:class:`NMF`          U, V ≥ 0 (CRAFT, ICE)
:class:`SparseAutoencoder` at most K codes of a row are not zero
:class:`Basis`        U is what the directions of an unsupervised basis answer
===================== ==========================================================

Read in this order: :mod:`dictionary` (what is found), :mod:`extraction` (the interface), then the methods.
"""

from rivalry.concepts.extraction.basis import Basis, DirectedBasis
from rivalry.concepts.extraction.dictionary import Dictionary, Fitted
from rivalry.concepts.extraction.extraction import Extraction
from rivalry.concepts.extraction.k_means import KMeans
from rivalry.concepts.extraction.natural import NaturalUnits
from rivalry.concepts.extraction.nmf import NMF
from rivalry.concepts.extraction.pca import PCA
from rivalry.concepts.extraction.sparse_autoencoder import SparseAutoencoder

__all__ = [
    "NMF",
    "PCA",
    "Basis",
    "Dictionary",
    "DirectedBasis",
    "Extraction",
    "Fitted",
    "KMeans",
    "NaturalUnits",
    "SparseAutoencoder",
]
