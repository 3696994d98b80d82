"""Along which axis units lie: by shape, by what stands beside the layer, or not to be told."""

import pytest
import timm
import torch
from torch import Tensor, nn

from rivalry.lwta.axes import axis_by_shape, find_unit_axis


def axes_of(network: nn.Module, height: int, width: int, *names: str) -> list[int]:
    shapes: dict[str, tuple[int, ...]] = {}
    for name in names:

        def note(_module: nn.Module, _inputs: object, output: Tensor, name: str = name) -> None:
            shapes[name] = tuple(output.shape)

        network.get_submodule(name).register_forward_hook(note)
    with torch.no_grad():
        network.eval()(torch.zeros(2, 3, height, width))
    return [find_unit_axis(network, name, shapes[name], square=height == width) for name in names]


@pytest.mark.parametrize(
    ("shape", "axis"),
    [
        ((2, 16, 8, 8), 1),
        ((2, 8, 8, 16), 3),
        ((2, 1, 8, 8), 1),
        ((2, 16, 1, 1), 1),
        ((2, 1, 1, 16), 3),
        ((2, 8, 8, 8), None),
        ((2, 16, 8, 4), None),
    ],
)
def test_of_a_square_image_the_odd_axis_holds_the_units(shape: tuple[int, ...], axis: int | None) -> None:
    assert axis_by_shape(shape) == axis


def test_of_other_images_equal_axes_may_be_chance() -> None:
    assert axis_by_shape((2, 8, 8, 16), square=False) is None  # 8 channels of 8 × 16, or 16 of 8 × 8
    assert axis_by_shape((2, 16, 1, 1), square=False) == 1


def test_a_convnext_has_both_orders() -> None:
    network = timm.create_model("test_convnext", num_classes=2)
    names = "stages.1.blocks.0.conv_dw", "stages.1.blocks.0.mlp.act", "stages.1.blocks.0"
    assert axes_of(network, 64, 64, *names) == [1, 3, 1]


def test_where_all_axes_are_alike_the_neighbours_tell() -> None:
    """24 channels of 24 × 24, after a stem of stride 4."""
    network = timm.create_model("test_convnext", num_classes=2)
    names = "stem.0", "stages.0.blocks.0.conv_dw", "stages.0.blocks.0.mlp.fc2", "stages.0.blocks.0.mlp.drop2"
    assert axes_of(network, 96, 96, *names) == [1, 1, 3, 3]
    with pytest.raises(ValueError, match=r"stages.0.blocks.0 gives shape \(2, 24, 24, 24\): .* neither the shape nor"):
        axes_of(network, 96, 96, "stages.0.blocks.0")  # which holds convolutions and linear layers of this width


@pytest.mark.parametrize(("height", "width"), [(64, 64), (32, 32), (64, 128), (64, 96)])
def test_convolutional_networks_are_told_whatever_the_size(height: int, width: int) -> None:
    """Among the maps are 16 × 16 of 16 channels, and 32 × 64 of 32; 16 is also the number of classes."""
    network = timm.create_model("test_resnet", num_classes=16)
    names = "conv1.2", "conv1.5", "act1", "maxpool", "layer1.0.act2", "layer1.0", "layer2", "layer4.0.act2", "fc"
    assert axes_of(network, height, width, *names) == [1] * 8 + [1]  # the last gives vectors


def test_channels_last_of_a_wide_image() -> None:
    network = timm.create_model("test_convnext", num_classes=2)
    assert axes_of(network, 64, 96, "stages.0.blocks.0.mlp.act", "stages.0.blocks.0.conv_dw") == [3, 1]


def test_vectors_and_tokens_end_with_their_units() -> None:
    assert find_unit_axis(nn.Sequential(nn.ReLU()), "0", (2, 5), square=True) == 1
    assert find_unit_axis(nn.Sequential(nn.ReLU()), "0", (2, 5, 7), square=True) == 2


def test_other_numbers_of_axes_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"2, 3 or 4 axes, batch first; 0 gives shape \(2, 1, 1, 1, 1\)"):
        find_unit_axis(nn.Sequential(nn.ReLU()), "0", (2, 1, 1, 1, 1), square=True)
