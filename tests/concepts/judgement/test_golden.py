"""The reference's values, where definitions are the same."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from rivalry.concepts.judgement.frechet import frechet
from rivalry.concepts.judgement.reconstruction import relative_l2
from rivalry.concepts.judgement.wasserstein import wasserstein_1d
from rivalry.numerics.matching import matched_cosine

GOLDEN = Path(__file__).parents[2] / "golden" / "overcomplete_a1781af.npz"


@pytest.fixture(scope="module")
def golden() -> dict[str, Tensor]:
    return {name: torch.from_numpy(np.asarray(array)) for name, array in np.load(GOLDEN).items()}


def test_relative_l2(golden: dict[str, Tensor]) -> None:
    found = relative_l2(golden["activations"], golden["reconstruction"])
    assert found == pytest.approx(float(golden["relative_avg_l2_loss"]), abs=1e-6)


def test_wasserstein(golden: dict[str, Tensor]) -> None:
    found = wasserstein_1d(golden["activations"], golden["reconstruction"])
    assert found == pytest.approx(float(golden["wasserstein_1d"]), abs=1e-7)


def test_frechet(golden: dict[str, Tensor]) -> None:
    """What was given back there is no product of the codes; with V the identity it is its own codes."""
    found = frechet(golden["activations"], golden["reconstruction"], torch.eye(24))
    assert found == pytest.approx(float(golden["frechet_distance"]), abs=1e-6)


def test_matched_cosine(golden: dict[str, Tensor]) -> None:
    """The reference gives the sum over pairs of 1 − cosine."""
    cosines, _ = matched_cosine(golden["dictionary_1"], golden["dictionary_2"])
    assert float((1 - cosines).sum()) == pytest.approx(float(golden["cosine_hungarian_loss"]), abs=1e-6)
