"""LWTA as a drop-in activation: one tensor in, one tensor out, same shape, no parameters.

Panousis & Chatzis, "DISCOVER" (NeurIPS 2023). The maths is in :mod:`rivalry.lwta.competition`; here it gets modes:

========== =========================================== ==============================================
mode       the output of a block                        where
========== =========================================== ==============================================
``sample`` the drawn winner's activation                training
``argmax`` the strongest competitor's activation        evaluation, dissection, export; deterministic
``mean``   every activation times its chance of winning the expectation over draws; dense
========== =========================================== ==============================================
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, get_args

import torch
from jaxtyping import Float
from torch import Tensor, nn

from rivalry.lwta import competition

Mode = Literal["sample", "argmax", "mean"]


class LWTA(nn.Module):
    """Local winner-takes-all over blocks of consecutive units.

    The winners of every forward pass go through the submodule ``winner``, an identity: hook it to see them (an integer
    tensor of the input's shape with blocks in place of units, values in ``[0, competitors)``).

    Args:
        competitors: Units in a block, U ≥ 2. (For U = 1 keep the ordinary activation, as :func:`sparsify` does.)
        dim: Axis of the units: 1 for feature maps (batch, units, height, width), -1 for tokens (…, units).
        training_mode: Mode in ``train()``.
        evaluation_mode: Mode in ``eval()``.
        temperature: T > 0 of the relaxed gradient.
        sharpness: β > 0; winners are drawn from softmax(β · h).

    Raises:
        ValueError: For fewer than two competitors, an unknown mode, or a factor that is not positive.

    >>> layer = LWTA(competitors=2, dim=1).eval()
    >>> layer(torch.tensor([[1.0, 3.0, -2.0, -1.0]]))
    tensor([[ 0.,  3.,  0., -1.]])
    """

    temperature: Tensor
    sharpness: Tensor

    def __init__(
        self,
        competitors: int,
        dim: int = 1,
        *,
        training_mode: Mode = "sample",
        evaluation_mode: Mode = "argmax",
        temperature: float = competition.PAPER_TEMPERATURE,
        sharpness: float = 1.0,
    ) -> None:
        super().__init__()
        if competitors < 2:
            raise ValueError(f"a competition needs at least 2 competitors in a block, got {competitors}")
        self.competitors = competitors
        self.dim = dim
        self.training_mode: Mode = _known(training_mode)
        self.evaluation_mode: Mode = _known(evaluation_mode)
        self.register_buffer("temperature", torch.tensor(_positive("temperature", temperature)), persistent=False)
        self.register_buffer("sharpness", torch.tensor(_positive("sharpness", sharpness)), persistent=False)
        self.generator: torch.Generator | None = None
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
        if activations.device.type == "cpu" and not torch.compiler.is_compiling():
            competition.refuse_non_finite(activations)
        output, winners = self._compete(activations)
        self.winner(winners)
        return output

    def _compete(self, activations: Tensor) -> tuple[Tensor, Tensor]:
        match self.mode:
            case "argmax":
                return competition.win_by_argmax(activations, self.competitors, self.dim)
            case "mean":
                return competition.win_in_expectation(activations, self.competitors, self.dim, sharpness=self.sharpness)
            case "sample":
                noise = competition.competition_noise(activations, self.competitors, self.dim, generator=self.generator)
                return competition.win_by_draw(
                    activations,
                    noise,
                    self.competitors,
                    self.dim,
                    temperature=self.temperature,
                    sharpness=self.sharpness,
                )

    def extra_repr(self) -> str:
        """Competitors, axis and modes."""
        return (
            f"competitors={self.competitors}, dim={self.dim}, training_mode={self.training_mode}, "
            f"evaluation_mode={self.evaluation_mode}, sharpness={float(self.sharpness):g}"
        )


def competitions(network: nn.Module) -> dict[str, LWTA]:
    """All LWTA layers of a network by dotted name, in its own order."""
    return {name: module for name, module in network.named_modules() if isinstance(module, LWTA)}


def set_competition(network: nn.Module, *, temperature: float | None = None, sharpness: float | None = None) -> None:
    """Set the temperature or the sharpness of every LWTA layer, as a schedule does."""
    for layer in competitions(network).values():
        if temperature is not None:
            layer.temperature.fill_(_positive("temperature", temperature))
        if sharpness is not None:
            layer.sharpness.fill_(_positive("sharpness", sharpness))


@contextmanager
def evaluating(network: nn.Module, mode: Mode, *, seed: int | None = None) -> Iterator[None]:
    """Let every LWTA layer evaluate in ``mode``, for the time of the context; what was before comes back.

    Args:
        network: Its layers must be in ``eval()``, or their training mode stays in force.
        mode: The evaluation mode.
        seed: Seeds the draws of ``sample``, apart from the global random state. None draws from the global state.
    """
    layers = list(competitions(network).values())
    before = [(layer.evaluation_mode, layer.generator) for layer in layers]
    generators: dict[torch.device, torch.Generator] = {}
    try:
        for layer in layers:
            layer.evaluation_mode = _known(mode)
            if seed is not None:
                device = layer.sharpness.device
                if device not in generators:
                    generators[device] = torch.Generator(device).manual_seed(seed)
                layer.generator = generators[device]
        yield
    finally:
        for layer, (evaluation_mode, generator) in zip(layers, before, strict=True):
            layer.evaluation_mode, layer.generator = evaluation_mode, generator


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


def _known(mode: Mode) -> Mode:
    if mode not in get_args(Mode):
        raise ValueError(f"unknown mode {mode!r} of competition; known are {', '.join(get_args(Mode))}")
    return mode


def _positive(name: str, value: float) -> float:
    if not value > 0:
        raise ValueError(f"{name} must be positive, got {value}")
    return float(value)
