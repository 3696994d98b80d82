"""What a sample is, and how transforms are named."""

from functools import partial

import pytest
from torch import Tensor
from torchvision.transforms import v2

from rivalry.data import CATEGORIES, Concept
from rivalry.data.dataset import describe_transform


def darken(image: Tensor, by: int = 1) -> Tensor:
    return image - by


def test_a_concept_has_a_category_of_broden() -> None:
    assert [Concept("x", category).category for category in CATEGORIES] == list(CATEGORIES)
    with pytest.raises(ValueError, match="'wheel' has category 'thing'; the categories are scene, object"):
        Concept("wheel", "thing")


def test_transforms_are_told_apart_and_named_without_places_in_memory() -> None:
    described = [describe_transform(t) for t in (None, darken, partial(darken, by=2), v2.Resize(8), v2.Resize(16))]
    assert len(set(described)) == 5
    assert not any("0x" in text for text in described)
    assert "darken" in described[1]
