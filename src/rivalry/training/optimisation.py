"""Optimiser, learning-rate schedule and frozen parts of a network, by timm's names.

Layer-wise rates (Clark et al. 2020, "ELECTRA"; as in BEiT): the rate of a layer is ``rate · decay ** depth``, where
depth counts from the classifier. timm knows the layers of its own networks, by their ``group_matcher``.
"""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Any

from timm.optim._optim_factory import create_optimizer_v2, list_optimizers
from timm.scheduler.scheduler import Scheduler
from timm.scheduler.scheduler_factory import create_scheduler_v2
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.optim import Optimizer

from rivalry.numerics.nearest import nearest
from rivalry.training.settings import Optimisation

SCHEDULES = ("cosine", "constant", "step", "multistep", "poly", "tanh", "wsd", "rsqrt", "none")
"""timm's, but for ``plateau``, which waits for a score and has no place on a scale of steps."""

_SAID = ("lr", "initial_lr", "lr_scale", "weight_decay", "momentum")


def check_names(chosen: Optimisation) -> None:
    """Refuse, with the nearest, an optimiser or a schedule that timm does not know."""
    optimisers = [str(name) for name in list_optimizers()]
    if chosen.optimiser.lower().removeprefix("lookahead_") not in optimisers:
        raise ValueError(
            f"timm knows no optimiser {chosen.optimiser!r}; the nearest are {nearest(chosen.optimiser, optimisers)}"
        )
    if chosen.schedule not in SCHEDULES:
        raise ValueError(
            f"unknown schedule {chosen.schedule!r} of the rate; the nearest are {nearest(chosen.schedule, SCHEDULES)}"
        )


def make_optimiser(network: nn.Module, chosen: Optimisation) -> Optimizer:
    """The optimiser of all that is not frozen.

    Raises:
        ValueError: For an argument that it does not take, or layer-wise rates where the layers are not known.
    """
    options: dict[str, Any] = {"layer_decay": chosen.layer_decay, **chosen.optimiser_arguments}
    if options["layer_decay"] is not None:
        _refuse_unknown_layers(network, chosen.schedule)
    try:
        return create_optimizer_v2(
            network,
            opt=chosen.optimiser,
            lr=chosen.rate,
            weight_decay=chosen.weight_decay,
            momentum=chosen.momentum,
            **options,
        )
    except TypeError as error:
        raise ValueError(f"optimiser {chosen.optimiser} with {chosen.optimiser_arguments}: {error}") from error


def make_schedule(optimiser: Optimizer, chosen: Optimisation, steps: int, steps_per_epoch: int) -> Scheduler | None:
    """The schedule of the rate, which counts optimiser steps.

    Args:
        optimiser: Whose rate it moves.
        chosen: Which one; its epochs are epochs, however many batches a step accumulates.
        steps: Optimiser steps in the whole training.
        steps_per_epoch: Optimiser steps in an epoch; the last of them may accumulate fewer batches.

    Raises:
        ValueError: For an argument that it does not take.
    """
    whole, rest = divmod(steps, steps_per_epoch)
    epochs = steps / steps_per_epoch if rest else whole
    try:
        made: tuple[Scheduler | None, float] = create_scheduler_v2(
            optimiser,
            sched=chosen.schedule,
            num_epochs=epochs,  # type: ignore[arg-type]  # fractions work
            warmup_epochs=chosen.warmup_epochs,  # type: ignore[arg-type]  # fractions work
            warmup_lr=chosen.rate / 10,
            step_on_epochs=False,
            updates_per_epoch=steps_per_epoch,
            **chosen.schedule_arguments,
        )
    except TypeError as error:
        raise ValueError(f"schedule {chosen.schedule} with {chosen.schedule_arguments}: {error}") from error
    return made[0]


def options_of(optimiser: Optimizer, chosen: Optimisation) -> list[dict[str, Any]]:
    """What the settings say of every group of parameters."""
    said = {*_SAID, *chosen.optimiser_arguments}
    return [{key: value for key, value in group.items() if key in said} for group in optimiser.param_groups]


def tell_options(optimiser: Optimizer, options: list[dict[str, Any]]) -> None:
    """Say them again, after a checkpoint has brought its own."""
    for group, own in zip(optimiser.param_groups, options, strict=True):
        group.update(own)


def freeze(network: nn.Module, patterns: Sequence[str]) -> list[str]:
    """Take parameters out of the training, by their dotted names or those of modules above them; globs are fine.

    Returns:
        The names of all BatchNorm layers that are frozen whole. Hold their statistics still too: :func:`hold_still`.

    Raises:
        ValueError: If a pattern matches nothing, or nothing is left to train.

    >>> freeze(nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2), nn.Linear(2, 2)), ["[01]"])
    ['1']
    """
    parameters = dict(network.named_parameters())
    for pattern in patterns:
        matching = [name for name in parameters if _covers(pattern, name)]
        if not matching:
            known = [*(name for name, _ in network.named_modules() if name), *parameters]
            raise ValueError(f"freeze: nothing is called {pattern!r}; the nearest are {nearest(pattern, known)}")
        for name in matching:
            parameters[name].requires_grad_(False)
    if not any(parameter.requires_grad for parameter in parameters.values()):
        raise ValueError(f"freeze: {', '.join(patterns)} leaves nothing to train")
    return [name for name, module in network.named_modules() if patterns and _is_frozen_normalisation(module)]


def hold_still(network: nn.Module, names: Sequence[str]) -> None:
    """Keep the statistics of these layers as they are while the rest of the network trains."""
    for name in names:
        network.get_submodule(name).eval()


def _is_frozen_normalisation(module: nn.Module) -> bool:
    own = list(module.parameters(recurse=False))
    return isinstance(module, _BatchNorm) and bool(own) and not any(one.requires_grad for one in own)


def _covers(pattern: str, name: str) -> bool:
    parts = name.split(".")
    return any(fnmatchcase(".".join(parts[:end]), pattern) for end in range(1, len(parts) + 1))


def _refuse_unknown_layers(network: nn.Module, schedule: str) -> None:
    if not hasattr(network, "group_matcher"):
        raise ValueError(
            f"layer_decay needs to know the layers of {type(network).__name__}, which has no group_matcher as timm's "
            "networks have; leave layer_decay out, or freeze what shall not move"
        )
    if schedule == "none":
        raise ValueError("layer_decay is applied by the schedule of the rate; choose schedule: constant, not none")
