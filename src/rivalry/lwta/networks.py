"""Competing networks by name: ``timm.create_model("lwta", base="deit_tiny_patch16_224", competitors=8)``.

All arguments are plain JSON, so timm can save such a network and build it again. The state dict has the keys of the
base network: weights trained without competition load as they are (``checkpoint_path=…``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import timm
from timm.models import build_model_with_cfg, register_model
from torch import nn

from rivalry.lwta import cifar_resnet as cifar_resnet
from rivalry.lwta.layer import Mode, competitions, set_competition
from rivalry.lwta.surgery import sparsify
from rivalry.lwta.survey import example_image


@register_model
def lwta(
    pretrained: bool = False,
    *,
    base: str = "resnet18",
    competitors: int | Mapping[str, int] = 2,
    where: str | Sequence[str] = "*",
    evaluation_mode: Mode = "argmax",
    sharpness: float = 1.0,
    pretrained_cfg: Any = None,
    **arguments: Any,
) -> nn.Module:
    """Build a timm network whose activations compete.

    Args:
        pretrained: Load weights: those that ``pretrained_cfg`` names (as timm does for ``local-dir:``), else the base
            network's own, which timm downloads.
        base: Any timm name, with or without a tag.
        competitors: Units in a block, U, or a mapping from globs to U; 1 leaves the ordinary activation.
        where: Dotted names or globs of the activations to replace.
        evaluation_mode: How blocks compete in ``eval()``.
        sharpness: β of the draws.
        pretrained_cfg: timm's description of the weights; given by timm.
        **arguments: For the base network.

    Returns:
        The network, with ``network.pretrained_cfg`` that of the base.

    Raises:
        ValueError: As :func:`rivalry.lwta.surgery.sparsify`.
    """
    own_weights = pretrained and pretrained_cfg is not None

    def build(**rest: Any) -> nn.Module:
        network = timm.create_model(base, pretrained=pretrained and not own_weights, **rest)
        example = example_image(network, size=rest.get("img_size"), channels=rest.get("in_chans"))
        sparsify(network, competitors, where, example=example)
        set_competition(network, sharpness=sharpness)
        for layer in competitions(network).values():
            layer.evaluation_mode = evaluation_mode
        return network

    if not own_weights:
        return build(**arguments)
    network: nn.Module = build_model_with_cfg(build, "lwta", True, pretrained_cfg=pretrained_cfg, **arguments)
    return network
