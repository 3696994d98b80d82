"""The mark as a direction in a layer, and whether the target's logit rises along it.

    pattern-CAV   v = cov(h, y) / var(y)                h: pooled activations, y: 1 with the mark, 0 without
    sensitivity   S = mean of S_i = g_i · v,  g_i = Σ_positions ∂z_t/∂h(x_i)
    TCAV          share of the pictures x_i with S_i > 0
    alignment     mean cosine of g_i and v

CAVs: Kim et al., "Interpretability Beyond Feature Attribution: Quantitative Testing with Concept Activation Vectors",
ICML 2018; as patterns (not the weights of a classifier, which noise turns): Haufe et al. 2014, Pahde et al. 2022. As
in Kim's paper the x_i are pictures of the target class. The sensitivity is in units of the logit: how far it would rise
with the mark, if the layer passed on all of the mark's mean effect and everything behind it were linear.

Chance TCAV is not ½: pictures have much the same gradient, and a v of nothing may lie to either side of all of them. So
vectors of 20 permuted labellings y stand beside it, and the p-value compares sensitivities, not TCAVs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from rivalry.recording.observation import Listening

PERMUTATIONS = 20
_IMAGES_AT_ONCE = 32


class ConceptTest(NamedTuple):
    """How a layer's mark direction stands to the target's logit; NaN where there are no pictures to ask.

    Attributes:
        alignment: Mean cosine of gradient and direction, in [−1, 1].
        sensitivity: Mean product of gradient and direction, in units of the logit.
        tcav: Share of pictures whose logit rises along the direction, in [0, 1].
        null_low: Lowest TCAV of the directions of permuted labels.
        null_high: Highest of them.
        p_value: (1 + permuted sensitivities at least as far from 0) / (1 + permutations): at best 1/21.
    """

    alignment: float
    sensitivity: float
    tcav: float
    null_low: float
    null_high: float
    p_value: float


def pattern_cav(
    rows: Float[Tensor, "samples units"], present: Float[Tensor, "labellings samples"]
) -> Float[Tensor, "labellings units"]:
    """The pattern cov(h, y) / var(y) of each labelling y of the samples.

    >>> rows = torch.tensor([[0.0, 1.0], [2.0, 1.0], [4.0, 1.0], [6.0, 1.0]])
    >>> pattern_cav(rows, torch.tensor([[0.0, 0.0, 1.0, 1.0]]))
    tensor([[4., 0.]])
    """
    centred = present - present.mean(1, keepdim=True)
    return centred @ (rows - rows.mean(0)) / centred.square().sum(1, keepdim=True)


def judge_direction(
    clean: Float[Tensor, "samples units"],
    marked: Float[Tensor, "samples units"],
    gradients: Float[Tensor, "pictures units"],
    *,
    seed: int,
) -> ConceptTest:
    """Test whether the target's logit rises along the direction of the mark.

    Args:
        clean: A layer's pooled activations of clean pictures.
        marked: Of the same pictures with the mark.
        gradients: Of the target's logit, by :func:`layer_gradients`.
        seed: Of the permutations.
    """
    if not len(clean) or not len(gradients):
        return ConceptTest(*[float("nan")] * 6)
    rows = torch.cat([marked, clean]).double()
    mark = torch.cat([torch.ones(len(marked)), torch.zeros(len(clean))])
    generator = torch.Generator().manual_seed(seed)
    shuffled = [mark[torch.randperm(len(mark), generator=generator)] for _ in range(PERMUTATIONS)]
    vectors = pattern_cav(rows, torch.stack([mark, *shuffled]).double().to(rows.device))
    rises = gradients.double() @ vectors.T
    score, *null = (rises > 0).double().mean(0).tolist()
    sensitivity, *of_nothing = rises.mean(0).tolist()
    as_far = sum(abs(one) >= abs(sensitivity) for one in of_nothing)
    cosine = float(torch.cosine_similarity(gradients.double(), vectors[:1]).mean())
    return ConceptTest(cosine, sensitivity, score, min(null), max(null), (1 + as_far) / (1 + PERMUTATIONS))


def layer_gradients(
    listening: Listening, images: UInt8[Tensor, "pictures 3 height width"], target: int, axes: Mapping[str, int]
) -> dict[str, Float[Tensor, "pictures units"]]:
    """The gradient of the target's logit at every layer, summed over positions.

    Args:
        listening: What the analysis was told at its start.
        images: Pictures, one at least.
        target: The class whose logit is differentiated.
        axes: The layers, and along which axis each has its units.
    """
    parts = [_gradients(listening, part, target, axes) for part in torch.split(images, _IMAGES_AT_ONCE)]
    return {name: torch.cat([part[name] for part in parts]) for name in axes}


def _gradients(listening: Listening, images: Tensor, target: int, axes: Mapping[str, int]) -> dict[str, Tensor]:
    """Those of a few pictures, whose outputs of all layers are held together."""
    outputs: dict[str, Tensor] = {}

    def hear(name: str) -> object:
        def hook(_layer: nn.Module, _inputs: object, output: Tensor) -> Tensor:
            outputs[name] = output
            return output.clone()  # so that what writes into it later leaves alone what was heard

        return hook

    handles = []
    try:
        for name in axes:
            handles.append(listening.network.get_submodule(name).register_forward_hook(hear(name)))  # type: ignore[arg-type]
        with torch.enable_grad():
            logits = listening.forward(listening.network, images.float().requires_grad_())
            found = torch.autograd.grad(logits[:, target].float().sum(), [outputs[name] for name in axes])
    finally:
        for handle in handles:
            handle.remove()
    return {name: _over_positions(one, axes[name]) for name, one in zip(axes, found, strict=True)}


def _over_positions(gradient: Tensor, axis: int) -> Float[Tensor, "pictures units"]:
    return gradient.float().movedim(axis, 1).flatten(2).sum(2) if gradient.ndim > 2 else gradient.float()
