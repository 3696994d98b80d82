"""The blocks of a vision transformer, whose raw outputs are heard, and how their tokens lie.

Only raw outputs show norms: the LayerNorm at the end gives all tokens about the same length.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor, nn

from rivalry.data.dataset import ImageDataset
from rivalry.numerics.nearest import nearest
from rivalry.recording.grid import Tokens, token_layout
from rivalry.recording.taps import resolve_taps
from rivalry.recording.undisturbed import undisturbed

PLACES = ("blocks", "encoder.layers", "transformer.resblocks", "trunk.blocks")
"""Where timm, torchvision and open_clip (its own towers and timm's) keep the blocks of a vision transformer."""


def find_blocks(network: nn.Module) -> tuple[str, ...]:
    """The blocks of a network by dotted name, in their order.

    Raises:
        ValueError: If it has none where a vision transformer has them.

    >>> import timm
    >>> find_blocks(timm.create_model("vit_tiny_patch16_224", depth=2))
    ('blocks.0', 'blocks.1')
    """
    if found := _known_blocks(network):
        return found
    known = nearest("blocks", [name for name, _ in network.named_children()])
    raise ValueError(
        f"registers are tokens of a vision transformer, and {type(network).__name__} has no blocks of one where they "
        f"are known to be ({', '.join(PLACES)}); if it is one, name the layers that give tokens, as in "
        f"layers: [stages.0, stages.1]; its parts are {known}"
    )


def settle_layout(network: nn.Module, layers: Sequence[str], dataset: ImageDataset) -> Tokens:
    """Tell how the tokens of layers lie, from one picture that passes without a trace.

    Raises:
        ValueError: If the picture does not fit the network, or a layer gives no tokens, or others than the rest.
    """
    image = dataset[0]["image"]
    height, width = image.shape[-2:]
    shapes = _shapes(network, layers, image)
    for layer, shape in shapes.items():
        if len(shape) != 3 or shape[0] != 1:
            kind = "maps, as a CNN's layers do" if len(shape) == 4 else "no tokens"
            raise ValueError(
                f"registers are tokens of a vision transformer, and {layer} gives {kind}: shape {shape}; wanted "
                "(batch, tokens, channels), as its blocks give"
            )
    layouts = {layer: token_layout(network, shape[1], (height, width)) for layer, shape in shapes.items()}
    first = layouts[layers[0]]
    for layer, layout in layouts.items():
        if layout != first:
            raise ValueError(
                f"layers must have the same tokens to be compared: {layers[0]} has {first.count} and {layer} "
                f"{layout.count}; name those that agree in layers"
            )
    return first


def blocks_before(network: nn.Module, layer: str) -> tuple[str, ...]:
    """The blocks before one of them; none where the layer is no block, as what comes before such a layer is not known.

    >>> import timm
    >>> blocks_before(timm.create_model("vit_tiny_patch16_224", depth=3), "blocks.2")
    ('blocks.0', 'blocks.1')
    """
    blocks = _known_blocks(network)
    return blocks[: blocks.index(layer)] if layer in blocks else ()


def resolve_blocks(network: nn.Module, layers: Sequence[str] | None) -> tuple[str, ...]:
    """The layers that the user named, or all blocks."""
    return find_blocks(network) if layers is None else resolve_taps(network, layers)


def _known_blocks(network: nn.Module) -> tuple[str, ...]:
    """The blocks where they are known to be; none elsewhere."""
    for name, module in network.named_modules():
        if name in PLACES or name.endswith(tuple(f".{place}" for place in PLACES[2:])):
            return tuple(f"{name}.{child}" for child, _ in module.named_children())
    return ()


def _shapes(network: nn.Module, layers: Sequence[str], image: Tensor) -> dict[str, tuple[int, ...]]:
    """Shapes of what layers give for a picture."""
    shapes: dict[str, tuple[int, ...]] = {}

    def note(layer: str, _module: nn.Module, _inputs: object, output: object) -> None:
        shapes[layer] = tuple(output.shape) if isinstance(output, Tensor) else ()

    handles = [network.get_submodule(layer).register_forward_hook(partial(note, layer)) for layer in layers]
    weight = next(network.parameters())
    try:
        with undisturbed(network):
            network(image[None].to(weight.device, torch.float32).to(weight.dtype) / 255)
    except (AssertionError, RuntimeError) as error:  # what timm and torch say of pictures of another size
        size = "×".join(map(str, image.shape[-2:]))
        raise ValueError(
            f"{type(network).__name__} does not take the probe set's pictures, of {size} px: {error}"
        ) from error
    finally:
        for handle in handles:
            handle.remove()
    return {layer: shapes.get(layer, ()) for layer in layers}
