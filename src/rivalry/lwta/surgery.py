"""Surgery: replace a network's activations, named by dotted name or glob, with competitions.

Where DISCOVER (Panousis & Chatzis, NeurIPS 2023) puts them: in a ResNet every ReLU (stem, inside blocks, after the
residual sum), in a ViT the GELU of the MLPs. That is every activation module that these networks have, so ``"*"``
is the default. Width and parameters stay as they are: weights trained with ReLU load into the result.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase

import torch
from jaxtyping import Float
from timm.layers import activations as timm_activations
from torch import Tensor, nn

from rivalry.lwta.axes import find_unit_axis
from rivalry.lwta.layer import LWTA

ACTIVATIONS: tuple[type[nn.Module], ...] = (
    nn.ReLU,
    nn.ReLU6,
    nn.LeakyReLU,
    nn.ELU,
    nn.SELU,
    nn.GELU,
    nn.SiLU,
    nn.Mish,
    nn.Hardswish,
    nn.Softplus,
    timm_activations.GELU,
    timm_activations.GELUTanh,
    timm_activations.QuickGELU,
    timm_activations.Swish,
    timm_activations.Mish,
    timm_activations.HardSwish,
)
"""Modules that count as an activation, and that a competition may replace."""


@dataclass(frozen=True)
class Replacement:
    """One activation that now competes.

    Attributes:
        name: Dotted name of the module.
        before: Class of the activation that stood there.
        units: Channels or features at this place.
        competitors: Units in a block.
    """

    name: str
    before: str
    units: int
    competitors: int


def sparsify(
    network: nn.Module,
    competitors: int | Mapping[str, int],
    where: str | Sequence[str] = "*",
    *,
    example: Float[Tensor, "batch channels height width"] | None = None,
) -> list[Replacement]:
    """Replace activations by competitions, in place.

    The network sees one example, to learn how many units each activation has and along which axis they lie. It is
    checked whole before anything is replaced.

    Args:
        network: Any network whose activations are modules.
        competitors: Units in a block, U; or a mapping from globs to U, where the last glob that matches decides.
            U = 1 leaves the ordinary activation.
        where: Dotted names or globs of the activations to replace; ``"*"`` also matches dots.
        example: Images to show; by default one blank image of the size in timm's ``pretrained_cfg``.

    Returns:
        What was replaced, in the network's order. Empty for U = 1.

    Raises:
        ValueError: If a name matches no activation, the units of one do not divide into blocks, or it cannot be told
            along which axis they lie.

    >>> network = nn.Sequential(nn.Conv2d(3, 8, 1), nn.ReLU())
    >>> sparsify(network, competitors=4, example=torch.zeros(1, 3, 2, 2))
    [Replacement(name='1', before='ReLU', units=8, competitors=4)]
    """
    names = _select(network, [where] if isinstance(where, str) else where)
    blocks = {name: _competitors_at(name, competitors) for name in names}
    blocks = {name: size for name, size in blocks.items() if size > 1}
    if not blocks:
        return []
    example = _example_image(network) if example is None else example
    shapes = _shapes(network, list(blocks), example)
    square = example.shape[-1] == example.shape[-2]
    axes = {name: find_unit_axis(network, name, shape, square=square) for name, shape in shapes.items()}
    units = {name: shapes[name][axes[name]] for name in blocks}
    _refuse_uneven(blocks, units)
    replaced = []
    for name, size in blocks.items():
        before = network.get_submodule(name)
        dim = 1 if len(shapes[name]) == 4 and axes[name] == 1 else -1
        network.set_submodule(name, LWTA(size, dim=dim).train(before.training), strict=True)
        replaced.append(Replacement(name, type(before).__name__, units[name], size))
    return replaced


def activation_names(network: nn.Module) -> list[str]:
    """Dotted names of all activation modules, competitions included."""
    return [name for name, module in network.named_modules() if isinstance(module, (*ACTIVATIONS, LWTA))]


def _select(network: nn.Module, patterns: Sequence[str]) -> list[str]:
    known = activation_names(network)
    if not known:
        raise ValueError(
            f"{type(network).__name__} has no activation modules; one that is called as a function cannot be replaced"
        )
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in known):
            close = difflib.get_close_matches(pattern, known, n=3, cutoff=0.3) or known[:3]
            raise ValueError(f"no activation is called {pattern!r}; the nearest are {', '.join(close)}")
    return [name for name in known if any(fnmatchcase(name, pattern) for pattern in patterns)]


def _competitors_at(name: str, competitors: int | Mapping[str, int]) -> int:
    sizes = {"*": competitors} if isinstance(competitors, int) else competitors
    matching = [size for pattern, size in sizes.items() if fnmatchcase(name, pattern)]
    size = matching[-1] if matching else 1
    if size < 1:
        raise ValueError(f"{name}: a block needs at least 1 unit, got competitors={size}")
    return size


def _example_image(network: nn.Module) -> Tensor:
    configuration = getattr(network, "pretrained_cfg", None) or {}
    if "input_size" not in configuration:
        raise ValueError(f"{type(network).__name__} does not say its input size; pass sparsify(…, example=images)")
    weight = next(network.parameters())
    size = list(configuration["input_size"])
    size[0] = getattr(network, "in_chans", size[0])
    image_size = getattr(getattr(network, "patch_embed", None), "img_size", None)
    if image_size is not None:
        size[1:] = list(image_size)
    return torch.zeros(1, *size, device=weight.device, dtype=weight.dtype)


def _shapes(network: nn.Module, names: Sequence[str], example: Tensor) -> dict[str, tuple[int, ...]]:
    """The shape of each named module's output for the example."""
    shapes: dict[str, tuple[int, ...]] = {}

    def note(name: str) -> object:
        def hook(_module: nn.Module, _inputs: object, output: Tensor) -> None:
            shapes[name] = tuple(output.shape)

        return network.get_submodule(name).register_forward_hook(hook)

    hooks = [note(name) for name in names]
    try:
        with _still(network), torch.no_grad():
            network(example)
    finally:
        for hook in hooks:
            hook.remove()  # type: ignore[attr-defined]
    silent = [name for name in names if name not in shapes]
    if silent:
        raise ValueError(f"{', '.join(silent)} did not run on an example of shape {tuple(example.shape)}")
    return shapes


@contextmanager
def _still(network: nn.Module) -> Iterator[None]:
    """Evaluation mode for a while; every module gets back the mode that it had."""
    modes = [(module, module.training) for module in network.modules()]
    try:
        network.eval()
        yield
    finally:
        for module, training in modes:
            module.training = training


def _refuse_uneven(blocks: Mapping[str, int], units: Mapping[str, int]) -> None:
    uneven = [name for name, size in blocks.items() if units[name] % size]
    if not uneven:
        return
    shared = [u for u in range(2, 65) if all(width % u == 0 for width in units.values())]
    places = ", ".join(f"{name} ({units[name]} units, U = {blocks[name]})" for name in uneven)
    raise ValueError(
        f"units do not divide into blocks at {places}; "
        f"numbers of competitors that fit every place: {', '.join(map(str, shared)) or 'none'}"
    )
