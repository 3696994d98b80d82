"""The attention of a block, worked out from what goes into its attention module.

    A = softmax(s · norm(q) · norm(k)ᵀ)

Nothing in the network is changed for it (timm's ``fused_attn`` stays as it is), so logits are the same to the bit with
and without a listener. Modules that do more than this formula, or do it elsewhere, are not guessed at: their attention
is unknown.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float
from timm.layers.attention import Attention
from torch import Tensor, nn

Hear = Callable[[Callable[[], Tensor]], None]
"""Takes what gives the attention of the pass that runs, to be called before the pass leaves the block."""


def attention_module(block: nn.Module) -> nn.Module | None:
    """The one attention module of a block, if it is of a kind whose attention is known: timm's or torch's."""
    found = [module for module in block.modules() if type(module) in (Attention, nn.MultiheadAttention)]
    return found[0] if len(found) == 1 and _is_plain(found[0]) else None


def listen_to_attention(module: nn.Module, hear: Hear) -> Callable[[], None]:
    """Put a hook on an attention module, and give what removes it.

    What is heard is told in the block's own pass, under its precision. A pass with a mask, or with keys that are not
    the queries, is not heard.
    """

    def hook(_module: nn.Module, inputs: tuple[Any, ...], keywords: dict[str, Any]) -> None:
        if isinstance(module, nn.MultiheadAttention):
            if _is_self_attention(inputs, keywords):
                hear(lambda: multihead_attention(module, inputs[0]))
        elif not any(isinstance(one, Tensor) or one is True for one in (*inputs[1:], *keywords.values())):
            hear(lambda: timm_attention(module, inputs[0]))

    return module.register_forward_pre_hook(hook, with_kwargs=True).remove


def timm_attention(
    module: Any, tokens: Float[Tensor, "batch tokens channels"]
) -> Float[Tensor, "batch heads tokens tokens"]:
    """The attention of timm's ``Attention``, with its norms of queries and keys."""
    heard = module.qkv(tokens).reshape(*tokens.shape[:2], 3, module.num_heads, module.head_dim)
    queries, keys = heard[:, :, 0].transpose(1, 2), heard[:, :, 1].transpose(1, 2)
    return _attend(module.q_norm(queries), module.k_norm(keys), module.scale)


def multihead_attention(
    module: nn.MultiheadAttention, tokens: Float[Tensor, "batch tokens channels"]
) -> Float[Tensor, "batch heads tokens tokens"]:
    """The self-attention of torch's ``MultiheadAttention``, head by head."""
    width = 2 * module.embed_dim  # of queries and keys; the values come after them
    weight: Any = module.in_proj_weight
    bias: Any = module.in_proj_bias
    heard = nn.functional.linear(tokens, weight[:width], None if bias is None else bias[:width])
    queries, keys = heard.reshape(*tokens.shape[:2], 2, module.num_heads, module.head_dim).permute(2, 0, 3, 1, 4)
    return _attend(queries, keys, module.head_dim**-0.5)


def _attend(queries: Tensor, keys: Tensor, scale: float) -> Tensor:
    return torch.softmax(scale * queries.float() @ keys.float().transpose(2, 3), dim=3)


def _is_plain(module: nn.Module) -> bool:
    """Whether the formula above is all that the module does before it looks at values."""
    if not isinstance(module, nn.MultiheadAttention):
        return True
    return (
        module.batch_first and module.in_proj_weight is not None and module.bias_k is None and not module.add_zero_attn
    )


def _is_self_attention(inputs: tuple[Any, ...], keywords: dict[str, Any]) -> bool:
    masks = [*inputs[3:], *(value for name, value in keywords.items() if name != "need_weights")]
    return (
        len(inputs) >= 3 and inputs[0] is inputs[1] is inputs[2] and not any(isinstance(one, Tensor) for one in masks)
    )
