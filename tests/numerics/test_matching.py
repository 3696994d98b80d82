"""Agreement of partitions: hand-worked cases, and scikit-learn's numbers."""

import math
from itertools import permutations

import pytest
import torch
from sklearn.metrics import adjusted_rand_score
from sklearn.metrics.cluster import contingency_matrix

from rivalry.numerics.matching import (
    adjusted_rand_index,
    contingency,
    iou_matrix,
    majority_accuracy,
    match,
    matched_cosine,
    matched_iou,
    renaming,
)


def partitions(seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    first = torch.randint(0, 4, (5, 200), generator=generator)
    noise = torch.randint(0, 3, (5, 200), generator=generator)
    return first, torch.where(noise > 0, first.clamp(max=2), noise)


def test_tables_and_rand_index_are_scikit_learns() -> None:
    first, second = partitions()
    table = contingency(first, second, (4, 3))
    score = adjusted_rand_index(table)
    for image in range(5):
        assert table[image].tolist() == contingency_matrix(first[image], second[image]).tolist()
        assert float(score[image]) == pytest.approx(adjusted_rand_score(first[image], second[image]))


def test_points_that_do_not_count_are_left_out() -> None:
    first, second = partitions()
    counted = second != 1
    table = contingency(first, second, (4, 3))[:, :, [0, 2]]
    score = adjusted_rand_index(table)
    for image in range(5):
        kept = counted[image]
        assert float(score[image]) == pytest.approx(adjusted_rand_score(first[image][kept], second[image][kept]))


def test_rand_index_of_what_is_trivial() -> None:
    together = torch.tensor([[[7]]])
    assert adjusted_rand_index(together).tolist() == [1.0]
    assert adjusted_rand_index(torch.tensor([[[3, 4]]])).tolist() == [0.0]  # one against two
    assert math.isnan(adjusted_rand_index(torch.tensor([[[0, 0]]])).item())


def test_iou_by_hand() -> None:
    # 6 points: cluster 0 holds four (three of segment 0), cluster 1 holds two of segment 1.
    table = torch.tensor([[[3, 1], [0, 2]]])
    assert iou_matrix(table)[0].tolist() == [[pytest.approx(3 / 4), pytest.approx(1 / 6)], [0.0, pytest.approx(2 / 3)]]
    assert matched_iou(table).item() == pytest.approx((3 / 4 + 2 / 3) / 2)
    assert majority_accuracy(table).item() == pytest.approx(5 / 6)


def test_a_segment_without_cluster_counts_as_nothing() -> None:
    assert matched_iou(torch.tensor([[[2, 2, 0]]])).item() == pytest.approx(0.25)  # one cluster, two segments there
    assert math.isnan(matched_iou(torch.zeros(1, 3, 2, dtype=torch.long)).item())


def test_matching_is_the_best_of_all() -> None:
    score = torch.rand(5, 5, generator=torch.Generator().manual_seed(4))
    rows, columns = match(score)
    best = max(sum(score[row, place].item() for row, place in enumerate(order)) for order in permutations(range(5)))
    assert float(score[rows, columns].sum()) == pytest.approx(best)


def test_agreement_does_not_depend_on_names() -> None:
    first, second = partitions(2)
    table = contingency(first, second, (4, 3))
    for order in ([3, 1, 0, 2], [1, 0, 3, 2]):
        other = table[:, order]
        for score in (adjusted_rand_index, matched_iou, majority_accuracy):
            assert score(other).tolist() == pytest.approx(score(table).tolist())


def test_renaming_undoes_a_permutation() -> None:
    labels = torch.randint(0, 6, (1, 500), generator=torch.Generator().manual_seed(0))
    order = torch.tensor([4, 2, 0, 5, 1, 3])
    names = renaming(contingency(order[labels], labels, (6, 6))[0])
    assert torch.equal(names[order[labels]], labels)
    fewer = renaming(torch.tensor([[3, 0, 0]]))
    assert fewer.tolist() == [0]


def orthonormal(count: int) -> torch.Tensor:
    square = torch.randn(count, count, generator=torch.Generator().manual_seed(0))
    return torch.linalg.qr(square.double()).Q


def test_vectors_in_another_order_are_the_same_vectors() -> None:
    vectors = orthonormal(9)
    order = torch.randperm(9, generator=torch.Generator().manual_seed(0))
    cosine, partner = matched_cosine(vectors, vectors[order])
    torch.testing.assert_close(cosine, torch.ones(9).double())
    assert torch.equal(order[partner], torch.arange(9))


@pytest.mark.parametrize("scale", [1e-30, 3.0, 1e30])
def test_lengths_of_vectors_do_not_matter_and_signs_do(scale: float) -> None:
    vectors = orthonormal(5)
    torch.testing.assert_close(matched_cosine(vectors, scale * vectors)[0], torch.ones(5).double())
    assert float(matched_cosine(vectors, -vectors)[0].max()) < 0.5
    assert matched_cosine(torch.eye(1), -torch.eye(1))[0].item() == -1
    assert matched_cosine(torch.eye(2), torch.zeros(2, 2))[0].tolist() == [0, 0]


def test_pairs_of_vectors_have_the_largest_sum_not_each_its_best() -> None:
    """Cosines 0.9, 0.8 / 0.8, 0.1: by best first 0.9 + 0.1, by sum 0.8 + 0.8."""
    first = torch.tensor([0.9, 0.8, 0.0])
    second = torch.tensor([0.8, 0.1, math.sqrt(1 - 0.65)])
    cosine, partner = matched_cosine(torch.eye(3)[:2], torch.stack([first / first.norm(), second]))
    assert partner.tolist() == [1, 0]
    assert cosine.tolist() == pytest.approx([0.8, 0.8 / math.hypot(0.9, 0.8)])


def test_vectors_without_a_partner_have_none() -> None:
    cosine, partner = matched_cosine(torch.eye(3), torch.eye(3)[1:])
    assert partner.tolist() == [-1, 0, 1]
    assert math.isnan(cosine[0])
    assert cosine[1:].tolist() == [1.0, 1.0]
