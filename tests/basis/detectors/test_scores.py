"""IoU by hand, and what is said where there is none. Against the plain loop it is tested with the tallies."""

import pytest
import torch

from rivalry.basis.detectors import DETECTOR, Counts, scores
from rivalry.basis.detectors.scores import at_label, chosen_thresholds, iou, labels_of, marked_pixels, threshold_of
from tests.basis.detectors.plain import drawn
from tests.basis.detectors.test_tallies import counted, edges_of


def by_hand() -> Counts:
    """One unit, edges 0 and 1; two concepts of one category, 10 pixels labelled; the second half lacks the second."""
    shown = torch.tensor([[[[1, 1, 2], [2, 0, 0]]], [[[0, 2, 0], [0, 0, 0]]]])
    labelled = torch.tensor([[[[4, 3, 3]]], [[[1, 3, 0]]]])
    positions = torch.tensor([[[40, 30, 30]], [[10, 30, 0]]])
    images = torch.tensor([[1, 1], [1, 0]])
    edges = torch.tensor([[0.0, 1.0]])
    return Counts(
        edges, torch.tensor([0, 0]), shown, labelled, labelled[:, :, 0], positions, positions[:, :, 0] * 0, images
    )


def test_iou_by_hand() -> None:
    counts = by_hand()
    torch.testing.assert_close(
        iou(counts, torch.tensor([0])),
        torch.tensor([[[3 / 7, 0]], [[2 / 3, torch.nan]]], dtype=torch.float64),
        equal_nan=True,
    )
    torch.testing.assert_close(
        iou(counts, torch.tensor([1])),
        torch.tensor([[[2 / 5, 0]], [[0, torch.nan]]], dtype=torch.float64),
        equal_nan=True,
    )
    torch.testing.assert_close(
        iou(counts.merged(), torch.tensor([[1, 0]])),
        torch.tensor([[[2 / 7, 0 / 11]]], dtype=torch.float64),
    )


def test_thresholds_by_hand() -> None:
    counts = by_hand()
    assert threshold_of(counts, 0.7).tolist() == [0]  # 90 of 140 exceed the first edge, 30 the second
    assert threshold_of(counts, 90 / 140).tolist() == [0]
    assert threshold_of(counts, 0.6).tolist() == [1]
    assert threshold_of(counts, 0.1).tolist() == [1]  # the highest edge, for want of a better
    assert threshold_of(counts, 0.65, "pixels").tolist() == [0]
    assert chosen_thresholds(counts).tolist() == [[0, 0]]


def test_labels_are_the_first_of_the_best_and_none_where_nothing_is_known() -> None:
    nan = torch.nan
    found = torch.tensor([[0.2, 0.5, 0.5], [nan, 0.0, 0.0], [nan, nan, nan], [nan, nan, 0.1]])
    assert labels_of(found).tolist() == [1, 1, -1, 2]
    scored = at_label(found, labels_of(found))
    torch.testing.assert_close(scored, torch.tensor([0.5, 0.0, nan, 0.1]), equal_nan=True)
    assert labels_of(found[:, :0]).tolist() == [-1] * 4
    assert bool(at_label(found[:, :0], torch.full((4,), -1)).isnan().all())


def test_a_concept_without_threshold_has_no_iou() -> None:
    found = iou(by_hand(), torch.tensor([[0, -1]]))
    assert found.isnan().tolist() == [[[False, True]], [[False, True]]]


def test_units_in_groups_equal_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    data = drawn()
    counts = counted(data, edges_of(data))
    places = threshold_of(counts, 0.1)
    whole = iou(counts, places), chosen_thresholds(counts), marked_pixels(counts, places)
    monkeypatch.setattr(scores, "_ELEMENTS_AT_ONCE", 1)
    parts = iou(counts, places), chosen_thresholds(counts), marked_pixels(counts, places)
    for one, other in zip(whole, parts, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=0, equal_nan=True)


def test_a_detector_is_what_the_paper_calls_one() -> None:
    assert DETECTOR == 0.04
