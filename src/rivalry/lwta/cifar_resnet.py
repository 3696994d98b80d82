"""ResNets for 32×32 images: He et al., "Deep Residual Learning for Image Recognition" (CVPR 2016), section 4.2.

``6n + 2`` layers, widths 16, 32, 64, shortcuts without parameters (option A: every second pixel, new channels zero).
The activations are modules (``act1`` of the stem, ``layer1.0.act1``, ``layer1.0.act2`` …), so that they can compete.
Registered with timm as ``cifar_resnet20``, ``…32``, ``…44`` and ``…56``.
"""

from __future__ import annotations

from typing import Any

from jaxtyping import Float
from timm.data import IMAGENET_DEFAULT_MEAN, IMAGENET_DEFAULT_STD
from timm.models import build_model_with_cfg, generate_default_cfgs, register_model
from torch import Tensor, nn
from torch.nn import functional

WIDTHS = (16, 32, 64)
DEPTHS = {"cifar_resnet20": 3, "cifar_resnet32": 5, "cifar_resnet44": 7, "cifar_resnet56": 9}

default_cfgs = generate_default_cfgs(
    {
        name: {
            "input_size": (3, 32, 32),
            "mean": IMAGENET_DEFAULT_MEAN,
            "std": IMAGENET_DEFAULT_STD,
            "num_classes": 10,
            "pool_size": (8, 8),
            "crop_pct": 1.0,
            "interpolation": "bilinear",
            "first_conv": "conv1",
            "classifier": "linear",
        }
        for name in DEPTHS
    }
)


class BasicBlock(nn.Module):
    """Two 3×3 convolutions and a parameter-free shortcut.

    Args:
        inputs: Channels in.
        outputs: Channels out.
        stride: 2 halves the resolution, 1 keeps it.
    """

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.stride = stride
        self.padding = (outputs - inputs) // 2
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.act1 = nn.ReLU()
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.act2 = nn.ReLU()

    def forward(self, x: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch outputs rows columns"]:
        """Residual branch plus shortcut, then the activation."""
        branch = self.bn2(self.conv2(self.act1(self.bn1(self.conv1(x)))))
        return self.act2(branch + self._shortcut(x))  # type: ignore[no-any-return]

    def _shortcut(self, x: Tensor) -> Tensor:
        if self.stride == 1 and self.padding == 0:
            return x
        return functional.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, self.padding, self.padding))


class CifarResNet(nn.Module):
    """A ResNet of ``6n + 2`` layers with timm's interface to features and classifier.

    Args:
        blocks: Residual blocks a stage, n.
        num_classes: Classes; 0 for features.
        in_chans: Channels of the images.
    """

    def __init__(self, blocks: int, num_classes: int = 10, in_chans: int = 3) -> None:
        super().__init__()
        self.num_classes = num_classes
        self.num_features = self.head_hidden_size = WIDTHS[-1]
        self.conv1 = nn.Conv2d(in_chans, WIDTHS[0], 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(WIDTHS[0])
        self.act1 = nn.ReLU()
        self.layer1 = _stage(WIDTHS[0], WIDTHS[0], blocks, stride=1)
        self.layer2 = _stage(WIDTHS[0], WIDTHS[1], blocks, stride=2)
        self.layer3 = _stage(WIDTHS[1], WIDTHS[2], blocks, stride=2)
        self.linear = nn.Linear(WIDTHS[-1], num_classes) if num_classes else nn.Identity()
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                nn.init.kaiming_normal_(module.weight)

    def get_classifier(self) -> nn.Module:
        """The last layer."""
        return self.linear

    def reset_classifier(self, num_classes: int, global_pool: str | None = None) -> None:
        """Replace the last layer by a new one; ``global_pool`` is accepted for timm and must be ``avg`` or None."""
        if global_pool not in (None, "avg"):
            raise ValueError(f"CIFAR ResNets pool by 'avg' only, got {global_pool!r}")
        self.num_classes = num_classes
        self.linear = nn.Linear(self.num_features, num_classes) if num_classes else nn.Identity()

    def forward_features(self, x: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch 64 h w"]:
        """Feature maps before pooling."""
        x = self.act1(self.bn1(self.conv1(x)))
        return self.layer3(self.layer2(self.layer1(x)))  # type: ignore[no-any-return]

    def forward_head(self, x: Float[Tensor, "batch 64 h w"], pre_logits: bool = False) -> Float[Tensor, "batch out"]:
        """Average pooling and the classifier."""
        pooled = x.mean(dim=(2, 3))
        return pooled if pre_logits else self.linear(pooled)

    def forward(self, x: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch classes"]:
        """Logits."""
        return self.forward_head(self.forward_features(x))


@register_model
def cifar_resnet20(pretrained: bool = False, **arguments: Any) -> CifarResNet:
    """ResNet-20 for 32×32 images (0.27 M parameters)."""
    return _create("cifar_resnet20", pretrained, **arguments)


@register_model
def cifar_resnet32(pretrained: bool = False, **arguments: Any) -> CifarResNet:
    """ResNet-32 for 32×32 images (0.46 M parameters)."""
    return _create("cifar_resnet32", pretrained, **arguments)


@register_model
def cifar_resnet44(pretrained: bool = False, **arguments: Any) -> CifarResNet:
    """ResNet-44 for 32×32 images (0.66 M parameters)."""
    return _create("cifar_resnet44", pretrained, **arguments)


@register_model
def cifar_resnet56(pretrained: bool = False, **arguments: Any) -> CifarResNet:
    """ResNet-56 for 32×32 images (0.85 M parameters)."""
    return _create("cifar_resnet56", pretrained, **arguments)


def _create(name: str, pretrained: bool, **arguments: Any) -> CifarResNet:
    network: CifarResNet = build_model_with_cfg(CifarResNet, name, pretrained, blocks=DEPTHS[name], **arguments)
    return network


def _stage(inputs: int, outputs: int, blocks: int, stride: int) -> nn.Sequential:
    first = BasicBlock(inputs, outputs, stride)
    return nn.Sequential(first, *(BasicBlock(outputs, outputs, 1) for _ in range(blocks - 1)))
