"""Weights from files of plain tensors, strictly: every tensor of the network is in the file, and no other.

Prefixes that wrappers leave (``module.``, ``_orig_mod.``, our own ``network.``) are taken off. Weights that do not fit
as they are go through the filter that timm has for the architecture: it renames what other releases call otherwise, and
resamples the positions of a ViT for another size of images.
"""

from __future__ import annotations

import pickle
import sys
from pathlib import Path
from typing import NamedTuple

import torch
from lightning.pytorch.utilities import rank_zero_info
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

Weights = dict[str, Tensor]

_PREFIXES = ("network.", "module.", "_orig_mod.")
_CONTENTS = ("state_dict", "model")


class Misfit(NamedTuple):
    """Names that keep weights from being a network's."""

    missing: list[str]
    unknown: list[str]
    unlike: list[str]


def load_weights(network: nn.Module, path: Path) -> list[str]:
    """Load a file into a network; returns the keys of a classifier for other classes, which is left out.

    Raises:
        ValueError: If there is no such file, it holds more than tensors, or its keys or shapes are another network's.
    """
    weights = _read(path)
    if any(_misfit(network, weights)):
        weights = _filtered(network, weights, path)
    misfit = _misfit(network, weights)
    if any(misfit):
        missing, unknown, unlike = misfit
        raise ValueError(
            f"{path} holds weights of another network than {type(network).__name__}: {len(missing)} keys are missing"
            f"{_such_as(missing)}, {len(unknown)} unknown{_such_as(unknown)}, {len(unlike)} of another shape"
            f"{_such_as(unlike)}"
        )
    left_out = _other_classes(network, weights)
    if left_out:
        rank_zero_info(f"{path}: {', '.join(left_out)} left out, they are of another number of classes")
    network.load_state_dict({key: value for key, value in weights.items() if key not in left_out}, strict=False)
    return left_out


def _misfit(network: nn.Module, weights: Weights) -> Misfit:
    own = network.state_dict()
    left_out = _other_classes(network, weights)
    counts = {key for key in own if key.endswith("num_batches_tracked")}
    return Misfit(
        missing=sorted(set(own) - set(weights) - counts),
        unknown=sorted(set(weights) - set(own)),
        unlike=sorted(k for k in weights if k in own and weights[k].shape != own[k].shape and k not in left_out),
    )


def _other_classes(network: nn.Module, weights: Weights) -> list[str]:
    """Keys of a classifier that is of another number of classes."""
    names = (getattr(network, "pretrained_cfg", None) or {}).get("classifier") or ()
    classifier = tuple(f"{name}." for name in ([names] if isinstance(names, str) else names))
    own = network.state_dict()
    return [k for k in weights if k.startswith(classifier) and k in own and weights[k].shape != own[k].shape]


def _filtered(network: nn.Module, weights: Weights, path: Path) -> Weights:
    """The weights as timm's filter for the architecture gives them; unchanged where there is none, or it finds others.

    What a filter does with the weights of another architecture is not defined; the caller names what does not fit.
    """
    architecture = type(network).__module__
    adapt = getattr(sys.modules[architecture], "checkpoint_filter_fn", None)
    if not architecture.startswith("timm.") or adapt is None:
        return weights
    try:
        filtered: Weights = adapt(dict(weights), network)
    except (AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError):
        return weights
    if not any(_misfit(network, filtered)):
        changed = [k for k, value in filtered.items() if k not in weights or weights[k].shape != value.shape]
        rank_zero_info(f"{path}: timm's filter of {architecture} renamed or resampled {', '.join(changed[:4])}")
    return filtered


def _read(path: Path) -> Weights:
    if not path.is_file():
        near = sorted(path.parent.glob(f"*{path.suffix}"))[:3] if path.parent.is_dir() else []
        raise ValueError(f"there is no weight file {path}{_such_as([str(p) for p in near])}")
    try:
        stored = load_file(path) if path.suffix == ".safetensors" else _unpack(path)
    except (pickle.UnpicklingError, SafetensorError, EOFError) as error:
        why = str(error).partition("\n")[0] or "it is empty"
        raise ValueError(f"{path} is no file of plain tensors: {why}") from error
    for prefix in _PREFIXES:
        if any(key.startswith(prefix) for key in stored):
            stored = {key.removeprefix(prefix): value for key, value in stored.items() if key.startswith(prefix)}
    return stored


def _unpack(path: Path) -> Weights:
    stored = torch.load(path, map_location="cpu", weights_only=True)
    for name in _CONTENTS:
        if isinstance(stored, dict) and isinstance(stored.get(name), dict):
            stored = stored[name]
    if not isinstance(stored, dict) or not all(isinstance(value, Tensor) for value in stored.values()):
        raise ValueError(f"{path} holds no state dict, neither as it is nor under {' or '.join(_CONTENTS)}")
    return stored


def _such_as(names: list[str]) -> str:
    return f" (such as {', '.join(names[:3])})" if names else ""
