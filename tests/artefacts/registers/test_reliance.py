"""Replacement of tokens: only what they say of their own image goes. And why zeroing is not among the choices."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from rivalry.artefacts.registers.reliance import giving, replace_each, replace_tokens
from tests.artefacts.registers.planted import small_vit

TOKENS = torch.arange(24, dtype=torch.float32).reshape(4, 3, 2)
GROUP = torch.tensor([[True, False, False], [False, True, True], [False, False, False], [False, False, True]])


def test_the_mean_is_the_groups() -> None:
    replaced = replace_tokens(TOKENS, GROUP, "mean")
    assert replaced is not None
    assert torch.equal(replaced[~GROUP], TOKENS[~GROUP])
    assert torch.equal(replaced[GROUP], TOKENS[GROUP].mean(0).expand(4, 2))


def test_a_shuffle_gives_every_token_one_of_another_image_and_loses_none() -> None:
    replaced = replace_tokens(TOKENS, GROUP, "shuffle")
    assert replaced is not None
    assert torch.equal(replaced[~GROUP], TOKENS[~GROUP])
    assert sorted(replaced[GROUP].tolist()) == sorted(TOKENS[GROUP].tolist())
    for image in range(4):
        own = {tuple(row) for row in TOKENS[image].tolist()}
        assert not own & {tuple(row) for row in replaced[image][GROUP[image]].tolist()}


def test_a_shuffle_that_cannot_spare_an_image_its_own_is_none() -> None:
    crowded = torch.tensor([[True, True, True], [True, False, False], [False] * 3, [False] * 3])
    assert replace_tokens(TOKENS, crowded, "shuffle") is None
    assert replace_tokens(TOKENS, crowded, "mean") is not None


def test_registers_are_exchanged_each_for_its_like() -> None:
    shuffled = replace_each(TOKENS, range(1, 3), "shuffle")
    assert shuffled is not None
    assert torch.equal(shuffled[:, 0], TOKENS[:, 0])
    assert torch.equal(shuffled[:, 1:], TOKENS.roll(1, 0)[:, 1:])
    averaged = replace_each(TOKENS, range(1, 3), "mean")
    assert averaged is not None
    assert torch.equal(averaged[:, 1:], TOKENS[:, 1:].mean(0).expand(4, 2, 2))


def test_zeroing_is_refused() -> None:
    kind: Any = "zero"
    with pytest.raises(ValueError, match="'mean' or 'shuffle', got 'zero': zeroing overstates"):
        replace_tokens(TOKENS, GROUP, kind)


class Leaning(nn.Module):
    """Tells the sign of the second token from the first: its register always says +10, whatever the image is."""

    def __init__(self) -> None:
        super().__init__()
        self.block = nn.Identity()

    def forward(self, tokens: Tensor) -> Tensor:
        register, patch = self.block(tokens).unbind(1)
        score = patch[:, 0] + register[:, 0] - 10
        return torch.stack([-score, score], 1)


def test_zeroing_overstates_what_a_register_that_is_always_the_same_tells() -> None:
    """It holds nothing of any image, so nothing is lost by replacement; without it the network is lost all the same."""
    network = Leaning()
    patches = torch.linspace(-3, 3, 20)
    tokens = torch.stack([torch.full((20,), 10.0), patches], 1)[:, :, None]
    labels = (patches > 0).long()

    def accuracy(given: Tensor) -> float:
        with giving(network.block, given):
            return float((network(tokens).argmax(1) == labels).float().mean())

    assert accuracy(tokens) == 1
    for kind in ("mean", "shuffle"):
        replaced = replace_each(tokens, range(1), kind)
        assert replaced is not None
        assert accuracy(replaced) == 1
    zeroed = tokens.clone()
    zeroed[:, 0] = 0
    assert accuracy(zeroed) == 0.5


def test_a_register_that_tells_the_image_is_missed() -> None:
    network = Leaning()
    signs = torch.tensor([1.0, -1.0] * 10)
    tokens = torch.stack([10 + signs, torch.zeros(20)], 1)[:, :, None]
    labels = (signs > 0).long()
    for kind, expected in (("mean", 0.5), ("shuffle", 0.0)):
        replaced = replace_each(tokens, range(1), kind)
        assert replaced is not None
        with giving(network.block, replaced):
            assert float((network(tokens).argmax(1) == labels).float().mean()) == expected


def test_layers_before_it_are_skipped_and_come_back() -> None:
    """What a network gives from a layer's own tokens on is what it gives."""
    network, images = small_vit(reg_tokens=2), torch.rand(6, 3, 40, 40)
    heard: list[Tensor] = []
    hook = network.blocks[2].register_forward_hook(lambda _module, _inputs, output: heard.append(output))
    runs = [0] * 4
    for number, block in enumerate(network.blocks):

        def count(_module: nn.Module, _inputs: object, number: int = number) -> None:
            runs[number] += 1

        block.norm1.register_forward_pre_hook(count)
    with torch.no_grad():
        expected = network(images)
        hook.remove()
        with giving(network.blocks[2], heard[0], skipping=list(network.blocks[:2])):
            resumed = torch.cat([network(images[:4]), network(images[4:])])
        assert runs == [1, 1, 1, 3]
        assert torch.allclose(resumed, expected, atol=1e-6)
        assert torch.equal(network(images), expected)
    assert not any("forward" in vars(module) for module in network.modules())


def test_tokens_are_given_batch_by_batch_and_the_layer_is_itself_after_an_exception() -> None:
    layer = nn.Identity()
    with giving(layer, TOKENS):
        assert torch.equal(torch.cat([layer(torch.zeros(3, 3, 2)), layer(torch.zeros(1, 3, 2))]), TOKENS)

    def fail() -> None:
        with giving(layer, TOKENS):
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert layer(3) == 3
