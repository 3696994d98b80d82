"""What is streamed equals what is computed at once, and the sample of the images is bounded and always the same."""

import numpy as np
import torch

from rivalry.dissection.truth import ConceptCorrelation, TruthStream
from rivalry.recording.presence import presence

CPU = torch.device("cpu")


def test_streamed_correlation_equals_numpy() -> None:
    generator = torch.Generator().manual_seed(0)
    values = torch.randn(37, 5, generator=generator) + 10
    masks = torch.randint(0, 5, (37, 5, 1, 2), generator=generator, dtype=torch.int16)
    metric = ConceptCorrelation(units=5, concepts=4)
    for start in range(0, 37, 8):
        metric.update(values[start : start + 8], presence(masks[start : start + 8], 4))
    metric.update(values[:0], presence(masks[:0], 4))
    shown = np.array([[(mask == concept).any() for concept in range(1, 5)] for mask in masks.numpy()])
    expected = np.corrcoef(values.double().numpy().T, shown.T.astype(float))[:5, 5:]
    np.testing.assert_allclose(metric.compute().numpy(), expected, atol=1e-9)


def heard(order: torch.Tensor, limit: int) -> TruthStream:
    generator = torch.Generator().manual_seed(1)
    values, shown = torch.randn(50, 3, generator=generator), torch.rand(50, 2, generator=generator) < 0.4
    stream = TruthStream(3, 2, 50, device=CPU, limit=limit)
    for part in order.split(7):
        stream.add(values[part], shown[part], part)
    return stream


def test_where_all_images_fit_all_are_kept_in_their_order() -> None:
    truth = heard(torch.arange(50).flip(0), limit=4 * 5 * 50).compute()
    generator = torch.Generator().manual_seed(1)
    assert torch.equal(truth.values, torch.randn(50, 3, generator=generator))
    assert torch.equal(truth.shown, torch.rand(50, 2, generator=generator) < 0.4)


def test_a_sample_keeps_its_bound_and_does_not_depend_on_the_order() -> None:
    limit = 4 * 5 * 12 + 3
    ahead, back = (heard(order, limit) for order in (torch.arange(50), torch.arange(50).flip(0)))
    one, other, whole = ahead.compute(), back.compute(), heard(torch.arange(50), limit=10**6).compute()
    assert one.values.shape == (12, 3)
    assert torch.equal(one.values, other.values)
    assert torch.equal(one.values, whole.values[ahead.chosen])
    torch.testing.assert_close(one.correlation, whole.correlation)  # of all images, sampled or not


def test_a_limit_too_small_for_one_image_keeps_one() -> None:
    assert len(heard(torch.arange(50), limit=1).compute().values) == 1
