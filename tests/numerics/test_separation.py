"""The area under the ROC curve equals scikit-learn's, ties and weights included."""

import pytest
import torch
from sklearn.metrics import roc_auc_score

from rivalry.numerics import separation
from rivalry.numerics.separation import auroc, weighted_auroc


def test_equals_scikit_learn_with_ties(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(separation, "_ELEMENTS_AT_ONCE", 300)  # some units at a time
    generator = torch.Generator().manual_seed(0)
    positive = torch.randint(0, 6, (40, 9), generator=generator).float()
    negative = torch.randint(-1, 5, (25, 9), generator=generator).float()
    kinds = torch.cat([torch.ones(40), torch.zeros(25)])
    expected = [roc_auc_score(kinds, torch.cat([positive[:, u], negative[:, u]])) for u in range(9)]
    assert auroc(positive, negative).tolist() == pytest.approx(expected)


def test_by_hand() -> None:
    positive, negative = torch.tensor([[2.0, 1.0, 5.0]]), torch.tensor([[1.0, 1.0, 9.0]])
    assert auroc(positive, negative).tolist() == [1.0, 0.5, 0.0]
    assert auroc(positive, negative[:0]).isnan().all()


def test_weights_are_repeats() -> None:
    generator = torch.Generator().manual_seed(1)
    positive, negative = (torch.randint(0, 9, (12,), generator=generator).float() for _ in range(2))
    counts = torch.randint(0, 4, (5, 12), generator=generator)
    expected = [
        float(auroc(positive.repeat_interleave(row)[:, None], negative.repeat_interleave(row)[:, None]))
        for row in counts
    ]
    assert weighted_auroc(positive, negative, counts.double()).tolist() == pytest.approx(expected)
