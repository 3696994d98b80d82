"""What is kept of a layer while pictures stream by."""

import pytest
import torch

from rivalry.dissection.profiles.layer_profile import LayerProfile, ProfileStream
from rivalry.numerics.sampling import draw
from rivalry.recording.pooling import Pooled


def heard(values: torch.Tensor, *, sample: int = 1000, batch: int = 4, **options: int) -> LayerProfile:
    stream = ProfileStream(
        values.shape[1], 3, sample, pictures=len(values), classes=0, device=torch.device("cpu"), **options
    )
    for index in torch.split(torch.randperm(len(values)), batch):
        rate = (values[index] > 0).float() / 2
        stream.add(Pooled(values[index], rate), torch.zeros(len(index), 0), index)
    return stream.summarise()


def test_moments_of_all_pictures() -> None:
    values = torch.randn(50, 4, generator=torch.Generator().manual_seed(0)) + 1000
    found = heard(values, sample=5)
    assert found.pictures == 50
    assert found.mean.tolist() == pytest.approx(values.double().mean(0).tolist())
    assert found.standard_deviation.tolist() == pytest.approx(values.double().std(0, correction=0).tolist(), rel=1e-6)
    assert found.extremes.tolist() == [values.amin(0).tolist(), values.amax(0).tolist()]
    assert found.win_rate.tolist() == [0.5] * 4


def test_a_constant_has_no_deviation() -> None:
    assert heard(torch.full((50, 1), 0.1)).standard_deviation.tolist() == [0.0]


def test_the_sample_is_drawn_by_seed_and_number_alone() -> None:
    values = torch.randn(50, 4, generator=torch.Generator().manual_seed(0))
    for batch in (1, 7, 50):
        sample = heard(values, sample=9, batch=batch).sample
        assert sample.index.tolist() == sorted(draw(50, 9, seed=0).tolist())
        assert torch.equal(sample.values, values[sample.index])
        assert torch.equal(sample.won, values[sample.index] > 0)
        assert sample.logits.shape == (9, 0)


def test_the_sample_is_as_large_as_its_limit_allows() -> None:
    """Five bytes a unit and picture."""
    values = torch.randn(50, 4, generator=torch.Generator().manual_seed(0))
    assert len(heard(values, limit=5 * 4 * 7 + 3).sample.index) == 7
    assert len(heard(values, limit=1).sample.index) == 1


def test_one_unit_of_one_picture() -> None:
    found = heard(torch.tensor([[2.0]]))
    assert (found.units, found.pictures, found.mean.tolist(), found.extremes.tolist()) == (1, 1, [2.0], [[2.0], [2.0]])
    assert found.sample.values.tolist() == [[2.0]]
