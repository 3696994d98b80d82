"""What a description of a network by a stranger may ask for."""

from __future__ import annotations

import math
from typing import Any

import pytest
import timm

from rivalry.lwta.arguments import SHAPING, check_arguments, check_base


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("resnet81", "'resnet81' is none; the nearest are .*resnet18"),
        ("hf-hub:somebody/something", "'hf-hub:somebody/something' is none"),
        ("local-dir:elsewhere", "'local-dir:elsewhere' is none"),
        ("torchvision:resnet81", "torchvision has no classifier 'resnet81'; the nearest are .*resnet18"),
        ("lwta", "'lwta' is none"),
        ("os.system", "'os.system' is none"),
        (["resnet18"], r"a network is known by its name; given \['resnet18'\]"),
    ],
)
def test_a_base_is_a_network_that_is_installed(name: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        check_base(name)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"checkpoint_path": "weights.pth"}, "may not give a network 'checkpoint_path'"),
        ({"pretrained": True}, "may not give a network 'pretrained'"),
        ({"pretrained_cfg": {"file": "weights.pth"}}, "may not give a network 'pretrained_cfg'"),
        ({"pretrained_cfg_overlay": {"url": "somewhere"}}, "may not give a network 'pretrained_cfg_overlay'"),
        ({"cache_dir": "elsewhere"}, "may not give a network 'cache_dir'"),
        ({"features_only": True}, "may not give a network 'features_only'"),
        ({"image_sise": 64}, "'image_sise', only what shapes it; the nearest are image_size"),
        ({"img_size": {"height": 64}}, "'img_size' of a network is a number, .*given {'height': 64}"),
        ({"drop_rate": math.nan}, "'drop_rate' of a network is a number"),
        ({"embed_dim": 10**9}, "'embed_dim' of a network is a number"),
        ({"act_layer": "relu" * 99}, "'act_layer' of a network is a number, a short text"),
        ({"depths": [[[3]]]}, "'depths' of a network is a number"),
        ({"depth": 1_001}, "'depth' asks for more than 1000 parts: 1001"),
        ({"layers": [500, 501]}, r"'layers' asks for more than 1000 parts: \[500, 501\]"),
    ],
)
def test_what_does_more_than_shape_a_network_is_refused(arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        check_arguments(arguments)


def test_what_shapes_a_network_passes() -> None:
    check_arguments(
        {"img_size": [64, 64], "depths": (2, 2), "act_layer": "gelu", "init_values": None, "drop_rate": 0.1}
    )


def test_no_argument_that_loads_or_reads_is_let_through() -> None:
    stochastic_depth = "drop_path_rate"
    loading = ("pretrain", "checkpoint", "path", "file", "url", "weights", "cache", "hub", "cfg")
    assert [name for name in SHAPING if any(word in name for word in loading)] == [stochastic_depth]


@pytest.mark.parametrize("name", timm.list_models("test_*")[:4])
def test_networks_of_timm_pass(name: str) -> None:
    check_base(name)
    check_base(f"{name}.a_tag")
