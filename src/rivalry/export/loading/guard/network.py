"""What ``config.json`` may ask for, and whether the weights are of the network that it asks for.

The network is first built without memory (on torch's device ``meta``), where one of a terabyte costs what one of a
megabyte does, and its shapes are compared with those that the weight file claims. What a network lays out for itself,
and no file holds, is bounded, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch

from rivalry.export.folder import Configuration
from rivalry.export.folder.plain import items, number, text, whole
from rivalry.export.loading.guard.tensors import Claim
from rivalry.lwta.arguments import LARGEST_SIDE, check_arguments, check_base
from rivalry.lwta.networks import create_base

MOST_UNSTORED = 4 * 2**30
"""Bytes that a network may lay out for itself beside its weights: indexes of positions, masks of windows."""

_REFUSALS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    MemoryError,
    NameError,
    RuntimeError,
    TypeError,
    ValueError,
)
_PLACE = "config.json: model_args"
_COMPETITION = {"base", "competitors", "where", "evaluation_mode", "sharpness", "input_size"}


def check_network(config: Configuration, claims: Mapping[str, Claim]) -> None:
    """Refuse a network that is not installed, that is shaped beyond measure, or whose weights are another's.

    Raises:
        ValueError: Naming what will not do.
    """
    if (side := config.dissection.images.square.side) > LARGEST_SIDE:
        raise ValueError(f"config.json: pictures of {side:,} pixels a side; at most {LARGEST_SIDE:,} are taken")
    base, shaping = config.architecture, dict(config.model_args)
    if config.architecture == "lwta":
        _check_competition(shaping)
        base = shaping["base"]
        shaping = {name: value for name, value in shaping.items() if name not in _COMPETITION}
    if (classes := shaping.pop("num_classes", config.num_classes)) != config.num_classes:
        raise ValueError(f"{_PLACE}: num_classes is {classes!r}, and {config.num_classes} classes have names")
    if (channels := shaping.get("in_chans", 3)) != 3:
        raise ValueError(f"{_PLACE}: in_chans is {channels!r}, and pictures have three channels")
    check_base(base)
    check_arguments(shaping)
    _check_shapes(_shapes_of(base, config.num_classes, shaping), claims)


@contextmanager
def in_one_line(said: str) -> Iterator[None]:
    """Say what a network's own code has against a description in one line, whatever it raises.

    Args:
        said: What comes before it.

    Raises:
        ValueError: In place of the error.
    """
    try:
        yield
    except _REFUSALS as error:
        raise ValueError(f"{said}: {str(error).partition(chr(10))[0] or type(error).__name__}") from error


def _check_competition(arguments: Mapping[str, Any]) -> None:
    """Refuse other values than those that the builder of competing networks knows."""
    text(arguments.get("base"), f"{_PLACE}.base")
    match arguments.get("competitors"):
        case dict() as sizes:
            for place, size in sizes.items():
                whole(size, f"{_PLACE}.competitors[{place!r}]", least=1)
        case size:
            whole(size, f"{_PLACE}.competitors", least=1)
    match arguments.get("where", "*"):
        case str():
            pass
        case names:
            for name in items(names, f"{_PLACE}.where"):
                text(name, f"{_PLACE}.where")
    if (mode := arguments.get("evaluation_mode", "argmax")) != "argmax":
        raise ValueError(f"{_PLACE}.evaluation_mode is 'argmax'; given {mode!r}")
    if "sharpness" in arguments:
        number(arguments["sharpness"], f"{_PLACE}.sharpness", above=0)
    if arguments.get("input_size") is not None:
        side = whole(arguments["input_size"], f"{_PLACE}.input_size", least=1)
        if side > LARGEST_SIDE:
            raise ValueError(f"{_PLACE}.input_size is {side:,}; at most {LARGEST_SIDE:,} is taken")


def _shapes_of(base: str, num_classes: int, shaping: Mapping[str, Any]) -> dict[str, Claim]:
    cannot = f"config.json: {base} cannot be built with {dict(shaping)}"
    with in_one_line(cannot), torch.device("meta"), torch.random.fork_rng(devices=[]):
        network = create_base(base, num_classes=num_classes, **shaping)
    stored = network.state_dict()
    unstored = sum(buffer.nbytes for name, buffer in network.named_buffers() if name not in stored)
    if unstored > MOST_UNSTORED:
        raise ValueError(
            f"config.json: {base} with {dict(shaping)} lays out {unstored:,} bytes beside its weights; at most "
            f"{MOST_UNSTORED:,} are taken"
        )
    return {name: Claim(tensor.dtype, tuple(tensor.shape)) for name, tensor in stored.items()}


def _check_shapes(wanted: Mapping[str, Claim], claims: Mapping[str, Claim]) -> None:
    missing = [name for name in wanted if name not in claims]
    strange = [name for name in claims if name not in wanted]
    unlike = [name for name in wanted if name in claims and wanted[name] != claims[name]]
    if missing or strange:
        said = f"lacks {missing[0]!r}" if missing else f"holds {strange[0][:80]!r}"
        raise ValueError(
            f"model.safetensors is of another network than config.json: it {said} ({len(missing)} tensors are missing, "
            f"{len(strange)} too many)"
        )
    if unlike:
        name = unlike[0]
        raise ValueError(
            f"model.safetensors is of another network than config.json: tensor {name!r} has shape "
            f"{claims[name].shape} of {claims[name].dtype}, wanted {wanted[name].shape} of {wanted[name].dtype}"
        )
