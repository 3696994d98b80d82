"""The attention that is worked out is the one that the network uses."""

from typing import Any

import pytest
import timm
import torch
import torchvision
from torch import Tensor, nn

from rivalry.artefacts.registers.attention import attention_module, listen_to_attention, multihead_attention
from tests.artefacts.registers.planted import hooks_of, small_vit


def heard_attention(block: nn.Module, run: Any) -> Tensor | None:
    module = attention_module(block)
    assert module is not None
    found: list[Tensor] = []
    remove = listen_to_attention(module, lambda give: found.append(give()))
    with torch.no_grad():
        run()
    remove()
    return found[0] if found else None


@pytest.mark.parametrize("arguments", [{}, {"reg_tokens": 2}, {"qk_norm": True}, {"scale_attn_norm": True}])
def test_timm_as_its_unfused_attention(arguments: dict[str, bool]) -> None:
    """The one that timm itself works out when ``fused_attn`` is off, heard where it drops some."""
    network, images = small_vit(**arguments), torch.rand(2, 3, 40, 40)
    if "qk_norm" in arguments:
        nn.init.normal_(network.blocks[1].attn.q_norm.weight)
    attention = network.blocks[1].attn
    ours = heard_attention(network.blocks[1], lambda: network(images))
    theirs: list[Tensor] = []
    attention.fused_attn = False
    attention.attn_drop.register_forward_hook(lambda _module, _inputs, output: theirs.append(output))
    with torch.no_grad():
        network(images)
    assert ours is not None
    assert torch.allclose(ours, theirs[0], atol=1e-6)


def test_torchs_own_as_it_says_itself() -> None:
    torch.manual_seed(0)
    module = nn.MultiheadAttention(16, 2, batch_first=True).eval()
    tokens = torch.randn(3, 5, 16)
    with torch.no_grad():
        _, theirs = module(tokens, tokens, tokens, need_weights=True, average_attn_weights=False)
        assert torch.allclose(multihead_attention(module, tokens), theirs, atol=1e-6)


def test_torchvisions_blocks_are_heard() -> None:
    torch.manual_seed(0)
    network = torchvision.models.VisionTransformer(32, 8, 2, 2, 16, 32).eval()
    block = network.encoder.layers[1]
    ours = heard_attention(block, lambda: network(torch.rand(2, 3, 32, 32)))
    assert ours is not None
    assert ours.shape == (2, 2, 17, 17)
    assert torch.allclose(ours.sum(3), torch.ones(2, 2, 17))


def test_what_is_not_known_is_not_guessed() -> None:
    beit = timm.create_model("beit_base_patch16_224", img_size=32, depth=1, embed_dim=24, num_heads=2)
    assert attention_module(beit.blocks[0]) is None  # it adds a bias to its logits
    assert attention_module(nn.MultiheadAttention(8, 2)) is None  # batch second
    block = small_vit().blocks[0]
    tokens, mask = torch.rand(1, 26, 48), torch.zeros(26, 26)
    assert heard_attention(block, lambda: block.attn(tokens, attn_mask=mask)) is None
    module = nn.MultiheadAttention(8, 2, batch_first=True).eval()
    query, key = torch.rand(1, 3, 8), torch.rand(1, 3, 8)
    assert heard_attention(module, lambda: module(query, key, key)) is None


def test_a_listener_changes_no_bit_and_goes() -> None:
    network, images = small_vit(), torch.rand(2, 3, 40, 40)
    with torch.no_grad():
        before = network(images)
        heard: list[Tensor] = []
        remove = listen_to_attention(network.blocks[0].attn, lambda give: heard.append(give()))
        assert torch.equal(network(images), before)
    remove()
    assert len(heard) == 1
    assert network.blocks[0].attn.fused_attn
    assert hooks_of(network) == 0
