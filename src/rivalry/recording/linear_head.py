"""Whether all that stands behind a layer is a mean over places and a linear classifier: then most has a closed form."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

_CLOSE = 1e-3


@torch.no_grad()
def reading_classifier(
    network: nn.Module, maps: Float[Tensor, "batch channels height width"], logits: Float[Tensor, "batch classes"]
) -> nn.Linear | None:
    """The classifier that reads the mean of a layer over its places; None where the network has none of the kind.

    It is known by what logits are beside its bias: a large bias would make the logits of all layers look alike.

    Args:
        network: The network.
        maps: What the layer made of some pictures.
        logits: What the network made of them.
    """
    pooled = maps.mean((2, 3))
    for module in network.modules():
        if isinstance(module, nn.Linear) and module.weight.shape == (logits.shape[1], pooled.shape[1]):
            made = functional.linear(pooled.to(module.weight), module.weight)
            wanted = logits.to(made) if module.bias is None else logits.to(made) - module.bias
            if float((made - wanted).abs().amax()) <= _CLOSE * float(wanted.abs().amax()):
                return module
    return None
