"""What a concept is like: classifier rows, and concepts of other classes."""

from __future__ import annotations

import torch
from torch.nn import functional

from rivalry.concepts.record import alignment
from rivalry.concepts.record.alignment import aligned_classes, shared_pairs, similar_concepts


def test_classes_are_aligned_by_cosine_not_by_length() -> None:
    found = aligned_classes(torch.tensor([[3.0, 0.0], [0.0, -1.0]]), torch.tensor([[0.1, 0.0], [9.0, 9.0]]), 2)
    assert found.which.tolist() == [[0, 1], [0, 1]]
    torch.testing.assert_close(found.cosines, torch.tensor([[1.0, 0.5**0.5], [0.0, -(0.5**0.5)]]))


def test_fewer_classes_than_are_listed_are_all_listed() -> None:
    assert aligned_classes(torch.ones(1, 3), torch.eye(3)[:2]).which.shape == (1, 2)


def test_similar_concepts_are_of_other_classes(monkeypatch) -> None:  # noqa: ANN001
    concepts = torch.randn(30, 7, generator=torch.Generator().manual_seed(0))
    class_ = torch.arange(30) // 4
    rows = functional.normalize(concepts, dim=1)
    cosines = (rows @ rows.T).masked_fill(class_[:, None] == class_, -torch.inf)
    found = similar_concepts(concepts, class_, 3)
    assert torch.equal(found.which, cosines.topk(3, dim=1).indices)
    monkeypatch.setattr(alignment, "_ROWS_AT_ONCE", 4)
    again = similar_concepts(concepts, class_, 3)
    assert torch.equal(found.which, again.which)
    torch.testing.assert_close(found.cosines, again.cosines)


def test_a_single_class_has_no_similar_concepts_elsewhere() -> None:
    found = similar_concepts(torch.eye(3), torch.zeros(3, dtype=torch.long), 2)
    assert (found.which == -1).all()
    assert found.cosines.isnan().all()
    assert shared_pairs(found, 5) == []


def test_pairs_are_listed_once_the_most_alike_first() -> None:
    concepts = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 0.1], [0.5, 1.0]])
    pairs = shared_pairs(similar_concepts(concepts, torch.tensor([0, 0, 1, 1])), 10)
    assert [pair[:2] for pair in pairs] == [(0, 2), (1, 3), (0, 3), (1, 2)]
    assert pairs[0][2] > pairs[1][2] > pairs[2][2] > pairs[3][2]
    assert shared_pairs(similar_concepts(concepts, torch.tensor([0, 0, 1, 1])), 1) == pairs[:1]
