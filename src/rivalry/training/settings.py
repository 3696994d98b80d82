"""What a user chooses for a training, in the groups in which it stands in a YAML file. Plain data, no behaviour."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from rivalry.training.schedules import Schedule


@dataclass
class Backbone:
    """The network, and where its units compete.

    Attributes:
        name: Any timm name, e.g. ``resnet18`` or ``deit_tiny_patch16_224``; also ``cifar_resnet20`` and its kin.
        competitors: Units in a block, U, or a mapping from globs to U. 1 keeps the ordinary activations: a
            dense twin.
        where: Names or globs of the activations to replace; all by default.
        weights: ``none``; ``pretrained`` (timm's own for this name or tag, which timm downloads); or a file
            (``.safetensors``, or ``.pt`` of plain tensors).
        arguments: More arguments for the timm network, e.g. ``{drop_path_rate: 0.1}``.
    """

    name: str = "resnet18"
    competitors: int | dict[str, int] = 2
    where: str | list[str] = "*"
    weights: str = "none"
    arguments: dict[str, Any] = field(default_factory=dict)


@dataclass
class Competition:
    """How the winners of training are drawn, over the course of it.

    Attributes:
        sharpness: β; winners are drawn from softmax(β · h). 1 is the paper's, larger is nearer to argmax.
        temperature: T of the relaxed gradient; 1.67 in the released code.
        kl_weight: Weight of KL(q ‖ uniform), averaged over layers, in the loss. 0 as in the released code.
    """

    sharpness: Schedule = field(default_factory=lambda: Schedule(1.0))
    temperature: Schedule = field(default_factory=lambda: Schedule(1.67))
    kl_weight: float = 0.0


@dataclass
class Optimisation:
    """timm's optimisers and schedules, by name.

    Attributes:
        optimiser: Name known to ``timm.optim.list_optimizers()``, e.g. ``sgd`` (Nesterov), ``momentum``, ``adamw``.
        rate: Learning rate after the warm-up.
        weight_decay: Applied to weights, not to biases and normalisation.
        momentum: For optimisers that have one.
        schedule: timm's name: ``cosine``, ``step``, ``constant`` …
        warmup_epochs: Epochs of linear warm-up from a tenth of the rate; a fraction is allowed.
        schedule_arguments: More for ``timm.scheduler.create_scheduler_v2``, e.g. ``{decay_epochs: 30}``.
        optimiser_arguments: More for ``timm.optim.create_optimizer_v2``, e.g. ``{layer_decay: 0.75}``.
    """

    optimiser: str = "sgd"
    rate: float = 0.1
    weight_decay: float = 1e-4
    momentum: float = 0.9
    schedule: str = "cosine"
    warmup_epochs: float = 0.0
    schedule_arguments: dict[str, Any] = field(default_factory=dict)
    optimiser_arguments: dict[str, Any] = field(default_factory=dict)


@dataclass
class Teacher:
    """A dense network whose softened predictions the sparse one learns too (Hinton et al. 2015, arXiv:1503.02531).

    Attributes:
        name: Any timm name; it sees the images as the student does.
        weights: A file, or ``pretrained``.
        share: Share of the loss, in (0, 1], that is the distance to the teacher; the rest is cross-entropy.
        temperature: Softens both predictions; the distance is multiplied by its square.
    """

    name: str
    weights: str
    share: float = 0.7
    temperature: float = 2.0

    def __post_init__(self) -> None:
        if not 0 < self.share <= 1:
            raise ValueError(f"the teacher's share of the loss lies in (0, 1], got {self.share}")


@dataclass
class Evaluation:
    """How the network is evaluated: always by argmax, and if asked for by the average of sampled logits.

    Attributes:
        samples: Stochastic passes whose logits are averaged; the paper's code takes 6; 0 for none.
        every_epoch: Whether a fit does so after every epoch; else after the last one only.
        seed: Of those passes.
    """

    samples: int = 6
    every_epoch: bool = False
    seed: int = 0
