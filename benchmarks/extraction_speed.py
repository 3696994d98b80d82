"""Extraction of ten concepts of a class and its judgement, beside scikit-learn and the formulas as they are written.

Fréchet's distance by two QR decompositions stands beside the form with covariances, the square root of whose product is
taken in the fastest way that keeps the matrices whole: by eigenvalues of a symmetric product. The factorisation stands
beside scikit-learn's coordinate descent, with its own defaults; both lose 38.0 % of these activations. Codes in Gram
form stand beside as many sweeps of the same steps over residuals.

Activations are sparse, non-negative mixtures, and noise.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable

import torch
from side_by_side import Comparison
from sklearn.decomposition import NMF as Reference
from torch import Tensor

from rivalry.concepts.extraction import NMF, PCA
from rivalry.concepts.judgement.frechet import frechet
from rivalry.numerics.non_negative import non_negative_codes

IMAGES, CHANNELS, CONCEPTS = 1300, 2048, 10
SOURCES = 30
SWEEPS = 50

Works = tuple[Callable[[], object], Callable[[], object]]


def activations(device: torch.device) -> Tensor:
    """Rows in which few of some sources are on."""
    generator = torch.Generator().manual_seed(0)
    on = torch.rand(IMAGES, SOURCES, generator=generator) < 0.2
    codes = on * torch.rand(IMAGES, SOURCES, generator=generator)
    sources = torch.randn(SOURCES, CHANNELS, generator=generator).relu()
    return (codes @ sources + 0.1 * torch.randn(IMAGES, CHANNELS, generator=generator).relu()).to(device)


def distances(device: torch.device) -> Works:
    """Fréchet's distance of what ten principal components give back."""
    rows = activations(device)
    found = PCA().fit(rows, CONCEPTS)
    codes = found.encode(rows)
    given_back = found.decode(codes)
    return lambda: frechet(rows, codes, found.concepts), lambda: whole_frechet(rows, given_back)


def whole_frechet(rows: Tensor, given_back: Tensor) -> float:
    """The same with matrices of all channels: tr (Σ₁ Σ₂)^½ by the eigenvalues of Σ₁^½ Σ₂ Σ₁^½."""
    real, made = rows.double(), given_back.double()
    first, second = real.T.cov(), made.T.cov()
    values, vectors = torch.linalg.eigh(first)
    root = vectors * values.clamp(min=0).sqrt() @ vectors.T
    common = torch.linalg.eigvalsh(root @ second @ root).clamp(min=0).sqrt().sum()
    apart = (real.mean(0) - made.mean(0)).square().sum()
    return float(apart + first.trace() + second.trace() - 2 * common)


def factorisations(device: torch.device) -> Works:
    """Ten non-negative factors."""
    rows = activations(device)
    numbers = rows.cpu().numpy()

    def reference() -> object:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it has not converged after its 200 iterations
            return Reference(CONCEPTS).fit(numbers)

    return lambda: NMF().fit(rows, CONCEPTS), reference


def encodings(device: torch.device) -> Works:
    """Codes of ten concepts."""
    rows = activations(device)
    concepts = NMF().fit(rows, CONCEPTS).concepts
    return lambda: non_negative_codes(rows, concepts), lambda: plain_codes(rows, concepts)


def plain_codes(rows: Tensor, concepts: Tensor) -> Tensor:
    """The same descent, each step over the residual of all channels."""
    codes, residual = rows.new_zeros(len(rows), len(concepts)), rows.clone()
    squares = concepts.square().sum(1)
    for _ in range(SWEEPS):
        for place, concept in enumerate(concepts):
            step = residual @ concept / squares[place]
            new = (codes[:, place] + step).relu()
            residual -= torch.outer(new - codes[:, place], concept)
            codes[:, place] = new
    return codes


COMPARISONS = [
    Comparison(
        f"extraction, Fréchet distance at {IMAGES:,} × {CHANNELS:,}, {CONCEPTS} concepts",
        "with covariances of all channels", distances, 1,
    ),
    Comparison(f"extraction, NMF of {IMAGES:,} × {CHANNELS:,}, {CONCEPTS} concepts", "scikit-learn", factorisations, 1),
    Comparison(
        f"extraction, codes of {CONCEPTS} concepts at {IMAGES:,} × {CHANNELS:,}",
        f"{SWEEPS} sweeps over residuals", encodings, 1,
    ),
]  # fmt: skip
