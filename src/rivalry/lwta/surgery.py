"""Surgery: replace a network's activations, named by dotted name or glob, with competitions.

Where DISCOVER (Panousis & Chatzis, NeurIPS 2023) puts them: in a ResNet every ReLU (stem, inside blocks, after the
residual sum), in a ViT the GELU of the MLPs. That is every activation module that these networks have, so ``"*"``
is the default. Gates, which these networks do not have, are left alone unless they are named. Width and parameters stay
as they are: weights trained with ReLU load into the result.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from jaxtyping import Float
from torch import Tensor, nn

from rivalry.lwta.activations import activation_names, in_gate
from rivalry.lwta.axes import find_unit_axis
from rivalry.lwta.layer import LWTA
from rivalry.lwta.survey import FunctionCall, Survey, example_image, survey
from rivalry.lwta.turns import places, separate_calls
from rivalry.numerics.nearest import nearest


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

    The network sees one example, to learn how many units each activation has, along which axis they lie, and whether it
    runs once; one that runs more often is given a module for every call, also in a dense twin (see
    :mod:`rivalry.lwta.turns`). Everything is checked before anything is replaced.

    Args:
        network: Any network whose activations are modules.
        competitors: Units in a block, U; or a mapping from globs to U, where the last glob that matches decides.
            U = 1 leaves the ordinary activation.
        where: Dotted names or globs of the activations to replace; ``"*"`` also matches dots. Activations inside gates
            (see :mod:`rivalry.lwta.activations`) are meant only by globs that match nothing else.
        example: Images to show; by default one blank image of the size in timm's ``pretrained_cfg``.

    Returns:
        What was replaced, in the network's order. Empty for U = 1.

    Raises:
        ValueError: If a name matches no activation module, one does not run, the units of one do not divide into
            blocks, or it cannot be told along which axis they lie.

    Warns:
        UserWarning: If ``where`` also covers activations that are called as functions, and so stay.

    >>> import torch
    >>> network = nn.Sequential(nn.Conv2d(3, 8, 1), nn.ReLU())
    >>> sparsify(network, competitors=4, example=torch.zeros(1, 3, 2, 2))
    [Replacement(name='1', before='ReLU', units=8, competitors=4)]
    """
    patterns = [where] if isinstance(where, str) else list(where)
    sizes = {"*": competitors} if isinstance(competitors, int) else competitors
    if not activation_names(network):
        return _nothing_to_replace(network, sizes, example)
    example = example_image(network) if example is None else example
    seen = separate_calls(network, example)
    shapes = {name: calls[0] for name, calls in seen.shapes.items()}
    blocks = _blocks(network, patterns, sizes, seen)
    if not blocks:
        return []
    dims, units = _find_units(network, blocks, shapes, example)
    _refuse_uneven(blocks, units)
    _warn_of_functions(network, patterns, seen.functions)
    return [_replace(network, name, size, dims[name], units[name]) for name, size in blocks.items()]


def _replace(network: nn.Module, name: str, competitors: int, dim: int, units: int) -> Replacement:
    before = network.get_submodule(name)
    network.set_submodule(name, LWTA(competitors, dim=dim).train(before.training), strict=True)
    return Replacement(name, type(before).__name__, units, competitors)


def _blocks(network: nn.Module, patterns: Sequence[str], sizes: Mapping[str, int], seen: Survey) -> dict[str, int]:
    """Competitors in a block of every activation that is to compete, in the network's order."""
    known, shared = activation_names(network), places(network)
    gates = {name for name in known if name in seen.shapes and in_gate(network, name, seen.shapes[name][0])}
    if gates == set(known) and _some_compete(sizes):
        raise ValueError(
            f"all activation modules of {type(network).__name__} stand in gates ({_some(known)})"
            + _beside(seen.functions)
        )
    chosen: set[str] = set()
    for pattern in patterns:
        matches = {name for name in known if _means(pattern, (name, shared.get(name, name)))}
        if not matches:
            raise ValueError(_unknown(pattern, known, seen.functions))
        chosen |= matches - gates or matches
    blocks = {name: _competitors_at((name, shared.get(name, name)), sizes) for name in known if name in chosen}
    return {name: size for name, size in blocks.items() if size > 1}


def _competitors_at(names: tuple[str, str], sizes: Mapping[str, int]) -> int:
    matching = [size for pattern, size in sizes.items() if _means(pattern, names)]
    size = matching[-1] if matching else 1
    if size < 1:
        raise ValueError(f"{names[0]}: a block needs at least 1 unit, got competitors={size}")
    return size


def _some_compete(sizes: Mapping[str, int]) -> bool:
    """Whether this is no dense twin."""
    return any(size != 1 for size in sizes.values())


def _means(pattern: str, names: tuple[str, str]) -> bool:
    """Whether a glob means an activation, by its own name or by that of the place where it takes turns."""
    return any(fnmatchcase(name, pattern) for name in names)


def _find_units(
    network: nn.Module, names: Iterable[str], shapes: Mapping[str, tuple[int, ...]], example: Tensor
) -> tuple[dict[str, int], dict[str, int]]:
    """Along which ``dim`` of a competition the units of each layer lie, and how many they are."""
    silent = [name for name in names if name not in shapes]
    if silent:
        raise ValueError(f"{_some(silent)} did not run on an example of shape {tuple(example.shape)}")
    square = example.shape[-1] == example.shape[-2]
    axes = {name: find_unit_axis(network, name, shapes[name], square=square) for name in names}
    dims = {name: 1 if len(shapes[name]) == 4 and axis == 1 else -1 for name, axis in axes.items()}
    return dims, {name: shapes[name][axis] for name, axis in axes.items()}


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


def _warn_of_functions(network: nn.Module, patterns: Sequence[str], functions: Sequence[FunctionCall]) -> None:
    covered = [call for call in functions if any(fnmatchcase(f"{call.name}.{call.function}", p) for p in patterns)]
    if covered:
        message = f"{type(network).__name__} calls activations as functions, which stay as they are: {_some(covered)}"
        warnings.warn(message, stacklevel=3)


def _nothing_to_replace(network: nn.Module, sizes: Mapping[str, int], example: Tensor | None) -> list[Replacement]:
    """Refuse a network without activation modules, unless nothing is to compete."""
    if not _some_compete(sizes):
        return []
    known = example is not None or "input_size" in (getattr(network, "pretrained_cfg", None) or {})
    functions = survey(network, example_image(network) if example is None else example).functions if known else []
    said = f"{type(network).__name__} has no activation modules"
    raise ValueError(said + (_beside(functions) or "; one that is called as a function cannot be replaced"))


def _beside(functions: Sequence[FunctionCall]) -> str:
    called = f"; it calls {_some(functions)}" if functions else ""
    return called and f"{called}, and a function cannot be replaced: make it a module"


def _unknown(pattern: str, known: Sequence[str], functions: Sequence[FunctionCall]) -> str:
    said = f"no activation is called {pattern!r}; the nearest are {nearest(pattern, known)}"
    called = [call for call in functions if fnmatchcase(call.name, pattern) or call.name.startswith(f"{pattern}.")]
    return said + _beside(called)


def _some(things: Sequence[object]) -> str:
    more = f" and {len(things) - 4} more" if len(things) > 4 else ""
    return ", ".join(map(str, things[:4])) + more
