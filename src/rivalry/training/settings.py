"""What a user chooses for a training, in the groups in which it stands in a YAML file. Plain data, no behaviour."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from rivalry.lwta import Estimator
from rivalry.training.objective import Loss
from rivalry.training.schedules import Schedule, ends_of


@dataclass
class Backbone:
    """The network, and where its units compete.

    Attributes:
        name: Any timm name, e.g. ``resnet18`` or ``deit_tiny_patch16_224``; also ``cifar_resnet20`` and its kin. Or
            ``torchvision:resnet50``; ``open_clip:MODEL/WEIGHTS`` or ``open_clip:FOLDER``, the image tower of a CLIP;
            or the dotted path of anything that makes an ``nn.Module``, which is given ``num_classes`` if it takes it.
        competitors: Units in a block, U, or a mapping from globs to U. 1 keeps the ordinary activations: a
            dense twin.
        where: Names or globs of the activations to replace; all by default, but for those inside gates.
        weights: ``none``; ``pretrained`` (those that the network's source has for this name or tag, and downloads); or
            a file (``.safetensors``, or ``.pt`` of plain tensors).
        arguments: More arguments for the network, e.g. ``{drop_path_rate: 0.1}``.
        input_size: Side of the image by which the units are found; by default what the network says, else 224.
        mean: Of each channel of the images that it expects, in [0, 1]; by default what the network says, else 0.5.
        std: Standard deviation of each channel, likewise.
    """

    name: str = "resnet18"
    competitors: int | dict[str, int] = 2
    where: str | list[str] = "*"
    weights: str = "none"
    arguments: dict[str, Any] = field(default_factory=dict)
    input_size: int | None = None
    mean: list[float] | None = None
    std: list[float] | None = None


@dataclass
class Competition:
    """How the winners of training are drawn, over the course of it.

    Attributes:
        sharpness: β; winners are drawn from softmax(β · h). 1 is the paper's, larger is nearer to argmax.
        temperature: T of the relaxed gradient; 1.67 in the released code.
        estimator: How gradients pass through the draw: ``gumbel_softmax`` (straight through, as published), ``softmax``
            (the same without noise in the gradient) or ``conditional`` (noise given the winner); see
            docs/competition.md for what they are worth.
        kl_weight: Weight of KL(q ‖ uniform), averaged over layers, in the loss; a number, or a schedule. 0 as in the
            released code.
    """

    sharpness: Schedule = field(default_factory=lambda: Schedule(1.0))
    temperature: Schedule = field(default_factory=lambda: Schedule(1.67))
    estimator: Estimator = "gumbel_softmax"
    kl_weight: float | Schedule = 0.0

    def __post_init__(self) -> None:
        for name in ("sharpness", "temperature"):
            if not min(ends_of(getattr(self, name))) > 0:
                raise ValueError(f"competition.{name} stays above zero, got {ends_of(getattr(self, name))}")
        if not min(ends_of(self.kl_weight)) >= 0:
            raise ValueError(f"competition.kl_weight is 0 or more, got {ends_of(self.kl_weight)}")


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
        optimiser_arguments: More for ``timm.optim.create_optimizer_v2``, e.g. ``{betas: [0.9, 0.95]}``.
        layer_decay: Factor in (0, 1] of the rate from a layer to the one below it; by default all have the same.
        freeze: Parameters that are not trained: names or globs of them, or of modules above them. A BatchNorm layer
            that is frozen whole keeps its statistics too.
    """

    optimiser: str = "sgd"
    rate: float = 0.1
    weight_decay: float = 1e-4
    momentum: float = 0.9
    schedule: str = "cosine"
    warmup_epochs: float = 0.0
    schedule_arguments: dict[str, Any] = field(default_factory=dict)
    optimiser_arguments: dict[str, Any] = field(default_factory=dict)
    layer_decay: float | None = None
    freeze: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        for name in ("rate", "weight_decay", "momentum", "warmup_epochs"):
            if not getattr(self, name) >= 0:
                raise ValueError(f"optimisation.{name} is 0 or more, got {getattr(self, name)}")
        if self.layer_decay is not None and not 0 < self.layer_decay <= 1:
            raise ValueError(f"optimisation.layer_decay lies in (0, 1], got {self.layer_decay}")


@dataclass
class Regularisation:
    """What keeps the network from learning the training pictures by heart, beside augmentation.

    Stochastic depth and dropout are the network's: ``backbone.arguments: {drop_path_rate: 0.1}``.

    Attributes:
        loss: ``cross_entropy``, or ``binary`` for binary cross-entropy, which asks of every class apart.
        label_smoothing: Share in [0, 1) of every target that is spread over all classes.
        ema_decay: Share in [0, 1) that an average of the weights keeps at every step, e.g. 0.9999. That average is
            then evaluated, analysed and exported, and training goes on from the weights themselves. 0: no average.
        ema_warmup: Whether the average forgets faster at the beginning, as a training of few steps needs it.
    """

    loss: Loss = "cross_entropy"
    label_smoothing: float = 0.0
    ema_decay: float = 0.0
    ema_warmup: bool = True

    def __post_init__(self) -> None:
        for name in ("label_smoothing", "ema_decay"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(f"regularisation.{name} lies in [0, 1), got {getattr(self, name)}")


@dataclass
class Teacher:
    """A dense network whose softened predictions the sparse one learns too (Hinton et al. 2015, arXiv:1503.02531).

    Attributes:
        name: As ``backbone.name``; it sees the images as the student does.
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
        if not self.temperature > 0:
            raise ValueError(f"the teacher's temperature is above zero, got {self.temperature}")


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

    def __post_init__(self) -> None:
        if self.samples < 0 or self.seed < 0:
            raise ValueError(f"evaluation.samples and .seed are 0 or more, got {self.samples} and {self.seed}")
