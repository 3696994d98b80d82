"""What a description of a network may ask for, if a stranger has written it.

A ``config.json`` names a network and arguments for its builder. Builders of timm and torchvision take arguments that
download, or read files of anybody's choice; and a plain number can ask for more memory than there is. So of strangers
only names of networks that are installed, and plain arguments that shape them, are taken.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import timm

from rivalry.lwta.torchvision_networks import PREFIX, check_torchvision
from rivalry.numerics.nearest import nearest

_NAMES = """
    act_layer aa_layer aa_stem_only activation alpha always_partition attention_dropout attn_drop_rate attn_mlp_ratio
    attn_ratio avg_down base_width bias block_reduce_first bottle_ratio cardinality channels class_token conv_bias
    conv_mlp conv_ratio depth depths dim dim_mul dims distillation distilled down_kernel_size downsamples
    drop_block_rate drop_path_rate drop_rate dropout dynamic_img_pad dynamic_img_size embed_dim embed_dims expand_ratio
    fc_norm final_norm fix_init fix_stem fused_conv global_pool groups growth_rate head_bias head_dim head_hidden_size
    head_init_scale head_norm_first head_widths heads hidden_dim image_size img_size in_channels in_chans init_values
    initial_chs kernel_size kernel_sizes key_dim layer_scale layer_scale_init_value layers ls_init_value mlp_bias
    mlp_dim mlp_ratio mlp_ratios no_embed_class norm_eps norm_layer num_blocks num_features num_heads num_init_features
    num_kv_heads num_layers out_features output_stride pad_type patch_drop_rate patch_norm patch_size patch_sizes
    pool_include_prefix pool_type pos_drop_rate pos_embed pre_norm proj_bias proj_drop_rate qk_norm qkv_bias qkv_fused
    reg_tokens replace_stride_with_dilation rope_temperature scale_attn_norm scale_mlp_norm small_kernels sr_ratios
    stem_channels stem_chs stem_size stem_stride stem_type stem_width stochastic_depth_prob strict_img_size strides
    swiglu_mlp use_abs_pos_emb use_fc_norm use_grn use_pos_embed use_rel_pos_bias weight_init width width_factor
    width_mult width_per_group widths window_size window_sizes zero_init_last zero_init_residual
"""
SHAPING = frozenset(_NAMES.split())
"""Arguments that shape a network and do nothing else: neither read nor download."""

LARGEST_SIDE = 2_048
"""Pixels of the side of a picture; what some networks lay over it, such as masks, grows by its square."""

_SIDES = {"image_size", "img_size"}
_REPEATED = {"depth", "depths", "layers", "num_blocks", "num_layers"}
_MOST_PARTS = 1_000  # in a row; the deepest networks of timm have some two hundred
_LARGEST = 1_000_000
_LONGEST = 100


def check_base(name: str) -> None:
    """Refuse what is no network that timm or torchvision has by itself.

    Raises:
        ValueError: For a name that leads to a hub, a folder or nowhere, with the nearest names that would do.

    >>> check_base("resnet18"), check_base("torchvision:resnet18")
    (None, None)
    """
    if not isinstance(name, str):
        raise ValueError(f"a network is known by its name; given {_shown(name)}")
    if name.startswith(PREFIX):
        check_torchvision(name.removeprefix(PREFIX))
        return
    known = [one for one in timm.list_models() if one != "lwta"]
    if ":" in name or name.partition(".")[0] not in known:
        raise ValueError(
            f"a description may name a network of timm, or of torchvision as {PREFIX}NAME, and {_shown(name)} is none; "
            f"the nearest are {nearest(name[:_LONGEST], known)}"
        )


def check_arguments(arguments: Mapping[str, Any]) -> None:
    """Refuse arguments that do more than shape a network, or that shape it beyond measure.

    Raises:
        ValueError: Naming the argument.

    >>> check_arguments({"img_size": 64, "drop_path_rate": 0.1})
    """
    for name, value in arguments.items():
        if name not in SHAPING:
            raise ValueError(
                f"a description may not give a network {_shown(name)}, only what shapes it; the nearest are "
                f"{nearest(name[:_LONGEST], sorted(SHAPING))}"
            )
        if not _is_plain(value):
            raise ValueError(
                f"argument {name!r} of a network is a number, a short text, true or false, or a list of those; "
                f"given {_shown(value)}"
            )
        if name in _SIDES and max(_numbers(value), default=0) > LARGEST_SIDE:
            raise ValueError(f"argument {name!r} is {_shown(value)}; sides of pictures are {LARGEST_SIDE:,} at most")
        if name in _REPEATED and sum(_numbers(value)) > _MOST_PARTS:
            raise ValueError(f"argument {name!r} asks for more than {_MOST_PARTS} parts: {_shown(value)}")


def _is_plain(value: Any, *, inside: int = 0) -> bool:
    match value:
        case None | bool():
            return True
        case int() | float():
            return math.isfinite(value) and abs(value) <= _LARGEST
        case str():
            return len(value) <= _LONGEST
        case list() | tuple():
            return inside < 2 and len(value) <= _LONGEST and all(_is_plain(one, inside=inside + 1) for one in value)
        case _:
            return False


def _numbers(value: Any) -> Iterator[float]:
    """All numbers of a value, those in lists included."""
    if isinstance(value, list | tuple):
        for one in value:
            yield from _numbers(one)
    elif isinstance(value, int | float):
        yield value


def _shown(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 60 else f"{shown[:57]}…"
