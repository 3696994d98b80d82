"""What is noticed of a network's activations: modules, functions, and those in gates."""

from __future__ import annotations

import pytest
import timm
import torch
import torchvision
from torch import Tensor, nn
from torch.nn import functional

from rivalry.lwta import competitions, sparsify
from rivalry.lwta.activations import in_gate, is_activation
from rivalry.lwta.survey import FunctionCall, example_image, survey

EXAMPLE = torch.zeros(1, 3, 8, 8)


class Functional(nn.Module):
    """Calls its activations as functions, in several of torch's ways."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = functional.relu(self.conv(x), inplace=True)
        x = torch.relu_(x.clone()) + x.relu()
        return functional.gelu(functional.silu(x))


def test_functions_are_named_with_the_module_that_calls_them() -> None:
    network = nn.Sequential(Functional(), nn.Conv2d(8, 8, 1), nn.Hardswish())
    assert survey(network, EXAMPLE).functions == [
        FunctionCall(name, "0", "Functional") for name in ("relu", "silu", "gelu")
    ]
    assert list(survey(network, EXAMPLE).shapes) == ["2"]
    assert str(FunctionCall("relu", "", "Net")) == "relu in the network itself (Net)"


def test_a_survey_leaves_no_trace() -> None:
    network = nn.Sequential(Functional(), nn.BatchNorm2d(8)).train()
    network[0].eval()
    before = {key: value.clone() for key, value in network.state_dict().items()}
    state = torch.get_rng_state()
    survey(network, EXAMPLE)
    with pytest.raises(RuntimeError):
        survey(network, torch.zeros(1, 5, 8, 8))
    assert all(torch.equal(value, before[key]) for key, value in network.state_dict().items())
    assert torch.equal(torch.get_rng_state(), state)
    assert network.training
    assert not network[0].training
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in network.modules())


def test_a_network_of_functions_alone_is_refused_by_their_places() -> None:
    with pytest.raises(
        ValueError,
        match=r"Functional has no activation modules; it calls relu in the network itself \(Functional\), silu",
    ):
        sparsify(Functional(), 2, example=EXAMPLE)
    network = torchvision.models.googlenet(num_classes=4, aux_logits=False, init_weights=False)
    with pytest.raises(
        ValueError, match=r"it calls relu in conv1 \(BasicConv2d\).* and 53 more, and a function cannot"
    ):
        sparsify(network, 2, example=torch.zeros(1, 3, 32, 32))
    assert sparsify(network, 1) == []  # which may be analysed as it is


def test_a_name_that_points_to_a_function_says_so() -> None:
    network = nn.Sequential(Functional(), nn.Conv2d(8, 8, 1), nn.ReLU())
    with pytest.raises(ValueError, match=r"no activation is called '0'; the nearest are 2; it calls relu in 0"):
        sparsify(network, 2, where="0", example=EXAMPLE)
    assert not competitions(network)


def test_functions_among_what_is_meant_are_told() -> None:
    network = nn.Sequential(Functional(), nn.Conv2d(8, 8, 1), nn.ReLU())
    with pytest.warns(
        UserWarning, match=r"calls activations as functions, which stay as they are: relu in 0 \(Functional"
    ):
        sparsify(network, 2, example=EXAMPLE)
    again = nn.Sequential(Functional(), nn.Conv2d(8, 8, 1), nn.ReLU())
    assert [one.name for one in sparsify(again, 2, where="2", example=EXAMPLE)] == ["2"]  # without a warning


def test_activations_are_known_by_their_class_and_have_no_parameters() -> None:
    class QuickGELU(nn.Module):
        """As open_clip has one of its own."""

    class Special(nn.GELU):
        """A kind of GELU."""

    assert all(is_activation(one) for one in (QuickGELU(), Special(), nn.ReLU6(), timm.layers.GELUTanh()))
    assert not any(is_activation(one) for one in (nn.PReLU(), nn.Sigmoid(), nn.Identity(), nn.Tanh()))


def test_gates_are_left_alone_unless_they_are_named() -> None:
    def replaced(where: str | list[str]) -> set[str]:
        network = timm.create_model("seresnet18", num_classes=5)
        return {one.name for one in sparsify(network, 2, where, example=torch.zeros(1, 3, 32, 32))}

    assert len(replaced("*")) == 17
    assert "layer1.0.se.act" not in replaced("layer1.*")
    assert replaced("layer1.*.se.*") == {"layer1.0.se.act", "layer1.1.se.act"}
    assert len(replaced(["*", "*.se.act"])) == 25


def test_a_network_with_activations_in_gates_alone_is_refused() -> None:
    gate = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(3, 8, 1), nn.ReLU(), nn.Conv2d(8, 3, 1), nn.Sigmoid())
    with pytest.raises(ValueError, match=r"all activation modules of Sequential stand in gates \(0\.2\)"):
        sparsify(nn.Sequential(gate), 2, example=EXAMPLE)
    assert sparsify(nn.Sequential(gate), 1, example=EXAMPLE) == []


def test_a_gate_is_a_sigmoid_and_one_position() -> None:
    network = torchvision.models.mobilenet_v3_small(num_classes=4)
    assert in_gate(network, "features.1.block.1.activation", (1, 8, 1, 1))
    assert not in_gate(network, "classifier.1", (1, 1024))
    gated = nn.Sequential(nn.Conv2d(3, 8, 1), nn.SiLU(), nn.Conv2d(8, 8, 1), nn.Sigmoid())
    assert not in_gate(gated, "1", (1, 8, 8, 8))


def test_an_activation_that_does_not_run_is_named_and_can_be_left_out() -> None:
    network = nn.Sequential(nn.Conv2d(3, 8, 1), nn.ReLU())
    network.spare = nn.ReLU()
    network.forward = lambda x: network[1](network[0](x))  # type: ignore[method-assign]
    with pytest.raises(ValueError, match=r"spare did not run on an example of shape \(1, 3, 8, 8\)"):
        sparsify(network, 2, example=EXAMPLE)
    assert [one.name for one in sparsify(network, {"*": 2, "spare": 1}, example=EXAMPLE)] == ["1"]


def test_the_example_has_the_size_that_is_known() -> None:
    network = timm.create_model("deit_tiny_patch16_224", depth=1, img_size=64)
    assert example_image(network).shape == (1, 3, 64, 64)
    assert example_image(network, size=32, channels=1).shape == (1, 1, 32, 32)
    assert example_image(timm.create_model("test_resnet")).shape == (1, 3, 160, 160)
    assert example_image(nn.Linear(2, 2).double(), size=(4, 6)).dtype == torch.float64
    with pytest.raises(ValueError, match="Sequential does not say its input size"):
        sparsify(nn.Sequential(nn.Linear(2, 2), nn.ReLU()), 2)
    with pytest.raises(ValueError, match="Linear does not say its input size"):
        example_image(nn.Linear(2, 2))
