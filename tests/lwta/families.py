"""Families of timm's networks that competition is proved on, and the table of docs/networks.md that shows them.

``python -m tests.lwta.families`` prints the table; ``tests/lwta/test_families.py`` holds the page to it.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import timm
from torch import nn

from rivalry.lwta import Replacement, competitions, sparsify
from rivalry.lwta.activations import activation_names
from rivalry.lwta.survey import example_image, survey


@dataclass(frozen=True)
class Family:
    """A small network of a family.

    Attributes:
        name: The family.
        base: timm's name of a network of it.
        competitors: Units in a block that fit every place.
        size: Side of the images.
        arguments: For the network; with random weights and few layers it is as good a proof.
    """

    name: str
    base: str
    competitors: int = 4
    size: int = 64
    arguments: Mapping[str, Any] = field(default_factory=dict)

    def build(self) -> nn.Module:
        """The dense network, for five classes."""
        network: nn.Module = timm.create_model(self.base, num_classes=5, **self.arguments)
        return network

    def compete(self) -> tuple[nn.Module, list[Replacement]]:
        """The network as it competes, and what was replaced."""
        network = self.build()
        return network, sparsify(network, self.competitors, example=example_image(network, size=self.size))


SMALL = {"img_size": 64}
SHALLOW = {"img_size": 64, "depth": 2}

FAMILIES = (
    Family("ResNet", "resnet18", 8),
    Family("ResNet, pre-activation", "resnetv2_50", 8, 32),
    Family("ResNeXt", "resnext50_32x4d", 16, 32),
    Family("SE-ResNet", "seresnet18", 8),
    Family("Res2Net", "res2net50_26w_4s", 2, 32),
    Family("RegNet-X", "regnetx_002", 8),
    Family("RegNet-Y", "regnety_002", 8),
    Family("DenseNet", "densenet121", 16, 32),
    Family("VGG", "vgg11_bn", 16, 32, {"mlp_ratio": 0.125}),
    Family("Inception", "inception_v3", 8, 96),
    Family("DLA", "dla34", 8),
    Family("HRNet", "hrnet_w18_small", 2, 32),
    Family("EfficientNet", "efficientnet_b0", 8),
    Family("MobileNet V2", "mobilenetv2_035", 8),
    Family("MobileNet V3", "mobilenetv3_small_050", 8),
    Family("ConvNeXt", "convnext_atto", 8),
    Family("NFNet", "nfnet_l0", 8, 32),
    Family("DeiT", "deit_tiny_patch16_224", 24, 64, SHALLOW),
    Family("ViT with registers", "vit_medium_patch16_reg4_gap_256", 8, 64, SHALLOW),
    Family("EVA-02", "eva02_tiny_patch14_224", 8, 56, {"img_size": 56, "depth": 2}),
    Family("DINOv3", "vit_small_plus_patch16_dinov3", 8, 64, SHALLOW),
    Family("Swin", "swin_tiny_patch4_window7_224", 8, 64, {**SMALL, "window_size": 4, "depths": (1, 1, 1, 1)}),
    Family("MLP-Mixer", "mixer_s32_224", 16, 64, SMALL),
    Family("CoAtNet", "coatnet_pico_rw_224", 8, 64, SMALL),
    Family("MaxViT", "test_maxvit", 8, 64, SMALL),
    Family("CAFormer", "caformer_s18", 8, 32),
    Family("MobileViT V2", "mobilevitv2_050", 8),
)


HEAD = "| family | base | where its units compete | layers | U | what stays as it is |"


def table() -> str:
    """The table in Markdown."""
    return "\n".join([HEAD, "|---|---|---|---|---|---|", *(row(family, *family.compete()) for family in FAMILIES)])


def row(family: Family, network: nn.Module, replaced: Sequence[Replacement]) -> str:
    """What the table says of a network that competes."""
    kinds = ", ".join(sorted({one.before for one in replaced}))
    places = f"`{replaced[0].name}` … `{replaced[-1].name}` ({kinds})"
    cells = [family.name, f"`{family.base}`", places, len(replaced), family.competitors, _dense(family, network)]
    return f"| {' | '.join(map(str, cells))} |"


def _dense(family: Family, network: nn.Module) -> str:
    """Activations that do not compete: those of gates, and functions."""
    gates = [name for name in activation_names(network) if name not in competitions(network)]
    functions = survey(network, example_image(network, size=family.size)).functions
    said = [f"{len(gates)} in gates (`{gates[0]}` …)"] if gates else []
    said += [f"{len(functions)} functions ({functions[0].function} in `{functions[0].name}` …)"] if functions else []
    return ", ".join(said)


if __name__ == "__main__":
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        print(table())
