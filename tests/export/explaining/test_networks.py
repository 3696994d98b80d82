"""Explanations of ResNets and ViTs, competing or not, from folders that were loaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rivalry.export.explaining import explain, units_to_cover
from rivalry.export.loading import load
from tests.export.explaining.stand_in import noise
from tests.export.loading.folders import COMPETING_RESNET, COMPETING_VIT, write_folder


@pytest.mark.parametrize(
    ("architecture", "dissected", "arguments", "last"),
    [
        pytest.param("lwta", "layer4.0.act2", COMPETING_RESNET, "layer4.0.act2", id="competing ResNet"),
        pytest.param("test_resnet", "layer4.0.act2", {}, "layer4.0.act2", id="ResNet"),
        pytest.param("lwta", "blocks.1.mlp.act", COMPETING_VIT, "fc_norm", id="competing ViT"),
        pytest.param("test_vit", "blocks.1.mlp.act", {"img_size": 64}, "fc_norm", id="ViT"),
    ],
)
def test_every_kind_of_network_is_explained(
    architecture: str, dissected: str, arguments: dict[str, Any], last: str, tmp_path: Path
) -> None:
    write_folder(tmp_path / "there", architecture, dissected, **arguments)
    checkpoint = load(tmp_path / "there")
    pictures = noise(2, side=64)
    for told in explain(checkpoint, pictures, sorted({dissected, last}), units=None):
        bias = float(checkpoint.network.get_classifier().bias[told.predicted.number].detach())  # type: ignore[operator]
        layers = {one.layer: one for one in told.layers}
        for layer in told.layers:
            contributions = [one.contribution for one in layer.units]
            assert layer.total + layer.rest == pytest.approx(told.predicted.logit, abs=1e-5)
            assert sum(contributions) == pytest.approx(layer.total, abs=1e-6)
            assert layer.to_cover == units_to_cover(contributions)
            assert layer.exact == (layer.layer == last)
        assert layers[last].rest == pytest.approx(bias, abs=1e-5)
        assert layers[dissected].competitors == arguments.get("competitors", {}).get(dissected)
        assert {one.label for one in layers[dissected].units} <= {"wheel", ""}
        assert layers[dissected].units[0].map is not None
        assert told.clusters is not None
        assert len(told.clusters.layers) in (2, 3)  # the last stages, or blocks evenly down to the last


def test_the_units_of_a_checkpoint_are_called_as_it_says(tmp_path: Path) -> None:
    write_folder(tmp_path / "there", **COMPETING_RESNET)
    (told,) = explain(load(tmp_path / "there"), noise(side=64), units=None)
    labels = {one.unit: one.label for one in told.layers[0].units}
    assert labels == {unit: "wheel" if unit == 0 else "" for unit in labels}
