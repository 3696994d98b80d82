"""``config.json``: what is written comes back, and what is wrong is refused by its place."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from rivalry.export.folder import Configuration, DissectedLayer
from rivalry.export.folder.layout import VERSION
from tests.export.folder.described import configuration


def test_what_is_written_comes_back() -> None:
    written = json.loads(json.dumps(configuration().to_json()))
    assert Configuration.from_json(written) == configuration()
    assert written["label_names"] == written["dissection"]["classes"] == ["cat", "a|b\n<i>"]
    assert written["num_features"] == 8


def test_records_lie_by_epoch_and_name() -> None:
    paths = [record.path for record in configuration().dissection.records]
    assert paths == ["records/epoch=0003/neurons", "records/epoch=0012/activity"]


def test_dissected_layers_are_those_with_labels() -> None:
    assert configuration().dissection.dissected == ("blocks.0.act",)


def test_a_newer_version_says_who_wrote_it() -> None:
    told = configuration().to_json()
    told["dissection"] |= {"version": VERSION + 1, "rivalry": "9.9.0", "classes": "of another form"}
    with pytest.raises(ValueError, match=r"version 2 .*rivalry '9\.9\.0'; this rivalry reads version 1"):
        Configuration.from_json(told)


def changed(place: str, value: Any) -> Callable[[dict[str, Any]], None]:
    """Set what stands at a dotted place."""

    def change(told: dict[str, Any]) -> None:
        *groups, last = place.split("/")
        for group in groups:
            told = told[group]
        told[last] = value

    return change


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda told: told.pop("dissection"), "no dissected checkpoint of rivalry's"),
        (lambda told: told.pop("model_args"), "config.json lacks 'model_args'; it has 'architecture'"),
        (lambda told: told["dissection"].pop("images"), "dissection lacks 'images'"),
        (lambda told: told["dissection"]["layers"]["act1"].pop("units"), r"layers\['act1'\] lacks 'units'"),
        (changed("architecture", 3), "architecture is a text; given 3"),
        (changed("num_classes", 3), "num_classes is 3, and 2 classes have names"),
        (changed("num_classes", True), "num_classes is a whole number of 1 or more; given True"),
        (changed("dissection/evaluation_mode", "sample"), "evaluation_mode is one of argmax; given 'sample'"),
        (changed("dissection/epoch", -1), "epoch is a whole number of 0 or more; given -1"),
        (changed("dissection/classes", {"cat": 0}), "classes is a list"),
        (changed("dissection/classes", ["cat", 1]), r"classes\[1\] is a text; given 1"),
        (changed("dissection/layers/act1/competitors", 3), "4 units are no blocks of 3"),
        (changed("dissection/layers/act1/axis", 0), "axis is a whole number of 1 or more; given 0"),
        (changed("dissection/layers/act1/dissected", "yes"), "dissected is true or false; given 'yes'"),
        (changed("dissection/records", [{"name": "../x", "epoch": 0}]), "'../x' cannot be the name of a file"),
        (changed("dissection/images/side", 0), "side is a whole number of 1 or more"),
        (changed("dissection/images/crop", 1.5), "crop in"),
        (changed("dissection/images/interpolation", "area"), "one of bicubic, bilinear, lanczos, nearest"),
        (changed("dissection/images/mean", [0.5]), "3 channels; given 1 and 3"),
        (changed("dissection/images/std", [1.0, 1.0, 0.0]), "std is a finite number above 0; given 0.0"),
        (changed("dissection/images/mean", [0.5, float("nan"), 0.5]), "mean is a finite number; given nan"),
    ],
)
def test_what_is_wrong_is_refused_by_its_place(change: Callable[[dict[str, Any]], None], said: str) -> None:
    told = json.loads(json.dumps(configuration().to_json()))
    change(told)
    with pytest.raises(ValueError, match=said) as caught:
        Configuration.from_json(told)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_no_object_is_refused() -> None:
    with pytest.raises(ValueError, match=r"config\.json is an object; given"):
        Configuration.from_json([1, 2])


def test_long_values_are_cut_in_messages() -> None:
    with pytest.raises(ValueError, match="…") as caught:
        Configuration.from_json("x" * 10_000)
    assert len(str(caught.value)) < 120


def test_units_that_are_no_blocks_are_refused() -> None:
    with pytest.raises(ValueError, match="5 units are no blocks of 2"):
        DissectedLayer(5, 2, 1, True)
