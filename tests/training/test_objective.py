"""The loss on labels and on soft targets, smoothed or not."""

import math

import pytest
import torch
from torch.nn import functional

from rivalry.training.objective import PRESENT, classification_loss

LOGITS = torch.tensor([[1.0, 0.0, 2.0], [0.0, 3.0, -1.0]])
LABELS = torch.tensor([2, 0])


def one_hot() -> torch.Tensor:
    return functional.one_hot(LABELS, 3).float()


def test_cross_entropy_of_labels_is_torch_s_and_of_one_hot_targets_the_same() -> None:
    plain = classification_loss(LOGITS, LABELS)
    assert plain == functional.cross_entropy(LOGITS, LABELS)
    assert classification_loss(LOGITS, torch.tensor([9, 9]), one_hot()) == pytest.approx(plain.item())


@pytest.mark.parametrize("loss", ["cross_entropy", "binary"])
@pytest.mark.parametrize("smoothing", [0.0, 0.3])
def test_labels_and_their_one_hot_targets_are_smoothed_alike(loss: str, smoothing: float) -> None:
    hard = classification_loss(LOGITS, LABELS, loss=loss, smoothing=smoothing)
    soft = classification_loss(LOGITS, LABELS, one_hot(), loss=loss, smoothing=smoothing)
    assert hard.item() == pytest.approx(soft.item(), rel=1e-6)


def test_smoothed_cross_entropy_worked_by_hand() -> None:
    """Two classes, ε = 0.2, a picture of 3/4 and 1/4: the target is 0.8 · (3/4, 1/4) + 0.1 = (0.7, 0.3)."""
    logits, target = torch.tensor([[math.log(3), 0.0]]), torch.tensor([[0.75, 0.25]])
    expected = -(0.7 * math.log(0.75) + 0.3 * math.log(0.25))
    found = classification_loss(logits, torch.tensor([0]), target, smoothing=0.2)
    assert found.item() == pytest.approx(expected, rel=1e-6)


def test_the_binary_loss_worked_by_hand_counts_both_parents_of_a_mixed_picture() -> None:
    """Shares 0.7 and 0.3 are present, 0.1 would not be; the mean is over three classes."""
    logits, target = torch.tensor([[math.log(3), 0.0, -math.log(3)]]), torch.tensor([[0.7, 0.3, 0.0]])
    expected = -(math.log(0.75) + math.log(0.5) + math.log(0.75)) / 3
    assert classification_loss(logits, torch.tensor([0]), target, loss="binary").item() == pytest.approx(expected)
    fewer = torch.tensor([[1 - PRESENT / 2, PRESENT / 2, 0.0]])
    one = classification_loss(logits, torch.tensor([0]), loss="binary")
    assert classification_loss(logits, torch.tensor([0]), fewer, loss="binary").item() == pytest.approx(one.item())
