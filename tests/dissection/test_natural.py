"""The classes' own names are judged as labels of the logits, where they are concepts and the logits are there."""

import pytest
import torch

from rivalry.data.dataset import Concept
from rivalry.dissection.natural import NaturalLabels
from tests.recording.tiny import Tiles

CPU = torch.device("cpu")


class Named(Tiles):
    """Tiles of which one class is a concept, whatever its case."""

    def __init__(self, *concepts: str) -> None:
        super().__init__(40)
        self.concepts = tuple(Concept(name, "object") for name in concepts)


def shown_and_logits() -> tuple[torch.Tensor, torch.Tensor]:
    bright = torch.arange(40) % 2 == 1
    noise = torch.randn(40, 2, generator=torch.Generator().manual_seed(0))
    logits = 3 * torch.stack([~bright, bright], 1).float() + noise
    return bright[:, None], logits


def test_a_trained_class_is_its_name_s_best_unit() -> None:
    natural = NaturalLabels(Named("Bright"), CPU)
    shown, logits = shown_and_logits()
    for start in (0, 20):
        part = torch.arange(start, start + 20)
        natural.add(logits[part], shown[part], part)
    verdict = natural.judge()
    assert verdict is not None
    rows = natural.table(verdict).to_pylist()
    assert [row["class"] for row in rows] == ["plain", "bright"]
    assert [row["true_concept"] for row in rows] == ["", "Bright"]
    assert [row["confirmed"] for row in rows] == [False, True]
    scalars = natural.scalars(verdict)
    assert scalars["natural_confirmed"] == 0.5
    assert scalars["natural_pearson"] == pytest.approx(rows[1]["label_pearson"]) == pytest.approx(0.8, abs=0.05)
    assert min(scalars["natural_auprc"], scalars["natural_iou"]) > 0.8


@pytest.mark.parametrize(("concepts", "width"), [(("wheel",), 2), ((), 2), (("bright",), 3)])
def test_other_classes_other_outputs_and_no_masks_are_not_judged(concepts: tuple[str, ...], width: int) -> None:
    natural = NaturalLabels(Named(*concepts), CPU)
    natural.add(torch.zeros(4, width), torch.zeros(4, len(concepts), dtype=torch.bool), torch.arange(4))
    assert natural.judge() is None


def test_a_pass_without_logits_is_not_judged() -> None:
    natural = NaturalLabels(Named("bright"), CPU)
    natural.add(None, torch.zeros(4, 1, dtype=torch.bool), torch.arange(4))
    assert natural.judge() is None
