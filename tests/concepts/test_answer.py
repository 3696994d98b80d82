"""A class's logit as a function of codes: by a product, and by the rest of a network."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import timm
import torch
from torch import Tensor, nn

from rivalry.concepts.answer import LinearAnswer, NetworkAnswer
from rivalry.lwta.layer import LWTA, evaluating
from rivalry.recording.layer_maps import LayerMaps, Places
from rivalry.recording.linear_head import reading_classifier
from rivalry.recording.observation import plain_forward
from rivalry.recording.rest import Rest
from tests.concepts.answers import Written, as_formula, drawn, linear, unlinear


class Small(nn.Module):
    """Maps that compete, a convolution, and a head that reads its mean."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.stem, self.compete = nn.Conv2d(3, 6, 3, stride=2, padding=1), LWTA(2)
        self.conv, self.rivals = nn.Conv2d(6, 4, 3, padding=1), LWTA(2)
        self.head = nn.Linear(4, 3)

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self.rivals(self.conv(self.compete(self.stem(images)))).mean((2, 3)))


def pictures(count: int = 4, size: int = 8) -> Tensor:
    return torch.randint(0, 256, (count, 3, size, size), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))


@contextmanager
def seen(
    network: nn.Module, layer: str, images: Tensor, places: Places = "positions"
) -> Iterator[tuple[Rest, LayerMaps]]:
    maps = LayerMaps.settled(network, [layer], {}, images[0], places=places)
    with Rest(network, layer, images) as rest:
        yield rest, maps


def rows_of(rest: Rest, maps: LayerMaps, images: Tensor) -> Tensor:
    size = images.shape[2], images.shape[3]
    return maps.of({rest.layer: rest.outputs}, size)[rest.layer].flatten(2).mT


@pytest.mark.parametrize("layer", ["compete", "conv", "rivals"])
def test_codes_of_a_whole_basis_give_the_networks_own_logits(layer: str) -> None:
    network, images = Small(), pictures()
    with seen(network, layer, images) as (rest, maps):
        rows = rows_of(rest, maps, images)
        basis = torch.linalg.qr(torch.randn(rows.shape[2], rows.shape[2]))[0]
        answer = NetworkAnswer(rest, maps, Written(basis), 2)
        torch.testing.assert_close(answer(rows @ basis.T, torch.arange(4)), rest.logits[:, 2])
        swapped = answer((rows @ basis.T)[[3, 0, 0]], torch.tensor([3, 0, 0]))
        torch.testing.assert_close(swapped, rest.logits[[3, 0, 0], 2])


def test_a_linear_answer_is_that_of_the_network_whose_classifier_it_reads() -> None:
    network, images, concepts = Small(), pictures(), drawn(3, 4) - 0.5
    codes = drawn(4, 16, 3)
    with seen(network, "rivals", images) as (rest, maps):
        classifier = reading_classifier(network, maps.of({"rivals": rest.outputs}, (8, 8))["rivals"], rest.logits)
        assert classifier is network.head
        answer = LinearAnswer.read(classifier, Written(concepts), 1)
        wanted = NetworkAnswer(rest, maps, Written(concepts), 1)(codes, torch.arange(4))
    torch.testing.assert_close(answer.weights, concepts @ network.head.weight[1].detach())
    torch.testing.assert_close(answer(codes, torch.arange(4)), wanted)


def test_a_classifier_without_a_bias_adds_nothing() -> None:
    assert LinearAnswer.read(nn.Linear(4, 3, bias=False), Written(torch.eye(4)), 0).constant == 0


