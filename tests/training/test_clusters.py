"""``rivalry clusters``: overlays of any pictures, and one clear error where there is nothing to show."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from rivalry.cli import main
from rivalry.clusters.overlay import PALETTE
from rivalry.training.backbone import build_network
from rivalry.training.clusters import clusters_from_arguments
from rivalry.training.settings import Backbone

NETWORK = ["--model", "test_resnet", "--weights", "none", "--size", "64", "64"]


@pytest.fixture
def pictures(tmp_path: Path) -> list[str]:
    """Two pictures of other shapes: black on white, left and right."""
    files = []
    for name, (height, width) in {"tall": (90, 40), "wide": (50, 120)}.items():
        pixels = np.full((height, width, 3), 255, dtype=np.uint8)
        pixels[:, : width // 2] = 0
        Image.fromarray(pixels).save(tmp_path / f"{name}.png")
        files.append(str(tmp_path / f"{name}.png"))
    return files


def test_each_picture_gets_its_overlay_in_its_own_shape(pictures: list[str], tmp_path: Path) -> None:
    written = clusters_from_arguments([*pictures, *NETWORK, "--clusters", "3", "--out", str(tmp_path / "seen")])
    assert [path.name for path in written] == ["tall.png", "wide.png"]
    for path, (height, width) in zip(written, [(90, 40), (50, 120)], strict=True):
        sheet = np.asarray(Image.open(path))
        assert sheet.shape == (height, 3 * width + 24, 3)
        assert (sheet[:, :width] == np.asarray(Image.open(tmp_path / path.name))).all()
        colours = {tuple(colour) for colour in sheet[:, width + 12 : 2 * width + 12].reshape(-1, 3)}
        assert colours == {tuple(colour) for colour in PALETTE[:3]}


def test_k_may_be_found_and_pictures_clustered_together(pictures: list[str], tmp_path: Path) -> None:
    out = ["--out", str(tmp_path / "seen")]
    command = [pictures[0], pictures[0], *NETWORK, "--clusters", "auto", "--joint", "--layers", "layer1", *out]
    first, second = clusters_from_arguments(command)
    assert (first.name, second.name) == ("tall-0.png", "tall-1.png")
    assert first.read_bytes() == second.read_bytes()


def test_the_network_may_have_weights(pictures: list[str], tmp_path: Path) -> None:
    torch.manual_seed(5)
    save_file(
        build_network(Backbone("test_resnet", 1, weights="none"), None).state_dict(), tmp_path / "net.safetensors"
    )
    found = []
    for weights in ("none", str(tmp_path / "net.safetensors")):
        command = [pictures[0], "--model", "test_resnet", "--weights", weights, "--size", "64", "64"]
        found.append(clusters_from_arguments([*command, "--out", str(tmp_path / "seen")])[0].read_bytes())
    assert found[0] != found[1]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["absent.png", *NETWORK], "there is no picture absent.png"),
        (["{broken}", *NETWORK], "broken.png"),
        (["{tall}", "--model", "test_resnt", "--weights", "none"], "test_resnet"),
        (["{tall}", "--model", "test_resnet"], "say which weights test_resnet shall have"),
        (["{tall}", *NETWORK, "--clusters", "1"], "clusters is a number from 2 to 255, or 'auto'; got 1"),
        (["{tall}", *NETWORK, "--clusters", "few"], "got 'few'"),
        (["{tall}", *NETWORK, "--layers", "layer7"], "no layer of ResNet is called 'layer7'"),
        (["{tall}", *NETWORK, "--layers", "fc"], "tap a layer that still has places"),
        (["{tall}", *NETWORK, "--clusters", "65"], "64 places (8 × 8 a picture) cannot be parted into 65 clusters"),
        (["{tall}", *NETWORK, "--seed", "-1"], "seed is 0 or more, got -1"),
        (["{tall}", *NETWORK[:4], "--size", "0", "64"], "height and width of pictures are 1 or more, got 0 and 64"),
        (
            ["{tall}", "--model", "deit_tiny_patch16_224", "--weights", "none", "--size", "64", "64"],
            "VisionTransformer cannot take pictures of 64 × 64 pixels: Input height (64) doesn't match model (224).",
        ),
    ],
)
def test_what_cannot_be_shown_is_said_in_one_line(
    arguments: list[str], said: str, pictures: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "broken.png").write_bytes(b"no picture")
    places = {"{tall}": pictures[0], "{broken}": str(tmp_path / "broken.png")}
    given = [places.get(word, word) for word in arguments]
    assert main(["clusters", *given, "--out", str(tmp_path / "seen")]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert "Traceback" not in error
    assert not (tmp_path / "seen").exists()
