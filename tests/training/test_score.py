"""Loss and accuracies of a pass."""

import math

import pytest
import torch
from torchmetrics.classification import MulticlassCalibrationError

from rivalry.training.score import Score


def test_loss_and_accuracies_worked_by_hand() -> None:
    """Seven classes; the label ranks first, fifth, sixth, and everything alike in the fourth row."""
    logits = torch.tensor([[7.0, 6, 5, 4, 3, 2, 1]]).repeat(3, 1)
    logits = torch.cat([logits, torch.zeros(1, 7)])
    labels = torch.tensor([0, 4, 5, 6])
    score = Score(7)
    score.update(logits, labels)
    found = score.compute()
    partition = math.log(sum(math.exp(value) for value in range(1, 8)))
    losses = [partition - 7, partition - 3, partition - 2, math.log(7)]
    assert float(found["loss"]) == pytest.approx(sum(losses) / 4)
    assert float(found["top1"]) == 0.25
    assert 0.5 <= float(found["top5"]) <= 0.75  # which five of seven equal ones come first is torch's business


def test_the_calibration_error_worked_by_hand() -> None:
    """Three answers of 0.75, of which two are right, and one of 0.5 that is wrong: (0.25 + 0.5) / 4."""
    sure, torn = [math.log(3), 0.0], [0.0, -1e-6]
    score = Score(2)
    score.update(torch.tensor([sure, sure, sure, torn]), torch.tensor([0, 0, 1, 1]))
    assert float(score.compute()["calibration_error"]) == pytest.approx(0.75 / 4, rel=1e-5)


@pytest.mark.parametrize("scale", [0.1, 1.0, 5.0, 1000.0])
def test_the_calibration_error_is_that_of_torchmetrics(scale: float) -> None:
    generator = torch.Generator().manual_seed(1)
    logits, labels = scale * torch.randn(500, 9, generator=generator), torch.randint(0, 9, (500,), generator=generator)
    score, reference = Score(9), MulticlassCalibrationError(9, n_bins=15)
    for rows in (slice(0, 301), slice(301, 500)):
        score.update(logits[rows], labels[rows])
    reference.update(logits.softmax(1), labels)
    assert float(score.compute()["calibration_error"]) == pytest.approx(float(reference.compute()), rel=1e-5)


def test_batches_of_any_size_give_the_same() -> None:
    torch.manual_seed(0)
    logits, labels = torch.randn(23, 9), torch.randint(0, 9, (23,))
    whole, parts = Score(9), Score(9)
    whole.update(logits, labels)
    for rows in (slice(0, 1), slice(1, 17), slice(17, 17), slice(17, 23)):
        parts.update(logits[rows], labels[rows])
    for name, value in whole.compute().items():
        assert float(parts.compute()[name]) == pytest.approx(float(value), rel=1e-6)


@pytest.mark.parametrize(("classes", "names"), [(5, {"loss", "top1"}), (6, {"loss", "top1", "top5"})])
def test_top5_is_left_out_where_it_says_nothing(classes: int, names: set[str]) -> None:
    score = Score(classes)
    score.update(torch.randn(4, classes), torch.zeros(4, dtype=torch.long))
    assert set(score.compute()) == names | {"calibration_error"}


def test_a_batch_without_rows_is_no_division_by_zero_and_a_reset_forgets() -> None:
    score = Score(3)
    score.update(torch.randn(2, 3), torch.tensor([0, 1]))
    score.reset()
    score.update(torch.zeros(0, 3), torch.zeros(0, dtype=torch.long))
    assert {name: float(value) for name, value in score.compute().items()} == {
        "loss": 0.0, "top1": 0.0, "calibration_error": 0.0,
    }  # fmt: skip
