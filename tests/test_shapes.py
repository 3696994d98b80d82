"""Shapes are checked while tests run."""

import jaxtyping
import pytest
import torch

from rivalry.data.augmentation import CropAndFlip


def test_a_wrong_shape_is_refused() -> None:
    with pytest.raises(jaxtyping.TypeCheckError):
        CropAndFlip()(torch.zeros(2, 3, 8, 8, dtype=torch.uint8), torch.zeros(3, 3))


def test_a_wrong_kind_of_tensor_is_refused() -> None:
    with pytest.raises(jaxtyping.TypeCheckError):
        CropAndFlip()(torch.zeros(2, 3, 8, 8), torch.zeros(2, 3))
