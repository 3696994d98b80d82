"""Which parts of a network are activations: modules, functions, and those that stand in a gate.

A competition can take the place of an activation that is a *module*: its class bears a known name (torch's, timm's,
open_clip's and anybody's ``QuickGELU`` alike), and it has no parameters, for a competition has none. An activation that
is *called as a function* cannot be replaced. Sigmoids are gates and no activations: their output multiplies something.
An activation that stands beside a sigmoid and sees one position an image, as in squeeze-and-excitation (Hu, Shen & Sun
2018), belongs to that gate: it weighs channels and holds no units of the image.
"""

from __future__ import annotations

from torch import nn

from rivalry.lwta.layer import LWTA

ACTIVATIONS = frozenset((
    "ReLU", "ReLU6", "LeakyReLU", "RReLU", "ELU", "CELU", "SELU", "GELU", "GELUTanh", "QuickGELU", "SiLU", "Swish",
    "SwishMe", "Mish", "MishMe", "Hardswish", "HardSwish", "HardSwishMe", "HardMish", "HardMishMe", "Softplus",
))  # fmt: skip
"""Names of classes that count as an activation, and that a competition may replace."""

FUNCTIONS = frozenset((
    "relu", "relu6", "leaky_relu", "rrelu", "prelu", "elu", "celu", "selu", "gelu", "silu", "mish", "hardswish",
    "softplus",
))  # fmt: skip
"""Names of torch's functions that count as an activation; with an underscore at the end they work in place."""

_SIGMOIDS = frozenset(["Sigmoid", "Hardsigmoid", "HardSigmoid", "HardSigmoidMe"])


def is_activation(module: nn.Module) -> bool:
    """Whether a competition may take the module's place; a competition itself counts too.

    >>> is_activation(nn.ReLU()), is_activation(nn.PReLU()), is_activation(nn.Sigmoid())
    (True, False, False)
    """
    if isinstance(module, LWTA):
        return True
    return bool(_class_names(module) & ACTIVATIONS) and next(module.parameters(), None) is None


def activation_names(network: nn.Module) -> list[str]:
    """Dotted names of all activation modules, competitions included."""
    return [name for name, module in network.named_modules() if is_activation(module)]


def in_gate(network: nn.Module, name: str, shape: tuple[int, ...]) -> bool:
    """Whether an activation belongs to a gate: it stands beside a sigmoid and sees one position an image.

    Args:
        network: The network.
        name: Dotted name of the activation.
        shape: Of its output, batch first.

    >>> gate = nn.Sequential(nn.Conv2d(8, 2, 1), nn.ReLU(), nn.Conv2d(2, 8, 1), nn.Sigmoid())
    >>> in_gate(gate, "1", (1, 2, 1, 1)), in_gate(gate, "1", (1, 2, 7, 7))
    (True, False)
    """
    beside = network.get_submodule(name.rpartition(".")[0]).children()
    one_position = len(shape) == 2 or shape[2:] == (1, 1)
    return one_position and any(_class_names(module) & _SIGMOIDS for module in beside)


def _class_names(module: nn.Module) -> set[str]:
    return {kind.__name__ for kind in type(module).__mro__}
