"""Learning from a dense teacher."""

import math
from pathlib import Path

import pytest
import timm
import torch
from safetensors.torch import save_file

from rivalry.training.classifier import SparseClassifier
from rivalry.training.distillation import FrozenTeacher, distance_to_teacher
from rivalry.training.settings import Backbone, Teacher
from tests.training.small_run import classifier, pictures, trainer


def teacher_file(folder: Path, classes: int = 3) -> str:
    torch.manual_seed(5)
    network = timm.create_model("test_resnet", num_classes=classes)
    save_file(network.state_dict(), folder / "teacher.safetensors")
    return str(folder / "teacher.safetensors")


def test_the_distance_is_zero_where_predictions_agree_whatever_is_added_to_the_logits() -> None:
    logits = torch.randn(5, 4, generator=torch.Generator().manual_seed(0))
    assert float(distance_to_teacher(logits, logits + 3.0, 2.0)) == pytest.approx(0.0, abs=1e-6)


def test_the_distance_of_two_classes_worked_by_hand() -> None:
    """Teacher (3/4, 1/4), student (1/2, 1/2) at T = 2: T² · (3/4 log 3/2 + 1/4 log 1/2), mean over two rows."""
    teacher = torch.tensor([[2 * math.log(3), 0.0], [0.0, 0.0]])
    student = torch.zeros(2, 2)
    expected = 4 * (0.75 * math.log(1.5) + 0.25 * math.log(0.5)) / 2
    assert float(distance_to_teacher(student, teacher, 2.0)) == pytest.approx(expected)


def test_the_loss_mixes_by_shares_and_no_gradient_reaches_the_teacher(tmp_path: Path) -> None:
    frozen = FrozenTeacher(Teacher("test_resnet", teacher_file(tmp_path), share=0.25, temperature=3.0), 3)
    inputs, student = torch.randn(2, 3, 16, 16), torch.randn(2, 3, requires_grad=True)
    cross_entropy = torch.tensor(2.0)
    loss = frozen.loss(student, inputs, cross_entropy)
    distance = distance_to_teacher(student, frozen.network(inputs), 3.0)
    assert loss.item() == pytest.approx(0.75 * 2.0 + 0.25 * distance.item())
    loss.backward()
    assert student.grad is not None
    assert all(parameter.grad is None and not parameter.requires_grad for parameter in frozen.network.parameters())
    assert not any(module.training for module in frozen.network.modules())


def test_the_teacher_enters_no_checkpoint_and_no_optimiser(tmp_path: Path) -> None:
    alone = SparseClassifier(Backbone("test_resnet"), 3)
    taught = SparseClassifier(Backbone("test_resnet"), 3, teacher=Teacher("test_resnet", teacher_file(tmp_path)))
    assert set(taught.state_dict()) == set(alone.state_dict())
    assert len(list(taught.parameters())) == len(list(alone.parameters()))


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        ("file", r"knows another number of classes than the 5 of the data: fc\.bias, fc\.weight"),
        ("none", "has no weights"),
    ],
)
def test_a_teacher_that_has_not_learnt_the_classes_is_refused(tmp_path: Path, weights: str, said: str) -> None:
    file = teacher_file(tmp_path)
    with pytest.raises(ValueError, match=said):
        FrozenTeacher(Teacher("test_resnet", file if weights == "file" else weights), 5)


def test_the_teacher_is_built_for_a_fit_alone(tmp_path: Path) -> None:
    """A run may be tested where the teacher's weights are not; a fit of other classes is refused before a step."""
    module = classifier(teacher=Teacher("test_resnet", str(tmp_path / "absent.safetensors")))
    trainer(tmp_path).validate(module, pictures(), verbose=False)
    with pytest.raises(ValueError, match="no weight file"):
        trainer(tmp_path).fit(module, pictures())
    module = classifier(teacher=Teacher("test_resnet", teacher_file(tmp_path)))
    with pytest.raises(ValueError, match="than the 2 of the data"):
        trainer(tmp_path).fit(module, pictures())
    assert module.global_step == 0


@pytest.mark.parametrize("share", [0.0, 1.2])
def test_a_share_outside_the_unit_interval_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match=rf"\(0, 1\], got {share}"):
        Teacher("test_resnet", "none", share=share)
