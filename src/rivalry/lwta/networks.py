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
from rivalry.lwta.arguments import check_arguments, check_base
from rivalry.lwta.layer import Mode, competitions, set_competition
from rivalry.lwta.surgery import sparsify
from rivalry.lwta.survey import example_image
from rivalry.lwta.torchvision_networks import PREFIX, create_torchvision

_OF_TIMM = ("cache_dir", "pretrained_cfg_overlay", "pretrained_model_args")
_UNKNOWN_TO_TORCHVISION: Any = ("global_pool", "img_size", "in_chans")


@register_model
def lwta(
    pretrained: bool = False,
    *,
    base: str = "resnet18",
    competitors: int | Mapping[str, int] = 2,
    where: str | Sequence[str] = "*",
    evaluation_mode: Mode = "argmax",
    sharpness: float = 1.0,
    input_size: int | None = None,
    pretrained_cfg: Any = None,
    **arguments: Any,
) -> nn.Module:
    """Build a network of timm or torchvision whose activations compete.

    Args:
        pretrained: Load weights: those that ``pretrained_cfg`` names (as timm does for ``local-dir:``), else the base
            network's own, which are downloaded.
        base: Any timm name, with or without a tag; of torchvision's with ``torchvision:`` in front.
        competitors: Units in a block, U, or a mapping from globs to U; 1 leaves the ordinary activation.
        where: Dotted names or globs of the activations to replace.
        evaluation_mode: How blocks compete in ``eval()``.
        sharpness: β of the draws.
        input_size: Side of the image by which units are found; by default what the base says.
        pretrained_cfg: timm's description of the weights; given by timm, from a file of somebody's: what else is given
            may then only shape the network (:mod:`rivalry.lwta.arguments`).
        **arguments: For the base network.

    Returns:
        The network, with ``network.pretrained_cfg`` that of the base.

    Raises:
        ValueError: As :func:`rivalry.lwta.surgery.sparsify`; for a base or an argument that no file may name.
    """
    told = {name: arguments.pop(name) for name in _OF_TIMM if name in arguments}
    if pretrained_cfg is not None:
        _check(base, arguments)
    own_weights = pretrained and pretrained_cfg is not None

    def build(**rest: Any) -> nn.Module:
        network = create_base(base, pretrained=pretrained and not own_weights, **rest)
        size = input_size or rest.get("img_size") or rest.get("image_size")
        sparsify(network, competitors, where, example=example_image(network, size=size, channels=rest.get("in_chans")))
        return _compete(network, evaluation_mode, sharpness)

    if not own_weights:
        return build(**arguments)
    unknown = _UNKNOWN_TO_TORCHVISION if base.startswith(PREFIX) else None
    told |= {"pretrained_cfg": pretrained_cfg, "kwargs_filter": unknown}
    network: nn.Module = build_model_with_cfg(build, "lwta", True, **told, **arguments)
    return network


def create_base(base: str, *, pretrained: bool = False, **arguments: Any) -> nn.Module:
    """Make the network of that name before anything competes.

    Args:
        base: As :func:`lwta` takes it.
        pretrained: Whether to load the published weights, which are downloaded.
        **arguments: For its builder.
    """
    if base.startswith(PREFIX):
        return create_torchvision(base.removeprefix(PREFIX), pretrained=pretrained, **arguments)
    network: nn.Module = timm.create_model(base, pretrained=pretrained, **arguments)
    return network


def _compete(network: nn.Module, evaluation_mode: Mode, sharpness: float) -> nn.Module:
    set_competition(network, sharpness=sharpness)
    for layer in competitions(network).values():
        layer.evaluation_mode = evaluation_mode
    return network


def _check(base: str, arguments: Mapping[str, Any]) -> None:
    check_base(base)
    check_arguments({name: value for name, value in arguments.items() if name != "num_classes"})
