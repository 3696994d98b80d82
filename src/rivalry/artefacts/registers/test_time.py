"""Registers without training: what makes the outliers writes into a token of its own, not into patches.

    u[register] = the value of largest size that u has at any patch, with its sign;      u[patch] = 0

Jiang et al., "Vision Transformers Don't Need Trained Registers" (NeurIPS 2025). A token of zeros is appended to the
patches before the first block and taken away behind the last. In between it takes part in everything. Nothing is
learnt, and no weight is changed: it is also a control that outliers are the doing of these units.

Of an MLP whose units compete (LWTA) the winners stay winners: a unit is moved behind its competition, so none of its
rivals comes up in its place at the patches, and at the appended token its rivals are silent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from rivalry.artefacts.registers.blocks import find_blocks
from rivalry.artefacts.registers.walk import mlp_output
from rivalry.lwta.layer import LWTA
from rivalry.numerics.nearest import nearest
from rivalry.recording.grid import token_layout


@contextmanager
def with_test_time_registers(
    network: nn.Module, units: Mapping[str, Sequence[int]], *, layers: Sequence[str] | None = None
) -> Iterator[nn.Module]:
    """Let a network run with an appended register into which units are moved, while the context is open.

    ::

        units = find_register_units(network, inputs)            # or {"blocks.5": [17, 301]}
        with with_test_time_registers(network, units_by_layer(units)):
            logits = network(inputs)

    Args:
        network: A vision transformer; its weights stay as they are, and its hooks go with the context.
        units: Of the blocks' MLPs, by dotted name of the block.
        layers: All its blocks in their order, where they are not kept as timm, torchvision or open_clip do.

    Raises:
        ValueError: For a block that is none of the network's, one without an MLP, or a unit that it has not got.
    """
    blocks = tuple(layers) if layers is not None else find_blocks(network)
    _check_units(network, blocks, units)
    before = _Prefix(network)
    with ExitStack() as stack:
        stack.callback(network.register_forward_pre_hook(before.see_images).remove)
        stack.callback(network.get_submodule(blocks[0]).register_forward_pre_hook(before.append, prepend=True).remove)
        for layer, moved in units.items():
            block = network.get_submodule(layer)
            hook = _mover(before, sorted(moved), _competitors(block))
            stack.callback(_last_linear(block).register_forward_pre_hook(hook, prepend=True).remove)
        stack.callback(network.get_submodule(blocks[-1]).register_forward_hook(_drop).remove)
        yield network


def move_units(
    activations: Float[Tensor, "batch tokens units"], units: Sequence[int], prefix: int, competitors: int = 1
) -> Float[Tensor, "batch tokens units"]:
    """Move units from the patches to the last token.

    Args:
        activations: Of an MLP's units behind their activation; the last token is the appended one.
        units: Which are moved.
        prefix: Tokens before the patches, which keep their activations.
        competitors: Units in a block of those that compete; 1 where none do.

    >>> move_units(torch.tensor([[[2.0, 1.0], [-3.0, 1.0], [0.0, 1.0]]]), [0], prefix=0).tolist()
    [[[0.0, 1.0], [0.0, 1.0], [-3.0, 1.0]]]
    """
    moved = activations.clone()
    chosen = torch.as_tensor(list(units), device=activations.device)
    patches = activations[:, prefix:-1, chosen]
    furthest = patches.abs().argmax(1, keepdim=True)
    moved[:, prefix:-1, chosen] = 0
    moved[:, -1, chosen] = patches.gather(1, furthest)[:, 0]
    if competitors > 1:
        moved[:, -1] = _only_the_moved_win(moved[:, -1], chosen, competitors)
    return moved


def _only_the_moved_win(
    register: Float[Tensor, "batch units"], chosen: Tensor, competitors: int
) -> Float[Tensor, "batch units"]:
    """Let the largest moved unit of each block win at the appended token, and silence its rivals."""
    is_moved = torch.zeros(register.shape[1], dtype=torch.bool, device=register.device)
    is_moved[chosen] = True
    blocks, moved = register.reshape(len(register), -1, competitors), is_moved.reshape(-1, competitors)
    winner = torch.where(moved, blocks.abs(), -1.0).argmax(2, keepdim=True)
    alone = torch.zeros_like(blocks).scatter_(2, winner, blocks.gather(2, winner))
    return torch.where(moved.any(1)[:, None], alone, blocks).flatten(1)


class _Prefix:
    """Appends the token, and knows how many stand before the patches."""

    def __init__(self, network: nn.Module) -> None:
        self._network = network
        self._size = (0, 0)
        self.tokens = 0

    def see_images(self, _network: nn.Module, inputs: tuple[Any, ...]) -> None:
        self._size = (inputs[0].shape[2], inputs[0].shape[3])

    def append(self, _block: nn.Module, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        tokens: Tensor = inputs[0]
        self.tokens = token_layout(self._network, tokens.shape[1], self._size).prefix
        return (torch.cat([tokens, torch.zeros_like(tokens[:, :1])], dim=1), *inputs[1:])


def _mover(before: _Prefix, units: Sequence[int], competitors: int) -> Any:
    def hook(_linear: nn.Module, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        return (move_units(inputs[0], units, before.tokens, competitors), *inputs[1:])

    return hook


def _drop(_block: nn.Module, _inputs: object, output: Tensor) -> Tensor:
    return output[:, :-1]


def _competitors(block: nn.Module) -> int:
    mlp = dict(block.named_children())["mlp"]
    return next((module.competitors for module in mlp.modules() if isinstance(module, LWTA)), 1)


def _last_linear(block: nn.Module) -> nn.Linear:
    linear = mlp_output(block)
    if linear is None:
        raise ValueError(f"{type(block).__name__} has no MLP called mlp whose units could be moved")
    return linear


def _check_units(network: nn.Module, blocks: Sequence[str], units: Mapping[str, Sequence[int]]) -> None:
    for layer, moved in units.items():
        if layer not in blocks:
            raise ValueError(f"{layer!r} is no block of the network; the nearest are {nearest(layer, blocks)}")
        width = _last_linear(network.get_submodule(layer)).in_features
        wrong = [unit for unit in moved if not 0 <= unit < width]
        if wrong or not len(moved):
            raise ValueError(f"{layer} has units 0 to {width - 1}, of which one or more are moved; given {list(moved)}")
