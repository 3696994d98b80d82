"""Where the answer is linear: the table of the paper's closed forms, and that the generic paths agree with it."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from rivalry.concepts.answer import LinearAnswer, NetworkAnswer
from rivalry.concepts.importance import (
    HSIC,
    RISE,
    GradientInput,
    Importance,
    IntegratedGradients,
    Occlusion,
    Saliency,
    SmoothGrad,
    SobolTotal,
    VarGrad,
)
from rivalry.recording.layer_maps import LayerMaps
from rivalry.recording.rest import Rest
from tests.concepts.answers import Written, as_formula, drawn, linear

EXACT = [Saliency(), GradientInput(), IntegratedGradients(4), SmoothGrad(8), VarGrad(8), Occlusion(), HSIC(64)]


def test_the_table_by_hand() -> None:
    answer = LinearAnswer(torch.tensor([2.0, -1.0]), 5.0)
    codes = torch.tensor([[[1.0, 6.0], [3.0, 0.0]]])  # means 2 and 3, so γū = 4 and −3
    wanted = {
        Saliency(): [2.0, -1.0],
        SmoothGrad(): [2.0, -1.0],
        VarGrad(): [0.0, 0.0],
        GradientInput(): [4.0, -3.0],
        IntegratedGradients(): [4.0, -3.0],
        Occlusion(): [4.0, -3.0],
        RISE(keep=0.25): [0.75 * 4 + 0.25 * 1 + 5, 0.75 * -3 + 0.25 * 1 + 5],
        SobolTotal(): [16 / 25, 9 / 25],
    }
    for method, values in wanted.items():
        torch.testing.assert_close(method.of(answer, codes), torch.tensor([values]))


@pytest.mark.parametrize("method", EXACT, ids=lambda method: method.name)
def test_generic_paths_agree(method: Importance) -> None:
    answer, codes = linear()
    torch.testing.assert_close(method.of(as_formula(answer), codes), method.of(answer, codes), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("keep", [0.2, 0.5])
def test_rise_agrees_within_five_standard_errors(keep: float) -> None:
    answer, codes = linear()
    method = RISE(20_000, keep)
    spread = (answer.weights * codes.mean(1)).square().sum(1, keepdim=True).sqrt() * (keep * (1 - keep)) ** 0.5
    error = (method.of(as_formula(answer), codes) - method.of(answer, codes)).abs()
    assert bool((error < 5 * spread / (20_000 * keep) ** 0.5).all())


@pytest.mark.parametrize(("designs", "error"), [(32, 0.2), (256, 0.02), (1024, 0.001)])
def test_sobol_comes_to_the_closed_form_with_more_designs(designs: int, error: float) -> None:
    answer, codes = linear()
    wanted = SobolTotal().of(answer, codes)
    for seed in range(10):
        got = SobolTotal(designs).of(as_formula(answer), codes, seed=seed)
        assert (got - wanted).abs().max() < error


class Pooled(nn.Module):
    """A layer whose mean a classifier reads."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.stem, self.act, self.head = nn.Conv2d(3, 6, 3, stride=2), nn.ReLU(), nn.Linear(6, 3)

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self.act(self.stem(images)).mean((2, 3)))


@pytest.mark.parametrize("method", EXACT, ids=lambda method: method.name)
def test_the_rest_of_a_network_agrees_with_the_closed_form_in_the_penultimate_layer(method: Importance) -> None:
    network, dictionary = Pooled(), Written(torch.randn(4, 6, generator=torch.Generator().manual_seed(3)))
    images = torch.randint(0, 256, (3, 3, 9, 9), dtype=torch.uint8)
    maps = LayerMaps.settled(network, ["act"], {}, images[0])
    codes = drawn(3, 16, 4)
    wanted = method.of(LinearAnswer.read(network.head, dictionary, 1), codes)
    with Rest(network, "act", images) as rest:
        got = method.of(NetworkAnswer(rest, maps, dictionary, 1), codes)
    torch.testing.assert_close(got, wanted, rtol=1e-3, atol=1e-5)
