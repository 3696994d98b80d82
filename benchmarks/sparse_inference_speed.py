"""DeiT-tiny of U = 24 at inference: linear layers behind competitions that look winners up, beside dense ones.

The whole network, where `use_sparse_linears` keeps the dense layer wherever that is faster (and says so), and the
second layer of an MLP alone, which is sparse whatever that costs.
"""

from __future__ import annotations

import copy
from functools import partial

import timm
import torch
from side_by_side import Comparison, Work
from torch import Tensor, nn

from rivalry.lwta import LWTA, SparseLinear, use_sparse_linears

TOKENS, HIDDEN, WIDTH, COMPETITORS = 197, 768, 192, 24


def _network(batch: int, device: torch.device) -> tuple[Work, Work]:
    torch.manual_seed(0)
    dense = timm.create_model("lwta", base="deit_tiny_patch16_224", competitors=COMPETITORS).eval().to(device)
    images = torch.randn(batch, 3, 224, 224, device=device)
    ours = copy.deepcopy(dense)
    choices = use_sparse_linears(ours, images)
    print(f"batch {batch}: {sum(choice.sparse for choice in choices)} of {len(choices)} layers are sparse")
    return _inference(ours, images), _inference(dense, images)


def _layer(batch: int, device: torch.device) -> tuple[Work, Work]:
    torch.manual_seed(0)
    competition = LWTA(COMPETITORS, dim=-1).eval()
    dense = nn.Linear(HIDDEN, WIDTH, device=device).eval()
    outputs = competition(torch.randn(batch, TOKENS, HIDDEN, device=device))
    return _inference(SparseLinear(dense, competition), outputs), _inference(dense, outputs)


def _inference(network: nn.Module, images: Tensor) -> Work:
    @torch.inference_mode()
    def work() -> Tensor:
        output: Tensor = network(images)
        return output

    return work


COMPARISONS: list[Comparison] = [
    Comparison(f"sparse_inference, DeiT-tiny, U = 24, batch {batch}", "dense path", partial(_network, batch))
    for batch in (1, 64)
] + [
    Comparison(f"sparse_inference, fc2 alone, U = 24, batch {batch}", "dense path", partial(_layer, batch))
    for batch in (1, 64)
]
