"""Importance vectors in two dimensions, so that pictures of like vectors lie side by side: t-SNE, or principal axes.

t-SNE: van der Maaten & Hinton (JMLR 2008), scikit-learn's, begun at the principal axes so that it keeps their large
picture (Kobak & Berens, Nature Communications 2019). Its distances between groups, and their sizes, mean nothing.

What was computed is kept in the cache, by its content: ``layouts/<digest>.npy``.
"""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt
import torch
from jaxtyping import Float
from torch import Tensor

from rivalry.cache import cache_folder, written_file
from rivalry.numerics.nearest import nearest

LAYOUTS = ("tsne", "pca")
"""The ways of laying out."""

FEWEST = 5
"""Images below which nothing is laid out."""

_PERPLEXITY = 30.0
_STEPS = 500  # half of scikit-learn's own number: with all of them the divergence is 1 % lower, in twice the time


def check_layout(method: str) -> None:
    """Refuse a way of laying out that is not known.

    Raises:
        ValueError: Naming the nearest of ``LAYOUTS``.
    """
    if method not in LAYOUTS:
        raise ValueError(
            f"strategies are laid out by {' or '.join(LAYOUTS)}; given {method!r}, nearest: {nearest(method, LAYOUTS)}"
        )


def layout(
    importance: Float[Tensor, "images concepts"], method: str = "tsne", *, seed: int = 0
) -> Float[Tensor, "images 2"] | None:
    """Place images in the plane by their importance vectors.

    Args:
        importance: φ, finite.
        method: One of ``LAYOUTS``.
        seed: Of t-SNE.

    Returns:
        On the CPU, each image's place, within [−1, 1] and around 0. None where there is nothing to lay out: fewer than
        ``FEWEST`` images, or all with the same vector.

    Raises:
        ValueError: If the method is not known, or an importance is not finite.
    """
    check_layout(method)
    if not bool(importance.isfinite().all()):
        raise ValueError("importances to be laid out must be finite, and some are NaN or infinite")
    vectors = importance.detach().cpu().float().numpy()
    if len(vectors) < FEWEST or not np.ptp(vectors, axis=0).any():
        return None
    said = f"{method} {seed} {_PERPLEXITY} {_STEPS} {vectors.shape}\n".encode()
    file = cache_folder("layouts") / f"{hashlib.blake2b(said + vectors.tobytes(), digest_size=16).hexdigest()}.npy"
    if not file.is_file():
        places = _framed(_principal(vectors) if method == "pca" else _neighbours(vectors, seed))
        with written_file(file) as opened:
            np.save(opened, places)
    return torch.from_numpy(np.load(file, allow_pickle=False))


def _principal(vectors: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """Scores on the two axes of largest variance, each turned so that its largest score is positive."""
    centred = vectors.astype(np.float64) - vectors.mean(0, dtype=np.float64)
    axes, lengths, _ = np.linalg.svd(centred, full_matrices=False)
    scores = np.zeros((len(vectors), 2))
    scores[:, : min(2, len(lengths))] = (axes * lengths)[:, :2]
    signs = np.sign(np.take_along_axis(scores, np.abs(scores).argmax(0)[None], 0))
    return np.asarray(scores * np.where(signs == 0, 1.0, signs))


def _neighbours(vectors: npt.NDArray[np.float32], seed: int) -> npt.NDArray[np.float64]:
    """t-SNE, of a perplexity that the number of images allows."""
    from sklearn.manifold import TSNE  # late: a second, and only here

    start = _principal(vectors)
    perplexity = min(_PERPLEXITY, (len(vectors) - 1) / 3)
    start *= 1e-4 / start[:, 0].std()
    walk = TSNE(init=start, perplexity=perplexity, max_iter=_STEPS, random_state=seed, n_jobs=1)
    return np.asarray(walk.fit_transform(vectors), dtype=np.float64)


def _framed(places: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """Within a square from −1 to 1, proportions kept."""
    middle = (places.max(0) + places.min(0)) / 2
    return np.asarray((places - middle) / np.ptp(places, axis=0).max() * 2, dtype=np.float32)
