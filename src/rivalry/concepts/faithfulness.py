"""How faithful an importance is: whether the logit goes with the concepts that are said to count.

Fel et al. (NeurIPS 2023), after Petsiuk et al. 2018 (deletion, insertion) and Bhatt, Weller & Moura 2020 (µ-fidelity):

    C-Deletion     area under the logit as concepts are left out, those of the largest φ first      ↓
    C-Insertion    area under the logit as concepts are added to none, those of the largest φ first ↑
    C-µFidelity    correlation, over random sets S, of Σ_{i∈S} φ_i and h(u) − h(u without S)        ↑

Each picture has its own order, in which concepts of equal φ come by chance, alike for deletion and insertion. The
baseline is 0. Areas are taken by trapezoids over the share of concepts, 0 to 1, so they are a mean logit.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from rivalry.concepts.answer import Answer, LinearAnswer
from rivalry.concepts.importance.importance import check_codes
from rivalry.concepts.orders import descending_order, logits_in_order, random_order

SUBSETS = 64
"""Random sets of concepts of µ-fidelity."""

ORDERS = 4
"""Random orders of each picture, and as many backwards, whose mean is the floor."""


@dataclass(frozen=True)
class Faithfulness:
    """How faithful an importance is, as means over pictures.

    Attributes:
        deletion: C-Deletion; less is better.
        insertion: C-Insertion; more is better.
        mu_fidelity: C-µFidelity in [-1, 1], mean of the pictures that have one; NaN where none has.
        constant: Pictures without µ-fidelity: φ or the logit's loss is the same of all sets.
        random_deletion: Of random orders.
        random_insertion: Of the same.
        optimum_deletion: The least that any order reaches, known of linear answers alone; None elsewhere.
        optimum_insertion: The most that any order reaches, likewise.
        gain: (random deletion − deletion) / mean |h(all) − h(none)|, which has no scale; NaN where that mean is 0.
    """

    deletion: float
    insertion: float
    mu_fidelity: float
    constant: int
    random_deletion: float
    random_insertion: float
    optimum_deletion: float | None
    optimum_insertion: float | None
    gain: float


def judge_importance(
    answer: Answer,
    codes: Float[Tensor, "images places concepts"],
    importance: Float[Tensor, "images concepts"],
    *,
    seed: int = 0,
    floor: Float[Tensor, " images"] | None = None,
) -> Faithfulness:
    """Judge what a method said of some pictures.

    Args:
        answer: The class's logit as a function of codes.
        codes: Of all pictures of the answer.
        importance: φ.
        seed: Of random sets and orders, also of concepts of equal φ.
        floor: Of :func:`random_floor`, where it is known from another method: it belongs to the codes alone.

    Raises:
        ValueError: For codes that are not the answer's, or importance that is not finite.
    """
    check_codes(answer, codes)
    if not bool(importance.isfinite().all()):
        raise ValueError("importance must be finite, and some is NaN or infinite")
    down, up = deletion(answer, codes, importance, seed=seed), insertion(answer, codes, importance, seed=seed)
    fidelity = mu_fidelity(answer, codes, importance, seed=seed)
    floor = random_floor(answer, codes, seed=seed) if floor is None else floor
    best = optimum(answer, codes) if isinstance(answer, LinearAnswer) else None
    span = _span(answer, codes)
    return Faithfulness(
        deletion=_mean(down),
        insertion=_mean(up),
        mu_fidelity=_mean(fidelity[~fidelity.isnan()]),
        constant=int(fidelity.isnan().sum()),
        random_deletion=_mean(floor),
        random_insertion=_mean(floor),
        optimum_deletion=None if best is None else _mean(best[0]),
        optimum_insertion=None if best is None else _mean(best[1]),
        gain=(_mean(floor) - _mean(down)) / span if span > 0 else float("nan"),
    )


def deletion(
    answer: Answer,
    codes: Float[Tensor, "images places concepts"],
    importance: Float[Tensor, "images concepts"],
    *,
    seed: int = 0,
) -> Float[Tensor, " images"]:
    """C-Deletion of every picture: concepts go in descending order of φ, equal ones in a random order of the seed's.

    >>> codes = torch.tensor([[[1.0, 1.0]]])
    >>> deletion(LinearAnswer(torch.tensor([3.0, 1.0])), codes, torch.tensor([[3.0, 1.0]]))  # logits 4, 1, 0
    tensor([1.5000])
    """
    order = descending_order(importance, torch.Generator().manual_seed(seed))
    return _area(answer, codes, order.flip(1))


def insertion(
    answer: Answer,
    codes: Float[Tensor, "images places concepts"],
    importance: Float[Tensor, "images concepts"],
    *,
    seed: int = 0,
) -> Float[Tensor, " images"]:
    """C-Insertion of every picture: concepts come in descending order of φ, equal ones as in :func:`deletion`.

    >>> codes = torch.tensor([[[1.0, 1.0]]])
    >>> insertion(LinearAnswer(torch.tensor([3.0, 1.0])), codes, torch.tensor([[3.0, 1.0]]))  # logits 0, 3, 4
    tensor([2.5000])
    """
    order = descending_order(importance, torch.Generator().manual_seed(seed))
    return _area(answer, codes, order)


def mu_fidelity(
    answer: Answer,
    codes: Float[Tensor, "images places concepts"],
    importance: Float[Tensor, "images concepts"],
    *,
    subsets: int = SUBSETS,
    share: float = 0.5,
    seed: int = 0,
) -> Float[Tensor, " images"]:
    """C-µFidelity of every picture, in [-1, 1]; NaN where φ or the logit's loss is the same of all sets.

    Args:
        answer: The class's logit as a function of codes.
        codes: Of all pictures.
        importance: φ.
        subsets: Random sets, the same for all pictures.
        share: Of the concepts in a set, rounded to one at least. All are of one size, so that what is added to the
            importance of every concept changes nothing.
        seed: Of the sets.
    """
    concepts = codes.shape[2]
    size = max(1, round(share * concepts))
    generator = torch.Generator().manual_seed(seed)
    ranks = torch.rand(subsets, concepts, generator=generator).argsort(1).argsort(1)
    inside = (ranks < size).to(codes)
    whole = torch.ones_like(inside[:1])
    logits = answer.masked(codes, torch.cat([whole, 1 - inside]).expand(len(codes), -1, -1)).double()
    return _correlation(importance.double() @ inside.double().T, logits[:, :1] - logits[:, 1:])


def random_floor(
    answer: Answer, codes: Float[Tensor, "images places concepts"], *, orders: int = ORDERS, seed: int = 0
) -> Float[Tensor, " images"]:
    """The mean area of random orders, of every picture.

    A random order backwards is another one, so deletion and insertion have the same floor.

    Args:
        answer: The class's logit as a function of codes.
        codes: Of all pictures.
        orders: How many, each also backwards; every picture has its own.
        seed: Of the orders.
    """
    generator = torch.Generator().manual_seed(seed)
    total = torch.zeros(len(codes), device=codes.device)
    for _ in range(orders):
        order = random_order(codes, generator)
        total += _area(answer, codes, order) + _area(answer, codes, order.flip(1))
    return total / (2 * orders)


def optimum(
    answer: LinearAnswer, codes: Float[Tensor, "images places concepts"]
) -> tuple[Float[Tensor, " images"], Float[Tensor, " images"]]:
    """The least deletion and the most insertion that any order reaches, of every picture: that of γ_i ū_i."""
    added = answer.weights.to(codes) * codes.mean(1)
    return deletion(answer, codes, added), insertion(answer, codes, added)


def _area(
    answer: Answer, codes: Float[Tensor, "images places concepts"], order: Int[Tensor, "images concepts"]
) -> Float[Tensor, " images"]:
    """Area under the logit as concepts come in order; as they go in order, it is that of the order backwards."""
    return torch.trapezoid(logits_in_order(answer, codes, order), dx=1 / codes.shape[2])


def _correlation(x: Float[Tensor, "images sets"], y: Float[Tensor, "images sets"]) -> Float[Tensor, " images"]:
    """Pearson's correlation, row by row; NaN where either never varies but for rounding."""
    spreads = [(row - row.mean(1, keepdim=True)) for row in (x, y)]
    norms = [spread.norm(dim=1) for spread in spreads]
    known = (norms[0] > 1e-6 * x.norm(dim=1)) & (norms[1] > 1e-6 * y.norm(dim=1))
    correlation = (spreads[0] * spreads[1]).sum(1) / (norms[0] * norms[1])
    return torch.where(known, correlation.clamp(-1, 1), torch.nan).to(torch.float32)


def _span(answer: Answer, codes: Float[Tensor, "images places concepts"]) -> float:
    """Mean |h(all) − h(none)|."""
    ends = torch.tensor([[0.0], [1.0]]).to(codes).expand(len(codes), 2, codes.shape[2])
    none, every = answer.masked(codes, ends).unbind(1)
    return _mean((every - none).abs())


def _mean(values: Float[Tensor, " values"]) -> float:
    return float(values.double().mean()) if len(values) else float("nan")
