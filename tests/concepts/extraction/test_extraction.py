"""What holds of every extraction, and bad input."""

import re

import numpy as np
import pytest
import torch
from torch import Tensor

from rivalry.concepts.extraction import NMF, PCA, Basis, Extraction, KMeans, NaturalUnits, SparseAutoencoder
from rivalry.concepts.extraction.gram import relative_error
from rivalry.recording.directions import Directions
from tests.concepts.extraction.planted import planted

CHANNELS = 20


def of_directions(seed: int = 0) -> Extraction:
    """Answers of random directions."""
    generator = torch.Generator().manual_seed(seed)
    return Basis().of(Directions(torch.randn(CHANNELS, 12, generator=generator), torch.full((12,), 0.1)))


EVERY = [NaturalUnits(), KMeans(), PCA(), NMF(), SparseAutoencoder(epochs=15, batch=64), of_directions()]
SIGNED = pytest.mark.parametrize("signed", [False, True])
METHODS = pytest.mark.parametrize("extraction", EVERY, ids=lambda one: one.name)


def rows_of(*, signed: bool) -> Tensor:
    rows, _, _ = planted(signed=signed)
    return rows + 0.05 * torch.rand(rows.shape, generator=torch.Generator().manual_seed(9))


@METHODS
@SIGNED
def test_fit_encode_and_decode(extraction: Extraction, signed: bool) -> None:
    rows = rows_of(signed=signed)
    found = extraction.fit(rows, 4)
    codes = found.encode(rows)
    assert (found.concepts.shape, codes.shape, codes.dtype) == ((4, CHANNELS), (300, 4), rows.dtype)
    assert torch.equal(found.decode(codes), codes @ found.concepts)
    assert found.decode(codes.view(30, 10, 4)).shape == (30, 10, CHANNELS)
    assert found.fitted.error == pytest.approx(relative_error(rows, codes, found.concepts), rel=1e-4)
    assert found.fitted.dead == int((codes == 0).all(0).sum())
    assert 0 < found.fitted.error < 1


@METHODS
def test_rows_are_encoded_one_by_one(extraction: Extraction) -> None:
    rows = rows_of(signed=False)
    found = extraction.fit(rows, 4)
    torch.testing.assert_close(found.encode(rows[7:9]), found.encode(rows)[7:9], atol=1e-4, rtol=1e-3)
    assert found.encode(rows[:0]).shape == (0, 4)


@METHODS
def test_the_seed_decides_and_global_random_states_stay(extraction: Extraction) -> None:
    rows = rows_of(signed=False)
    torch.manual_seed(3)
    before, numpy_before = torch.get_rng_state(), np.random.get_state()[1]
    first = extraction.fit(rows, 4, seed=1)
    assert torch.equal(torch.get_rng_state(), before)
    assert np.array_equal(np.random.get_state()[1], numpy_before)
    torch.manual_seed(4)
    second = extraction.fit(rows, 4, seed=1)
    assert torch.equal(first.concepts, second.concepts)
    assert first.fitted == second.fitted


@METHODS
def test_works_in_inference_mode(extraction: Extraction) -> None:
    rows = rows_of(signed=False)
    with torch.inference_mode():
        inside = extraction.fit(rows.clone(), 4)
    assert torch.equal(inside.concepts, extraction.fit(rows, 4).concepts)


@METHODS
def test_what_is_found_does_not_depend_on_the_scale_of_the_layer(extraction: Extraction) -> None:
    rows = rows_of(signed=True)
    if extraction.name == "basis":  # its bias is a level of the layer
        extraction = Basis().of(Directions(torch.eye(CHANNELS), torch.zeros(CHANNELS)))
    one, other = (extraction.fit(part, 4) for part in (rows, 4 * rows))
    given_back = one.decode(one.encode(rows)), other.decode(other.encode(4 * rows)) / 4
    torch.testing.assert_close(*given_back, atol=1e-3, rtol=1e-3)


@METHODS
@pytest.mark.parametrize("scale", [1e-9, 1e14])
def test_layers_of_any_scale_are_fitted(extraction: Extraction, scale: float) -> None:
    if extraction.name == "basis":
        extraction = Basis().of(Directions(torch.eye(CHANNELS), torch.zeros(CHANNELS)))
    rows = rows_of(signed=True)
    error = extraction.fit(scale * rows, 4).fitted.error
    assert error == pytest.approx(extraction.fit(rows, 4).fitted.error, rel=1e-2)


