"""LWTA as a drop-in activation: one tensor in, one tensor out, same shape, no parameters.

Panousis & Chatzis, "DISCOVER" (NeurIPS 2023). The maths is in :mod:`rivalry.lwta.competition`; here it gets modes:

========== =========================================== ==============================================
mode       the output of a block                        where
========== =========================================== ==============================================
``sample`` the drawn winner's activation                training
``argmax`` the strongest competitor's activation        evaluation, dissection, export; deterministic
``mean``   every activation times its chance of winning the expectation over draws; dense
========== =========================================== ==============================================

``sample`` and ``argmax`` run as one operator, forward and backward each in one pass (:mod:`rivalry.lwta.kernels`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Literal, get_args

import torch
from jaxtyping import Float
from torch import Tensor, nn

from rivalry.lwta import competition
from rivalry.lwta.kernels import operator
from rivalry.lwta.kernels.noise import new_seed

Mode = Literal["sample", "argmax", "mean"]
Estimator = Literal["gumbel_softmax", "softmax", "conditional"]


class LWTA(nn.Module):
    """Local winner-takes-all over blocks of consecutive units.

    Who won goes through the submodule ``winner``, an identity, where somebody listens: hook it to see the winners (an
    integer tensor of the input's shape with blocks in place of units, values in ``[0, competitors)``).

    Args:
        competitors: Units in a block, U ≥ 2. (For U = 1 keep the ordinary activation, as :func:`sparsify` does.)
        dim: Axis of the units: 1 for feature maps (batch, units, height, width), -1 for tokens (…, units).
        training_mode: Mode in ``train()``.
        evaluation_mode: Mode in ``eval()``.
        temperature: T > 0 of the relaxed gradient.
        sharpness: β > 0; winners are drawn from softmax(β · h).
        estimator: How gradients pass through the draw: the published straight-through ``gumbel_softmax``, the same
            without noise (``softmax``), or with noise conditioned on the winner (``conditional``); see
            :mod:`rivalry.lwta.kernels.reference`.

    Raises:
        ValueError: For fewer than two competitors, an unknown mode or estimator, or a factor that is not positive.

    >>> layer = LWTA(competitors=2, dim=1).eval()
    >>> layer(torch.tensor([[1.0, 3.0, -2.0, -1.0]]))
    tensor([[ 0.,  3.,  0., -1.]])
    """

    temperature: Tensor
    sharpness: Tensor
    _no_seed: Tensor

    def __init__(
        self,
        competitors: int,
        dim: int = 1,
        *,
        training_mode: Mode = "sample",
        evaluation_mode: Mode = "argmax",
        temperature: float = competition.PAPER_TEMPERATURE,
        sharpness: float = 1.0,
        estimator: Estimator = "gumbel_softmax",
    ) -> None:
        super().__init__()
        if competitors < 2:
            raise ValueError(f"a competition needs at least 2 competitors in a block, got {competitors}")
        self.competitors = competitors
        self.dim = dim
        self.training_mode: Mode = _known_mode(training_mode)
        self.evaluation_mode: Mode = _known_mode(evaluation_mode)
        self.estimator: Estimator = _known_estimator(estimator)
        self.register_buffer("temperature", torch.tensor(_positive("temperature", temperature)), persistent=False)
        self.register_buffer("sharpness", torch.tensor(_positive("sharpness", sharpness)), persistent=False)
        self.register_buffer("_no_seed", torch.zeros((), dtype=torch.long), persistent=False)
        self.generator: torch.Generator | None = None
        self.surrogate: float | None = None
        self.winner = nn.Identity()

    @property
    def mode(self) -> Mode:
        """The mode in force."""
        return self.training_mode if self.training else self.evaluation_mode

    def forward(self, activations: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
        """Let the units of every block compete.

        Raises:
            ValueError: If the units do not divide into blocks, or (checked on the CPU, where it costs no
                synchronisation) an activation is NaN or infinite.
        """
        if self.surrogate is None:
            return self._compete(activations)
        with torch.no_grad():
            output = self._compete(activations)
            lead = competition.mean_lead(activations, self.competitors, self.dim)
            sharpness = (self.surrogate / lead).view(-1, *[1] * (activations.ndim - 1))
        scaled, _ = competition.win_in_expectation(sharpness * activations, self.competitors, self.dim)
        soft = scaled / sharpness
        return output + (soft - soft.detach())

    def _compete(self, activations: Tensor) -> Tensor:
        if self.mode == "mean":
            return self._expectation(activations)
        heard = _heard(self.winner)
        if self.mode == "argmax" and _exporting():
            output, winners = competition.win_by_argmax(activations, self.competitors, self.dim)
        else:
            rule = "argmax" if self.mode == "argmax" else self.estimator
            seed = self._no_seed if rule == "argmax" else new_seed(activations.device, self.generator)
            output, winners = operator.compete(
                activations, seed, self.sharpness, self.temperature, self.competitors, self.dim, rule, heard
            )
        if heard:
            self.winner(winners)
        return output

    def _expectation(self, activations: Tensor) -> Tensor:
        if activations.device.type == "cpu" and not torch.compiler.is_compiling():
            competition.refuse_non_finite(activations)
        output, winners = competition.win_in_expectation(
            activations, self.competitors, self.dim, sharpness=self.sharpness
        )
        self.winner(winners)
        return output

    def extra_repr(self) -> str:
        """Competitors, axis and modes."""
        return (
            f"competitors={self.competitors}, dim={self.dim}, training_mode={self.training_mode}, "
            f"evaluation_mode={self.evaluation_mode}, sharpness={float(self.sharpness):g}, estimator={self.estimator}"
        )


def competitions(network: nn.Module) -> dict[str, LWTA]:
    """All LWTA layers of a network by dotted name, in its own order."""
    return {name: module for name, module in network.named_modules() if isinstance(module, LWTA)}


def set_competition(
    network: nn.Module,
    *,
    temperature: float | None = None,
    sharpness: float | None = None,
    estimator: Estimator | None = None,
) -> None:
    """Set the temperature, the sharpness (as a schedule does) or the estimator of every LWTA layer."""
    for layer in competitions(network).values():
        if temperature is not None:
            layer.temperature.fill_(_positive("temperature", temperature))
        if sharpness is not None:
            layer.sharpness.fill_(_positive("sharpness", sharpness))
        if estimator is not None:
            layer.estimator = _known_estimator(estimator)


@contextmanager
def evaluating(network: nn.Module, mode: Mode, *, seed: int | None = None) -> Iterator[None]:
    """Let every LWTA layer evaluate in ``mode``, for the time of the context; what was before comes back.

    Args:
        network: Its layers must be in ``eval()``, or their training mode stays in force.
        mode: The evaluation mode.
        seed: Seeds the draws of ``sample``, apart from the global random state. None draws from the global state.
    """
    layers = list(competitions(network).values())
    before = [layer.evaluation_mode for layer in layers]
    with nullcontext() if seed is None else drawing_by(network, seed):
        try:
            for layer in layers:
                layer.evaluation_mode = _known_mode(mode)
            yield
        finally:
            for layer, evaluation_mode in zip(layers, before, strict=True):
                layer.evaluation_mode = evaluation_mode


@contextmanager
def passing_to_losers(network: nn.Module, sharpness: float = 2.0) -> Iterator[None]:
    """Let gradients reach those that lose, as if all passed with their chance of winning; outputs stay as they are.

    A straight-through estimator (Bengio, Léonard & Courville 2013, arXiv:1308.3432) for gradients to inputs, while the
    context is open: through winners alone, most of a network is out of their reach.

    Args:
        network: Its LWTA layers, in whatever mode they are.
        sharpness: Of the chances, above 0, in units of 1 / the mean lead of a picture's winners over their runners-up:
            softmax(sharpness / lead · h). So one number suits layers of any scale. At the sharpness that a training
            ends with, gradients are huge where two units tie, and hardly anything elsewhere.
    """
    layers = list(competitions(network).values())
    before = [layer.surrogate for layer in layers]
    try:
        for layer in layers:
            layer.surrogate = _positive("sharpness", sharpness)
        yield
    finally:
        for layer, surrogate in zip(layers, before, strict=True):
            layer.surrogate = surrogate


@contextmanager
def drawing_aside(network: nn.Module) -> Iterator[None]:
    """Let whatever is drawn by generators in the context leave no trace: later draws are as if it had not been."""
    generators = {id(layer.generator): layer.generator for layer in competitions(network).values() if layer.generator}
    states = [generator.get_state() for generator in generators.values()]
    try:
        yield
    finally:
        for generator, state in zip(generators.values(), states, strict=True):
            generator.set_state(state)


@contextmanager
def drawing_by(network: nn.Module, seed: int) -> Iterator[None]:
    """Let LWTA layers draw from new generators of this seed in the context; those of before come back as they were."""
    layers = list(competitions(network).values())
    before = [layer.generator for layer in layers]
    generators: dict[torch.device, torch.Generator] = {}
    try:
        for layer in layers:
            device = layer.sharpness.device
            if device not in generators:
                generators[device] = torch.Generator(device).manual_seed(seed)
            layer.generator = generators[device]
        yield
    finally:
        for layer, generator in zip(layers, before, strict=True):
            layer.generator = generator


@contextmanager
def collecting_kl(network: nn.Module) -> Iterator[list[Float[Tensor, ""]]]:
    """Collect every LWTA layer's KL to uniform, in nats, apart from the output, while the context is open."""
    divergences: list[Tensor] = []

    def collect(layer: nn.Module, inputs: tuple[Tensor, ...], _output: Tensor) -> None:
        if isinstance(layer, LWTA):
            divergences.append(
                competition.kl_to_uniform(inputs[0], layer.competitors, layer.dim, sharpness=layer.sharpness)
            )

    hooks = [layer.register_forward_hook(collect) for layer in competitions(network).values()]
    try:
        yield divergences
    finally:
        for hook in hooks:
            hook.remove()


def _known_mode(mode: Mode) -> Mode:
    """The mode, or a ``ValueError`` that names those that are known."""
    if mode not in get_args(Mode):
        raise ValueError(f"unknown mode {mode!r} of competition; known are {', '.join(get_args(Mode))}")
    return mode


def _known_estimator(estimator: Estimator) -> Estimator:
    """The estimator, or a ``ValueError`` that names those that are known."""
    if estimator not in get_args(Estimator):
        raise ValueError(f"unknown estimator {estimator!r} of competition; known are {', '.join(get_args(Estimator))}")
    return estimator


def _exporting() -> bool:
    """Whether the network is written down for another runtime, which knows PyTorch's own operators only."""
    tracing: bool = torch.jit.is_tracing()  # type: ignore[attr-defined, no-untyped-call]
    return torch.compiler.is_exporting() or tracing


def _heard(module: nn.Module) -> bool:
    """Whether somebody listens to what goes through a module that does nothing itself."""
    return type(module) is not nn.Identity or bool(module._forward_hooks or module._forward_pre_hooks)


def _positive(name: str, value: float) -> float:
    if not value > 0:
        raise ValueError(f"{name} must be positive, got {value}")
    return float(value)
