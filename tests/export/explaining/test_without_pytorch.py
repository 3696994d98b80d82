"""The lines of docs/dissected_checkpoints.md by which a picture is explained without PyTorch."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import rivalry
from rivalry.export.explaining import explain
from rivalry.export.loading.onnx import to_onnx
from tests.export.explaining.stand_in import noise
from tests.export.loading.folders import COMPETING_RESNET, COMPETING_VIT, write_folder

pytest.importorskip("onnxruntime")

PAGE = Path(__file__).parents[3] / "docs" / "dissected_checkpoints.md"
BARRED = "import sys; sys.modules.update(torch=None, rivalry=None)  # importing either is an error\n"


@pytest.mark.parametrize(
    ("layer", "arguments"),
    [
        pytest.param("layer4.0.act2", COMPETING_RESNET, id="ResNet"),
        pytest.param("blocks.1.mlp.act", COMPETING_VIT, id="ViT", marks=pytest.mark.slow),
    ],
)
def test_units_have_won_where_explaining_says_so(layer: str, arguments: dict[str, Any], tmp_path: Path) -> None:
    write_folder(tmp_path / "first", "lwta", layer, **arguments)
    (picture,) = noise(side=64, seed=3)
    Image.fromarray(picture.permute(1, 2, 0).numpy()).save(tmp_path / "fish.png")
    checkpoint = rivalry.load(tmp_path / "first")
    to_onnx(checkpoint, tmp_path / "first" / "model.onnx")
    (told,) = explain(checkpoint, [picture], [layer], units=None, clusters=0)
    units = sorted(told.layers[0].units, key=lambda one: (-one.win_share, one.unit))[:10]
    wanted = [told.predicted.name, *(f"{one.unit} {one.label} {one.win_share:.0%}" for one in units)]
    assert said_without_pytorch(layer, tmp_path) == wanted


def said_without_pytorch(layer: str, folder: Path) -> list[str]:
    """What the page's lines print in a folder."""
    (lines,) = re.findall(
        r"^```python\n([^`]*onnxruntime\.InferenceSession[^`]*)^```$", PAGE.read_text("utf-8"), re.MULTILINE
    )
    script = BARRED + lines.replace("layer4.0.act2", layer)
    done = subprocess.run([sys.executable, "-c", script], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()
