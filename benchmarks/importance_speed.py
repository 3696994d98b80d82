"""How fast the importance of concepts is found: in closed form, and by the rest of a network with many masks at once.

The published loop shows the rest of the network one picture and one mask at a time, and hands the codes over as
activations; the rest is written down by hand there, so it pays for nothing that ours does to find it.
"""

from __future__ import annotations

from collections.abc import Callable

import timm
import torch
from side_by_side import Comparison
from torch import Tensor, nn

from rivalry.concepts.answer import LinearAnswer, NetworkAnswer
from rivalry.concepts.extraction import NaturalUnits
from rivalry.concepts.importance import GradientInput, SobolTotal
from rivalry.concepts.importance.sobol import replaced_designs, total_indices
from rivalry.recording.layer_maps import LayerMaps
from rivalry.recording.rest import Rest

CONCEPTS, PICTURES, PLACES, CHANNELS, CLASSES = 10, 1300, 49, 512, 1000
FEW, DESIGNS, CLASS = 4, 32, 3


def closed_forms(device: torch.device) -> tuple[Callable[[], object], Callable[[], object]]:
    """Gradient × input of a class whose classifier reads the mean of the layer; and autograd through that head."""
    torch.manual_seed(0)
    head = nn.Linear(CHANNELS, CLASSES).to(device)
    codes = torch.rand(PICTURES, PLACES, CONCEPTS, device=device)
    dictionary = NaturalUnits().fit(torch.rand(2 * CHANNELS, CHANNELS, device=device), CONCEPTS)

    def closed() -> Tensor:
        return GradientInput().of(LinearAnswer.read(head, dictionary, CLASS), codes)

    def by_autograd() -> Tensor:
        at = codes.clone().requires_grad_()
        head(dictionary.decode(at).mean(1))[:, CLASS].sum().backward()
        assert at.grad is not None
        return (at.grad * codes).sum(1)

    return closed, by_autograd


def sobol(device: torch.device) -> tuple[Callable[[], object], Callable[[], object]]:
    """Total indices by batches of pictures and masks, and by one of each at a time."""
    torch.manual_seed(0)
    network = timm.create_model("resnet18", num_classes=12).to(device).eval()
    images = torch.randint(0, 256, (FEW, 3, 64, 64), dtype=torch.uint8, device=device)
    layers = LayerMaps.settled(network, ["layer3"], {}, images[0])
    rest = Rest(network, "layer3", images).__enter__()  # for as long as the benchmark runs
    maps = layers.of({"layer3": rest.outputs}, (64, 64))["layer3"]
    rows = maps.flatten(2).mT
    dictionary = NaturalUnits().fit(rows.flatten(0, 1), CONCEPTS)
    codes, masks = dictionary.encode(rows), replaced_designs(DESIGNS, CONCEPTS, 0).to(device)
    answer = NetworkAnswer(rest, layers, dictionary, CLASS)

    def logit(picture: int, mask: Tensor) -> Tensor:
        activations = (codes[picture] * mask) @ dictionary.concepts
        return network.forward_head(network.layer4(activations.T.reshape(1, *maps.shape[1:])))[0, CLASS]

    @torch.no_grad()
    def one_at_a_time() -> Tensor:
        logits = [logit(picture, mask) for picture in range(FEW) for mask in masks.flatten(0, 1)]
        return total_indices(torch.stack(logits).reshape(FEW, *masks.shape[:2]))

    return lambda: SobolTotal(DESIGNS).of(answer, codes), one_at_a_time


COMPARISONS = [
    Comparison(
        f"importance of {CONCEPTS} concepts, {PICTURES:,} pictures, penultimate layer",
        "autograd through the head", closed_forms,
    ),
    Comparison(
        f"importance by Sobol indices through stage 4 of a ResNet-18, {FEW} pictures",
        "one picture and mask at a time", sobol, 1,
    ),
]  # fmt: skip
