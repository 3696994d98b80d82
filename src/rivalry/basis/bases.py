"""The bases of a layer that are compared: natural, principal, random, fitted to pixels, fitted to concepts."""

from __future__ import annotations

from dataclasses import dataclass, replace

from jaxtyping import Float, Int
from torch import Tensor

from rivalry.basis.baselines import natural, principal, random_directions
from rivalry.basis.pixels import Pixels
from rivalry.basis.rotation import Rotation
from rivalry.basis.supervised import Probes, fit_probes
from rivalry.recording.directions import Directions

NATURAL, PCA, RANDOM, UNSUPERVISED, SUPERVISED = "natural", "pca", "random", "unsupervised", "supervised"


@dataclass(frozen=True)
class Basis:
    """Directions of a layer.

    Attributes:
        directions: What is dissected. Of the natural basis the units as they are.
        answers: Gives z of the answers y = σ(z). Bases that have learned no margin and bias get those of the fitted
            one, so that their answers differ from its own by the rotation alone.
        learned: Whether zero is a threshold that was learned.
        taught: The concept that each direction was taught, by which it is called then.
    """

    directions: Directions
    answers: Directions
    learned: bool
    taught: Int[Tensor, " directions"] | None = None


def rotated_bases(vectors: Float[Tensor, "pixels channels"], rotation: Rotation, *, seed: int) -> dict[str, Basis]:
    """The fitted basis behind those that need no labels.

    Args:
        vectors: Raw features of places.
        rotation: The fitted one, which tells the number of directions, means and scales.
        seed: Of the random rotation.
    """
    channels, count = rotation.matrix.shape
    standard = standardised(vectors, rotation)
    matrices = {
        NATURAL: natural(channels).to(vectors.device),
        PCA: principal(standard, count),
        RANDOM: random_directions(standard, count, seed=seed),
        UNSUPERVISED: rotation.matrix,
    }
    found = {name: replace(rotation, matrix=matrix).directions() for name, matrix in matrices.items()}
    units = Directions(matrices[NATURAL], vectors.new_zeros(channels))
    return {
        name: Basis(units if name == NATURAL else one, one, learned=name == UNSUPERVISED) for name, one in found.items()
    }


def probed_basis(pixels: Pixels, rotation: Rotation, *, seed: int) -> tuple[Probes, Basis]:
    """The probes of concepts and the basis that they are.

    Args:
        pixels: With the concepts that places show.
        rotation: Tells means and scales.
        seed: Of the probes' draws.
    """
    standard = standardised(pixels.vectors, rotation)
    probes = fit_probes(standard, pixels.vector_shares, pixels.vector_labelled, seed=seed)
    weights = probes.weights / rotation.scale[:, None].to(standard)
    directions = Directions(weights, rotation.mean.to(standard) @ weights - probes.bias)
    return probes, Basis(directions, directions, learned=True, taught=probes.concepts)


def standardised(vectors: Float[Tensor, "pixels channels"], rotation: Rotation) -> Float[Tensor, "pixels channels"]:
    """Features as the rotation sees them: (x − μ) / s."""
    return (vectors - rotation.mean.to(vectors)) / rotation.scale.to(vectors)
