"""A picture shows a concept where any pixel does."""

from __future__ import annotations

import pytest
import torch

from rivalry.recording.presence import presence


def test_presence_is_any_pixel_in_any_category() -> None:
    masks = torch.zeros(3, 5, 2, 2, dtype=torch.int16)
    masks[0, 1, 0, 1] = 1
    masks[1, 4] = 3
    masks[1, 0, 1, 1] = 2
    assert presence(masks, 3).tolist() == [[True, False, False], [False, True, True], [False, False, False]]


@pytest.mark.parametrize("wrong", [-1, 4])
def test_a_mask_of_no_concept_is_refused(wrong: int) -> None:
    """It would else count for the picture before or after."""
    masks = torch.zeros(3, 5, 2, 2, dtype=torch.int16)
    masks[1, 2, 0, 0] = wrong
    with pytest.raises(ValueError, match=r"masks hold (-1 to 0|0 to 4); wanted 0 for nothing, and 1 to 3"):
        presence(masks, 3)