@pytest.mark.parametrize("places", ["positions", "class_token"])
def test_of_a_transformer_what_is_not_mapped_stays_as_it_was(places: Places) -> None:
    torch.manual_seed(0)
    network = timm.create_model(
        "vit_tiny_patch16_224",
        img_size=16,
        patch_size=4,
        embed_dim=12,
        num_heads=2,
        depth=3,
        num_classes=3,
        reg_tokens=2,
    )
    images = pictures(3, 16)
    with seen(network, "blocks.1", images, places) as (rest, maps):
        rows = rows_of(rest, maps, images)
        assert rows.shape == (3, 16 if places == "positions" else 1, 12)
        answer = NetworkAnswer(rest, maps, Written(torch.eye(12)), 0)
        got = answer(rows * 0.3, torch.arange(3))
        changed = rest.outputs.clone()
        if places == "positions":
            changed[:, 3:] *= 0.3
        else:
            changed[:, 0] *= 0.3
        torch.testing.assert_close(got, rest(changed, torch.arange(3))[:, 0])


def test_masked_logits_and_gradients_do_not_depend_on_the_batches() -> None:
    answer, codes = unlinear(), drawn(3, 2, 5)
    masks = drawn(3, 7, 5)
    one_by_one = torch.stack(
        [torch.stack([answer.formula((codes[i] * masks[i, m])[None])[0] for m in range(7)]) for i in range(3)]
    )
    for budget in (1, 4, 1000):
        torch.testing.assert_close(answer.masked(codes, masks, budget=budget), one_by_one)
    at = codes.clone().requires_grad_()
    (wanted,) = torch.autograd.grad(answer.formula(at).sum(), at)
    for budget in (1, 4, 1000):
        with torch.inference_mode():
            torch.testing.assert_close(answer.gradients(codes, torch.arange(3), budget=budget), wanted)


def test_masked_logits_of_a_linear_answer_by_products() -> None:
    answer, codes = linear()
    masks = drawn(7, 5).expand(4, -1, -1)
    torch.testing.assert_close(answer.masked(codes, masks), as_formula(answer).masked(codes, masks))


def test_a_logit_of_draws_is_their_mean() -> None:
    network, images = Small(), pictures()
    codes = drawn(4, 16, 4) - 0.5
    with evaluating(network, "sample"), seen(network, "conv", images) as (rest, maps):
        once = NetworkAnswer(rest, maps, Written(torch.eye(4)), 1)
        single = torch.stack([once(codes, torch.arange(4)) for _ in range(50)])
        often = NetworkAnswer(rest, maps, Written(torch.eye(4)), 1, draws=200)(codes, torch.arange(4))
    with evaluating(network, "mean"), seen(network, "conv", images) as (rest, maps):
        expected = NetworkAnswer(rest, maps, Written(torch.eye(4)), 1)(codes, torch.arange(4))
    assert float(single.std(0).min()) > 0
    assert (often - expected).abs().max() < 5 * float(single.std(0).max()) / 200**0.5


@pytest.mark.parametrize("mode", ["argmax", "mean"])
def test_bad_answers_are_refused(mode: str) -> None:
    network, images = Small(), pictures()
    with evaluating(network, mode), seen(network, "conv", images) as (rest, maps):
        with pytest.raises(ValueError, match="classes 0 to 2 apart, got 3"):
            NetworkAnswer(rest, maps, Written(torch.eye(4)), 3)
        with pytest.raises(ValueError, match="classes 0 to 2 apart, got -1"):
            LinearAnswer.read(network.head, Written(torch.eye(4)), -1)
        with pytest.raises(ValueError, match="1 draw or more, got 0"):
            NetworkAnswer(rest, maps, Written(torch.eye(4)), 0, draws=0)
        with pytest.raises(ValueError, match="so 8 draws are all the same: give draws=1"):
            NetworkAnswer(rest, maps, Written(torch.eye(4)), 0, draws=8)


def test_the_network_is_not_changed_by_its_answers() -> None:
    network, images = Small(), pictures()
    before = plain_forward(network.eval(), images)
    with seen(network, "compete", images) as (rest, maps):
        answer = NetworkAnswer(rest, maps, Written(torch.eye(6)), 0)
        answer.gradients(rows_of(rest, maps, images), torch.arange(4))
    assert torch.equal(plain_forward(network, images), before)
    assert all(parameter.grad is None for parameter in network.parameters())
