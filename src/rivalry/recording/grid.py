"""Where on the picture a layer's outputs lie: maps as they are, tokens on their grid, without what stands before them.

A vision transformer's tokens come as [class token, registers …, patches] (timm's order). How many stand before the
patches the network says itself (``num_prefix_tokens``, ``num_reg_tokens``); of others it follows from the number of
tokens and the picture's shape, as long as patches are square.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn


@dataclass(frozen=True)
class Tokens:
    """How the tokens of a layer are laid out.

    Attributes:
        class_token: Whether the first is a class token.
        registers: Tokens after it that stand for no place; also the token of distillation of a distilled DeiT.
        height: Rows of patches.
        width: Columns of patches.
    """

    class_token: bool
    registers: int
    height: int
    width: int

    @property
    def prefix(self) -> int:
        """Tokens before the patches."""
        return int(self.class_token) + self.registers

    @property
    def count(self) -> int:
        """All tokens."""
        return self.prefix + self.height * self.width


def token_layout(network: nn.Module, tokens: int, image_size: tuple[int, int]) -> Tokens:
    """Tell how the tokens of a network's layers are laid out.

    Args:
        network: Any vision transformer.
        tokens: How many tokens a layer gives for a picture.
        image_size: Height and width of the pictures, in pixels.

    Raises:
        ValueError: If the patches fit no grid of the picture's shape.

    >>> token_layout(nn.Identity(), 197, (224, 224))
    Tokens(class_token=True, registers=0, height=14, width=14)
    >>> token_layout(nn.Identity(), 8 * 12, (64, 96))
    Tokens(class_token=False, registers=0, height=8, width=12)
    """
    said = _said_prefix(network)
    prefixes = [said[0] + said[1]] if said else range(tokens)
    found = ((prefix, _grid(tokens - prefix, image_size)) for prefix in prefixes)
    prefix, grid = next(((prefix, grid) for prefix, grid in found if grid), (0, None))
    if grid is None:
        before = f" behind {prefixes[0]} others" if said else ""
        raise ValueError(
            f"{tokens} tokens{before} do not lie on a grid of square patches of {image_size[0]} × {image_size[1]} "
            "pixels; tap a layer that gives all patches, or maps"
        )
    classes, registers = said or (min(prefix, 1), max(prefix - 1, 0))
    return Tokens(bool(classes), registers, *grid)


def feature_map(
    network: nn.Module, output: Float[Tensor, "batch ..."], image_size: tuple[int, int], axis: int
) -> Float[Tensor, "batch channels height width"]:
    """Put a layer's outputs where they belong on the picture.

    Args:
        network: The network that the layer is of.
        output: Maps with their units along axis 1 or 3, or tokens (batch, tokens, channels).
        image_size: Height and width of the pictures, in pixels.
        axis: Of the units (see :func:`rivalry.recording.axes.unit_axes`).

    Raises:
        ValueError: If the layer has no places, or its tokens fit no grid.
    """
    if output.ndim == 4:
        return output.movedim(axis, 1)
    if output.ndim != 3:
        raise ValueError(
            f"wanted maps (batch, units, height, width) or tokens (batch, tokens, units), got shape "
            f"{tuple(output.shape)}: tap a layer that still has places"
        )
    tokens = output.movedim(axis, 2)
    layout = token_layout(network, tokens.shape[1], image_size)
    patches = tokens[:, layout.prefix :].mT
    return patches.reshape(*patches.shape[:2], layout.height, layout.width)


def with_feature_map(
    output: Float[Tensor, "batch ..."], maps: Float[Tensor, "batch channels height width"], axis: int
) -> Float[Tensor, "batch ..."]:
    """Put maps back in place of those that :func:`feature_map` made of a layer's output; tokens before them stay.

    Args:
        output: What the layer gave.
        maps: Of the same number of places and channels.
        axis: Of the units.
    """
    if output.ndim == 4:
        return maps.movedim(1, axis)
    tokens, patches = output.movedim(axis, 2), maps.flatten(2).mT
    return torch.cat([tokens[:, : tokens.shape[1] - patches.shape[1]], patches], 1).movedim(2, axis)


def class_token(
    network: nn.Module, output: Float[Tensor, "batch ..."], image_size: tuple[int, int], axis: int
) -> Float[Tensor, "batch channels 1 1"]:
    """A layer's class token, as a map of a single place.

    Args:
        network: The network that the layer is of.
        output: Tokens.
        image_size: Height and width of the pictures, in pixels.
        axis: Of the units.

    Raises:
        ValueError: If the layer gives no tokens, or there is no class token before its patches.
    """
    shape = tuple(output.shape)
    if output.ndim != 3:
        raise ValueError(f"a class token is wanted, and only tokens (batch, tokens, units) hold one; got shape {shape}")
    tokens = output.movedim(axis, 2)
    if not token_layout(network, tokens.shape[1], image_size).class_token:
        raise ValueError(f"a class token is wanted, and {type(network).__name__} has none: wanted places 'positions'")
    return tokens[:, 0, :, None, None]


def with_class_token(
    output: Float[Tensor, "batch ..."], token: Float[Tensor, "batch channels 1 1"], axis: int
) -> Float[Tensor, "batch ..."]:
    """Put a class token in place of the one of :func:`class_token`; the other tokens stay."""
    return torch.cat([token.flatten(1)[:, None], output.movedim(axis, 2)[:, 1:]], 1).movedim(2, axis)


def _said_prefix(network: nn.Module) -> tuple[int, int] | None:
    """Class tokens, at most one, and further tokens (registers, a token of distillation), as timm's networks say."""
    prefix: Any = getattr(network, "num_prefix_tokens", None)
    registers: Any = getattr(network, "num_reg_tokens", 0)
    if not isinstance(prefix, int):
        return None
    classes = min(prefix - registers, 1)
    return classes, prefix - classes


def _grid(patches: int, image_size: tuple[int, int]) -> tuple[int, int] | None:
    """Rows and columns of square patches that cover a picture, but for a margin narrower than a patch."""
    height, width = image_size
    for side in range(1, min(height, width) + 1):
        if (height // side) * (width // side) == patches:
            return height // side, width // side
    return None
