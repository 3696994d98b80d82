"""The training of the small CLIP: its loss by hand, and that an interruption changes nothing."""

import math
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest
import torch

from rivalry.data.picturebook import CONCEPTS

FOLDER = Path(__file__).parents[3] / "checkpoints" / "picturebook-clip"


@pytest.fixture
def train(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(FOLDER))
    return import_module("train")


def test_with_one_truth_each_the_loss_is_that_of_clip(train: ModuleType) -> None:
    similarity = torch.randn(5, 5, generator=torch.Generator().manual_seed(0))
    own = torch.arange(5)
    clip = (
        torch.nn.functional.cross_entropy(similarity, own) + torch.nn.functional.cross_entropy(similarity.T, own)
    ) / 2
    assert torch.allclose(train.shared_loss(similarity, torch.eye(5)), clip)


def test_equal_captions_are_no_false_negatives(train: ModuleType) -> None:
    """Two pictures and twice the same caption, true of both: the best loss is log 2 both ways, where all are alike.

    A picture with one true text of three and logits 0 has log 3; a text that is true of nothing says nothing.
    """
    assert train.shared_loss(torch.zeros(2, 2), torch.ones(2, 2)) == pytest.approx(math.log(2))
    truth = torch.tensor([[1.0, 0.0, 0.0], [1.0, 0.0, 0.0]])
    assert train.shared_loss(torch.zeros(2, 3), truth) == pytest.approx((math.log(3) + math.log(2)) / 2)


def test_what_a_caption_names(train: ModuleType) -> None:
    def names(text: str) -> set[str]:
        return {concept.name for concept, named in zip(CONCEPTS, train._named(text), strict=True) if named}

    assert names("a striped red car at night") == {"striped", "red", "car", "night"}
    assert names("body, wheel") == {"body", "wheel"}
    assert names("a photo of a cat") == {"cat"}
    assert names("a carpet") == set()  # whole words alone


def test_going_on_after_an_interruption_gives_the_same_weights(train: ModuleType, tmp_path: Path) -> None:
    recipe = train.Recipe(pictures=64, epochs=2, batch=32, captions=8, rate=1e-3)
    whole = train.Training(recipe)
    losses = [whole.epoch(0), whole.epoch(1)]
    assert losses[1] < losses[0]
    first = train.Training(recipe)
    first.epoch(0)
    first.save(tmp_path / "state.pt", 0)
    second = train.Training(recipe)
    assert second.resume(tmp_path / "state.pt") == 1
    second.epoch(1)
    assert all(torch.equal(a, b) for a, b in zip(whole.model.parameters(), second.model.parameters(), strict=True))
    with pytest.raises(ValueError, match="another recipe"):
        train.Training(train.Recipe(pictures=64, batch=16)).resume(tmp_path / "state.pt")
