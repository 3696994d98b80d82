"""Features of several depths, by hand."""

import pytest
import torch

from rivalry.recording.depths import stack_depths


def test_two_layers_by_hand() -> None:
    first = torch.tensor([3.0, 4.0]).view(1, 2, 1, 1).expand(1, 2, 2, 3)
    second = torch.tensor([0.0, 2.0, 0.0, 0.0, 0.0]).view(1, 5, 1, 1)
    stacked = stack_depths([first, second])
    assert stacked.shape == (1, 2, 3, 7)
    assert stacked[0, 1, 2].tolist() == pytest.approx([0.6, 0.8, 0.0, 0.5, 0.0, 0.0, 0.0])  # weight (1+2)/(1+5)


def test_resizing_comes_before_normalising() -> None:
    layer = torch.randn(2, 4, 3, 5, generator=torch.Generator().manual_seed(0))
    stacked = stack_depths([layer], size=(6, 10))
    assert stacked.shape == (2, 6, 10, 4)
    assert stacked.norm(dim=3).flatten().tolist() == pytest.approx([1.0] * 120, abs=1e-5)


def test_the_scale_of_a_layer_is_nothing() -> None:
    maps = [torch.randn(1, 4, 4, 6), torch.randn(1, 8, 2, 3)]
    scaled = [maps[0] * 100, maps[1] * 0.01]
    assert torch.allclose(stack_depths(maps), stack_depths(scaled), atol=1e-5)


def test_silent_places_stay_silent() -> None:
    assert stack_depths([torch.zeros(1, 4, 2, 2)]).abs().sum() == 0


def test_no_layer_is_refused() -> None:
    with pytest.raises(ValueError, match="one layer at least"):
        stack_depths([])
