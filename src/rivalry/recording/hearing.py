"""What layers give for a single picture, to be known before a pass: whether they fit, and how wide they are."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from rivalry.lwta.layer import drawing_aside
from rivalry.recording.taps import Taps, resolve_taps
from rivalry.recording.undisturbed import undisturbed


def hear_once(
    network: nn.Module, layers: Sequence[str], image: UInt8[Tensor, "3 height width"]
) -> dict[str, Float[Tensor, "batch ..."]]:
    """What layers give for one picture, to be known before a pass.

    Args:
        network: Left as it is.
        layers: Dotted names or globs.
        image: Shown as it is, in [0, 1]: only shapes are of interest.

    Raises:
        ValueError: For a layer that is not there, or a network that cannot take the picture.
    """
    tensor = next(network.parameters(), torch.zeros(()))
    with undisturbed(network), drawing_aside(network), Taps(network, resolve_taps(network, layers)) as taps:
        try:
            network(image[None].to(tensor.device, tensor.dtype) / 255)
        except (AssertionError, RuntimeError) as error:
            size = f"{image.shape[1]} × {image.shape[2]} pixels"
            raise ValueError(f"{type(network).__name__} cannot take pictures of {size}: {error}") from error
        return taps.take()[0]
