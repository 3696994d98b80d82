"""Importance vectors in two dimensions: groups stay together, nothing is laid out that cannot be, and all is kept."""

from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA

from rivalry.concepts.strategies import check_layout, layout
from rivalry.concepts.strategies.layout import FEWEST, LAYOUTS


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RIVALRY_CACHE", str(tmp_path))
    return tmp_path


def groups(images: int = 60, concepts: int = 6) -> torch.Tensor:
    """Three groups, image n in group n % 3, each by a concept of its own."""
    vectors = 0.3 * torch.randn(images, concepts, generator=torch.Generator().manual_seed(0))
    vectors[torch.arange(images), torch.arange(images) % 3] += 4
    return vectors


def kept(cache: Path) -> list[str]:
    return sorted(file.name for file in (cache / "layouts").iterdir())


@pytest.mark.parametrize("method", LAYOUTS)
def test_groups_lie_apart_in_a_square(method: str) -> None:
    places = layout(groups(), method)
    assert places is not None
    assert places.shape == (60, 2)
    assert places.dtype == torch.float32
    assert float(places.abs().max()) == pytest.approx(1)
    for group in range(3):
        own, others = places[group::3], torch.cat([places[(group + one) % 3 :: 3] for one in (1, 2)])
        assert float(torch.cdist(own, own).max()) < float(torch.cdist(own, others).min())


def test_principal_axes_are_those_of_scikit_learn() -> None:
    vectors = groups(40)
    places = layout(vectors, "pca")
    assert places is not None
    theirs = PCA(2).fit_transform(vectors.double().numpy())
    correlation = np.corrcoef(places.numpy().T, theirs.T)[:2, 2:]
    np.testing.assert_allclose(np.abs(correlation).diagonal(), 1, atol=1e-5)
    # One factor for both axes, so that distances stay what they are.
    ours = np.ptp(places.numpy(), axis=0)
    np.testing.assert_allclose(ours[0] / ours[1], np.ptp(theirs[:, 0]) / np.ptp(theirs[:, 1]), rtol=1e-4)


@pytest.mark.parametrize("images", [FEWEST, 7, 31])
def test_few_images_have_a_perplexity_that_they_allow(images: int) -> None:
    places = layout(groups(images))
    assert places is not None
    assert bool(places.isfinite().all())


def test_what_cannot_be_laid_out_is_explicitly_nothing(own_cache: Path) -> None:
    assert layout(groups(FEWEST - 1)) is None
    assert layout(torch.ones(30, 4)) is None
    assert not (own_cache / "layouts").exists()


@pytest.mark.parametrize("method", LAYOUTS)
def test_one_concept_has_a_layout_too(method: str) -> None:
    places = layout(groups(20)[:, :1], method)
    assert places is not None
    assert bool(places.isfinite().all())


@pytest.mark.parametrize("method", LAYOUTS)
def test_pictures_of_the_same_vector_do_not_break_it(method: str) -> None:
    places = layout(torch.tensor([[0.0, 1.0], [2.0, 0.0]]).repeat(10, 1), method)
    assert places is not None
    assert bool(places.isfinite().all())


def test_it_is_kept_by_content_method_and_seed(own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = groups(20)
    first = layout(vectors, seed=3)
    assert first is not None
    (name,) = kept(own_cache)
    np.save(own_cache / "layouts" / name, np.full((20, 2), 0.5, np.float32))
    again = layout(vectors, seed=3)
    assert again is not None
    assert again.unique().tolist() == [0.5]  # read, not computed
    layout(vectors, seed=4)
    layout(vectors, "pca", seed=3)
    layout(vectors + 1, seed=3)
    assert len(kept(own_cache)) == 4
    monkeypatch.setenv("RIVALRY_CACHE", str(own_cache / "elsewhere"))
    anew = layout(vectors, seed=3)
    assert anew is not None
    assert torch.equal(anew, first)


def test_global_random_numbers_stay_as_they_are() -> None:
    torch.manual_seed(5)
    np.random.seed(5)
    before = torch.get_rng_state(), np.random.get_state()[1].tolist()
    layout(groups(20))
    assert torch.equal(torch.get_rng_state(), before[0])
    assert np.random.get_state()[1].tolist() == before[1]


def test_bad_input_is_refused_before_anything_is_computed(own_cache: Path) -> None:
    with pytest.raises(ValueError, match=r"by tsne or pca; given 'umap', nearest: tsne, pca"):
        check_layout("umap")
    with pytest.raises(ValueError, match="nearest: tsne"):
        layout(groups(), "t-sne")
    broken = groups()
    broken[3, 1] = torch.nan
    with pytest.raises(ValueError, match="must be finite"):
        layout(broken)
    assert not (own_cache / "layouts").exists()
