"""What a description may ask for, and whose weights these are."""

from __future__ import annotations

import json
import resource
from pathlib import Path
from typing import Any

import pytest

from rivalry.export.folder import Configuration
from rivalry.export.loading.guard.network import check_network
from rivalry.export.loading.guard.tensors import read_claims
from tests.export.loading.folders import COMPETING_RESNET


def check(folder: Path, **changed: Any) -> None:
    told = json.loads((folder / "config.json").read_text()) | changed
    check_network(Configuration.from_json(told), read_claims(folder / "model.safetensors"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"base": "hf-hub:somebody/something"}, "'hf-hub:somebody/something' is none"),
        ({"base": "lwta"}, "'lwta' is none"),
        ({"base": None}, r"model_args\.base is a text; given None"),
        ({"checkpoint_path": "weights.pth"}, "may not give a network 'checkpoint_path'"),
        ({"pretrained": True}, "may not give a network 'pretrained'"),
        ({"competitors": "2"}, r"model_args\.competitors is a whole number of 1 or more; given '2'"),
        ({"competitors": {"layer1.0.act2": 0}}, r"competitors\['layer1\.0\.act2'\] is a whole number of 1 or more"),
        ({"where": 3}, r"model_args\.where is a list; given 3"),
        ({"where": [3]}, r"model_args\.where is a text; given 3"),
        ({"sharpness": 0}, r"model_args\.sharpness is a finite number above 0; given 0"),
        ({"input_size": 10**6}, r"model_args\.input_size is 1,000,000; at most 2,048 is taken"),
        ({"evaluation_mode": "sample"}, r"model_args\.evaluation_mode is 'argmax'; given 'sample'"),
        ({"num_classes": 4}, "num_classes is 4, and 3 classes have names"),
        ({"in_chans": 1}, "in_chans is 1, and pictures have three channels"),
        ({"channels": "many"}, "test_resnet cannot be built with {'channels': 'many'}"),
        ({"stem_width": 64}, r"of another network than config\.json: it lacks 'layer1\.0\.downsample"),
    ],
)
def test_a_network_that_is_not_installed_or_not_that_of_the_weights_is_refused(
    arguments: dict[str, Any], said: str, folder: Path
) -> None:
    with pytest.raises(ValueError, match=said):
        check(folder, model_args={**COMPETING_RESNET, **arguments})


def test_the_weights_of_another_network_are_refused(folder: Path) -> None:
    with pytest.raises(ValueError, match=r"of another network than config\.json: it lacks 'cls_token'"):
        check(folder, architecture="test_vit", model_args={"img_size": 64})


def test_a_network_of_a_terabyte_is_refused_without_memory(folder: Path) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ValueError, match="of another network"):
        check(folder, architecture="test_vit", model_args={"embed_dim": 400_000, "img_size": 64})
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 500_000  # kilobytes


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"img_size": 112_000}, "argument 'img_size' is 112000; sides of pictures are 2,048 at most"),
        ({"img_size": [64, 4_000]}, r"argument 'img_size' is \[64, 4000\]; sides of pictures are 2,048 at most"),
        ({"img_size": 2_000, "window_size": 500}, "lays out 1,074,470,797,376 bytes beside its weights; at most"),
    ],
)
def test_what_a_network_lays_out_beside_its_weights_is_bounded(
    arguments: dict[str, Any], said: str, folder: Path
) -> None:
    with pytest.raises(ValueError, match=said):
        check(folder, architecture="swin_tiny_patch4_window7_224", model_args=arguments)


def test_pictures_beyond_measure_are_refused(folder: Path) -> None:
    told = json.loads((folder / "config.json").read_text())
    told["dissection"]["images"]["side"] = 100_000
    with pytest.raises(ValueError, match="pictures of 100,000 pixels a side; at most 2,048 are taken"):
        check(folder, dissection=told["dissection"])


def test_the_number_of_classes_is_that_of_their_names_and_of_the_weights(folder: Path) -> None:
    told = json.loads((folder / "config.json").read_text())
    told["dissection"]["classes"] = ["car"] * 100_000
    with pytest.raises(ValueError, match=r"tensor '.*' has shape \(3,.*wanted \(100000,"):
        check(folder, num_classes=100_000, dissection=told["dissection"])
