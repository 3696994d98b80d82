"""Learning from a dense teacher: Hinton, Vinyals & Dean, "Distilling the Knowledge in a Neural Network" (2015).

distance = T² · KL( softmax(teacher / T) ‖ softmax(student / T) )
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from rivalry.data.paths import expand
from rivalry.training.backbone import build_network
from rivalry.training.settings import Backbone, Teacher
from rivalry.training.weights import load_weights


def distance_to_teacher(
    student: Float[Tensor, "batch classes"], teacher: Float[Tensor, "batch classes"], temperature: float
) -> Float[Tensor, ""]:
    """``T² · KL`` between the softened predictions, averaged over the batch; zero where they agree.

    >>> float(distance_to_teacher(torch.ones(1, 3), torch.zeros(1, 3), temperature=2.0))
    0.0
    """
    learned = functional.log_softmax(student / temperature, dim=1)
    taught = functional.log_softmax(teacher / temperature, dim=1)
    return functional.kl_div(learned, taught, reduction="batchmean", log_target=True) * temperature**2


class FrozenTeacher:
    """The teacher's network, evaluated without gradients. No module, so that it enters no checkpoint.

    Args:
        teacher: What it is.
        num_classes: As the student's.

    Raises:
        ValueError: If the teacher knows another number of classes: nothing can be learnt from a new classifier.
    """

    def __init__(self, teacher: Teacher, num_classes: int) -> None:
        self.network: nn.Module = _trained(teacher, num_classes).eval().requires_grad_(False)
        self.share = teacher.share
        self.temperature = teacher.temperature

    def to(self, device: torch.device, *, compile: bool) -> None:
        """Move it to where the student is; compile it if the student is compiled."""
        self.network.to(device)
        if compile:
            self.network.compile(dynamic=False)

    def loss(
        self,
        student: Float[Tensor, "batch classes"],
        inputs: Float[Tensor, "batch channels height width"],
        cross_entropy: Float[Tensor, ""],
    ) -> Float[Tensor, ""]:
        """The student's cross-entropy and its distance to the teacher, by shares."""
        with torch.no_grad():
            taught = self.network(inputs).float()
        return (1 - self.share) * cross_entropy + self.share * distance_to_teacher(student, taught, self.temperature)


def _trained(teacher: Teacher, num_classes: int) -> nn.Module:
    """The teacher with all of its weights, its classifier included."""
    if teacher.weights == "none":
        raise ValueError(f"teacher {teacher.name} has no weights to teach by; give it a file, or pretrained")
    if teacher.weights == "pretrained":
        network = build_network(Backbone(teacher.name, competitors=1, weights="pretrained"), None)
        own = int(network.num_classes)  # type: ignore[arg-type]
        if own != num_classes:
            raise ValueError(f"teacher {teacher.name} knows {own} classes, the data have {num_classes}")
        return network
    network = build_network(Backbone(teacher.name, competitors=1), num_classes)
    left_out = load_weights(network, expand(teacher.weights))
    if left_out:
        raise ValueError(
            f"teacher {teacher.name} in {teacher.weights} knows another number of classes than the {num_classes} of "
            f"the data: {', '.join(left_out)} do not fit"
        )
    return network
