"""One activation module for every call: what runs several times in a forward pass is given a member for each time.

The blocks of torchvision's ResNets own one ReLU and call it after every convolution, of 64 units and of 256 alike. As
one layer it could be neither counted nor tapped. So its place is taken by a list whose first member answers the first
call of a pass, and so on: ``layer1.0.relu`` becomes ``layer1.0.relu.0``, ``layer1.0.relu.1`` … Activations have no
parameters, so nothing else changes.
"""

from __future__ import annotations

import copy

from jaxtyping import Float
from torch import Tensor, nn

from rivalry.lwta.activations import is_activation
from rivalry.lwta.survey import Survey, survey


class InTurn(nn.ModuleList):
    """Modules that answer the calls of a forward pass in turn.

    Args:
        modules: One for each call of a pass.

    >>> first, second = nn.ReLU(), nn.Identity()
    >>> module = InTurn([first, second])
    >>> import torch
    >>> [float(module(torch.tensor(-1.0))) for _ in range(4)]
    [0.0, -1.0, 0.0, -1.0]
    """

    def __init__(self, modules: list[nn.Module]) -> None:
        super().__init__(modules)
        self.turn = 0

    def forward(self, activations: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
        """Let the member answer whose turn it is."""
        member = self[self.turn]
        self.turn = (self.turn + 1) % len(self)
        output: Tensor = member(activations)
        return output

    def restart(self, *_: object) -> None:
        """Begin with the first; a hook of the network before every pass, for a pass may have been broken off."""
        self.turn = 0


def separate_calls(network: nn.Module, example: Float[Tensor, "batch ..."]) -> Survey:
    """Give every call of an activation a module of its own, in place; networks that have this already stay as they are.

    Args:
        network: How often its activations are called must not depend on the image.
        example: Images to show.

    Returns:
        What the example did, by the names that the activations have now.
    """
    _give_every_place_its_own(network)
    seen = survey(network, example)
    for name, shapes in list(seen.shapes.items()):
        if len(shapes) == 1:
            continue
        before = network.get_submodule(name)
        turns = InTurn([copy.deepcopy(before) for _ in shapes]).train(before.training)
        network.set_submodule(name, turns, strict=True)
        network.register_forward_pre_hook(turns.restart)
    calls = ((name, shapes, len(shapes) > 1) for name, shapes in seen.shapes.items())
    seen.shapes = {
        f"{name}.{turn}" if several else name: [shape]
        for name, shapes, several in calls
        for turn, shape in enumerate(shapes)
    }
    return seen


def places(network: nn.Module) -> dict[str, str]:
    """Of the members that answer in turn: the dotted name of each, and that of the place which they share."""
    shared = [name for name, module in network.named_modules() if isinstance(module, InTurn)]
    return {f"{name}.{turn}": name for name in shared for turn, _ in network.get_submodule(name).named_children()}


def _give_every_place_its_own(network: nn.Module) -> None:
    """Copy an activation that has several names, unless it has them because the module around it does."""
    owners, taken = set(), set()
    for name, module in list(network.named_modules(remove_duplicate=False)):
        around, _, attribute = name.rpartition(".")
        owner = (id(network.get_submodule(around)), attribute)
        if not is_activation(module) or owner in owners:
            continue
        owners.add(owner)
        if id(module) in taken:
            network.set_submodule(name, copy.deepcopy(module), strict=True)
        taken.add(id(module))
