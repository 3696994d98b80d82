"""What a policy makes of IoU, which concepts are dissected, and what a sheet draws: by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from rivalry.basis.concept_masks import ConceptMasks, check_size
from rivalry.basis.detector_sheet import best_units, outlined
from rivalry.basis.policies import Detection, beyond_everything
from tests.basis.scenes import Scenes

NAN = float("nan")


def detection(train: list[list[float]], validation: list[list[float]], area: list[float]) -> Detection:
    both = torch.tensor(validation)
    return Detection(torch.tensor(train), both, torch.tensor(area), torch.ones_like(both))


def test_a_unit_is_called_on_one_half_and_scored_on_the_other() -> None:
    found = detection(
        [[0.1, 0.3, NAN], [0.2, 0.2, NAN], [NAN, NAN, NAN]],
        [[0.9, 0.4, 1.0], [0.1, 0.5, NAN], [1.0] * 3],
        [0.05, 0.5, 1],
    )
    assert found.labels.tolist() == [1, 0, -1]  # of equal ones the first
    assert found.iou_train.tolist() == pytest.approx([0.3, 0.2, NAN], nan_ok=True)
    assert found.iou.tolist() == pytest.approx([0.4, 0.1, NAN], nan_ok=True)
    assert found.beyond_area.tolist() == [False, True, False]  # 0.4 of a concept that covers a half is no merit
    assert found.best_units.tolist() == [1, 0, -1]
    assert found.best_iou.tolist() == pytest.approx([0.1, 0.4, NAN], nan_ok=True)
    assert found.threshold is None


def test_the_sheet_takes_the_best_unit_of_each_concept() -> None:
    near = detection([[0.5, 0.1], [0.6, 0.1], [0.1, 0.2]], [[0.3, 0.0], [0.2, 0.0], [0.9, 0.1]], [0.1, 0.1])
    far = detection([[0.5, 0.1], [0.1, 0.2]], [[0.31, 0.0], [0.9, NAN]], [0.1, 0.1])
    assert best_units({"near": near, "far": far}) == [("far", 0), ("near", 2)]
    assert best_units({"near": near, "far": far}, count=1) == [("far", 0)]
    nothing = detection([[0.5]], [[0.0]], [0.1])
    assert best_units({"near": nothing}) == []


def test_what_is_marked_keeps_its_light_within_an_outline() -> None:
    image, mask = torch.full((3, 7, 7), 200, dtype=torch.uint8), torch.zeros(7, 7, dtype=torch.bool)
    mask[1:6, 1:6] = True
    drawn = outlined(image, mask)
    assert drawn.shape == (7, 7, 3)
    assert (drawn[2:5, 2:5] == 200).all()
    assert (drawn[0] == 110).all()
    assert np.array_equal(drawn[1, 1:6], np.tile([255, 214, 64], (5, 1)))


def masked(values: list[int]) -> Tensor:
    return torch.tensor(values, dtype=torch.int16).view(1, 1, 1, -1)


def test_other_categories_vanish_from_masks_and_the_rest_is_numbered_anew() -> None:
    some = ConceptMasks.chosen(Scenes(), ["part", "scene"])
    assert [concept.name for concept in some.concepts] == ["wheel", "night"]
    assert (some.categories, some.planes, some.size) == ((2, 0), 6, (16, 24))
    assert some.of(masked([0, 1, 2, 3, 4]), (1, 5)).flatten().tolist() == [0, 0, 0, 1, 2]
    whole = ConceptMasks.chosen(Scenes(), None)
    masks = masked([0, 1, 2, 3, 4])
    assert whole.of(masks, (1, 5)) is masks
    assert some.of(masks[:0], (1, 5)).shape == (0, 1, 1, 5)
    with pytest.raises(ValueError, match="masks hold 0 to 5, and there are 4 concepts"):
        some.of(masked([0, 5]), (1, 2))


@pytest.mark.parametrize("size", [(112, 112), (224, 224), (448, 448), (113, 113), (14, 14)])
def test_masks_may_be_coarser_or_finer(size: tuple[int, int]) -> None:
    check_size(size, (224, 224))


@pytest.mark.parametrize(("size", "image"), [((90, 120), (64, 64)), ((24, 16), (16, 24)), ((64, 72), (64, 64))])
def test_masks_of_another_shape_are_refused(size: tuple[int, int], image: tuple[int, int]) -> None:
    with pytest.raises(
        ValueError, match=rf"masks of {size[0]} × {size[1]} pixels do not lie on pictures of {image[0]}"
    ):
        check_size(size, image)


def test_what_is_beyond_a_mask_of_everything() -> None:
    """Shares ½, ¼ and 1 of the pixels; a mask of everything has these IoU, and nothing can be beyond the last."""
    ious = [[0.5, 0.25, 1.0], [0.75, 0.0, 0.5]]
    one = beyond_everything(detection(ious, ious, [0.5, 0.25, 1.0]), torch.tensor([[0.5, 0.25, 1.0]] * 2))
    expected = torch.tensor([[0.0, 0.0, torch.nan], [0.5, 0.0, torch.nan]])
    torch.testing.assert_close(one.train, expected, equal_nan=True)
    torch.testing.assert_close(one.validation, expected, equal_nan=True)
    assert one.labels.tolist() == [0, 0]