@METHODS
@pytest.mark.parametrize("precision", [torch.float16, torch.bfloat16, torch.float64])
def test_rows_of_any_precision_have_codes_of_that_precision(extraction: Extraction, precision: torch.dtype) -> None:
    """Squares of these rows are beyond half precision."""
    rows = (200 * rows_of(signed=False)).to(precision)
    found = extraction.fit(rows, 4)
    codes, expected = found.encode(rows), found.encode(rows.float())
    assert codes.dtype == precision
    off = float((codes.double() - expected.double()).abs().max() / expected.abs().max())
    assert off < max(4 * torch.finfo(precision).eps, 1e-4)


@METHODS
def test_activations_that_are_part_of_a_graph(extraction: Extraction) -> None:
    rows = rows_of(signed=False)
    found = extraction.fit(rows.clone().requires_grad_(), 4)
    assert not found.concepts.requires_grad
    assert torch.equal(found.concepts, extraction.fit(rows, 4).concepts)


@METHODS
def test_gradients_flow_through_decoding(extraction: Extraction) -> None:
    found = extraction.fit(rows_of(signed=False), 4)
    codes = torch.ones(1, 4, requires_grad=True)
    found.decode(codes)[0, 2].backward()
    assert codes.grad is not None
    assert torch.equal(codes.grad[0], found.concepts[:, 2])


@METHODS
@pytest.mark.parametrize(
    ("rows", "concepts", "message"),
    [
        (torch.rand(3, CHANNELS), 4, "4 concepts want as many activations at least, got 3"),
        (torch.rand(0, CHANNELS), 1, "1 concepts want as many activations at least, got 0"),
        (torch.rand(30, CHANNELS), 0, "concepts are 1 or more, got 0"),
        (torch.ones(30, CHANNELS), 2, "all 30 activations are the same"),
        (torch.zeros(30, CHANNELS), 2, "all 30 activations are the same"),
        (torch.rand(30, CHANNELS).index_fill(0, torch.tensor([4]), torch.nan), 2, "must be finite"),
        (torch.rand(30, CHANNELS).index_fill(0, torch.tensor([4]), torch.inf), 2, "must be finite"),
        (torch.rand(30, CHANNELS) * 1e20, 2, "activations reach 1e\\+20, and products of such are lost"),
        (torch.rand(30, CHANNELS) * 1e-30, 2, "activations reach 1e-30, and products of such are lost"),
    ],
)
def test_bad_input_is_refused(extraction: Extraction, rows: Tensor, concepts: int, message: str) -> None:
    refused = extraction.refusal(rows, concepts)
    assert refused is not None
    assert re.search(message, refused)
    with pytest.raises(ValueError, match=message):
        extraction.fit(rows, concepts)


@pytest.mark.parametrize(
    ("extraction", "most"), [(NaturalUnits(), 20), (PCA(), 20), (of_directions(), 12)], ids=["natural", "pca", "basis"]
)
def test_more_concepts_than_there_can_be_are_refused(extraction: Extraction, most: int) -> None:
    rows = torch.rand(60, CHANNELS, generator=torch.Generator().manual_seed(0))
    assert len(extraction.fit(rows, most).concepts) == most
    with pytest.raises(ValueError, match=f"at most {most} concepts in a layer of 20 channels, and not {most + 1}"):
        extraction.fit(rows, most + 1)


@pytest.mark.parametrize("extraction", [KMeans(), NMF(), SparseAutoencoder(epochs=3)], ids=lambda one: one.name)
def test_others_find_more_concepts_than_channels(extraction: Extraction) -> None:
    rows = torch.rand(60, 6, generator=torch.Generator().manual_seed(0))
    found = extraction.fit(rows, 9)
    assert found.encode(rows).shape == (60, 9)
    assert bool(found.concepts.isfinite().all())


def test_a_negative_seed_is_refused() -> None:
    with pytest.raises(ValueError, match="a seed is 0 or more, got -1"):
        PCA().fit(torch.rand(9, 4), 2, seed=-1)


@pytest.mark.parametrize(
    "make",
    [
        lambda: NMF(iterations=0),
        lambda: NMF(tolerance=0),
        lambda: KMeans(restarts=0),
        lambda: KMeans(tolerance=-1),
        lambda: SparseAutoencoder(active=0),
        lambda: SparseAutoencoder(rate=0),
    ],
)
def test_settings_out_of_bounds_are_refused(make: type[Extraction]) -> None:
    with pytest.raises(ValueError, match="1 or more"):
        make()
