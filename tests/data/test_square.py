"""The square that is cut out of a picture: pixel by pixel what timm evaluates on."""

from pathlib import Path

import pytest
import timm
import torch
from PIL import Image
from timm.data import create_transform
from torch.utils.data import DataLoader

from rivalry.data import ImageList, Square
from rivalry.data.decoding import to_tensor


@pytest.mark.parametrize("size", [(500, 375), (256, 341), (97, 64), (48, 48), (33, 200)])
@pytest.mark.parametrize(("crop", "interpolation"), [(0.9, "bicubic"), (0.875, "bilinear"), (1.0, "bicubic")])
def test_it_is_what_timm_cuts(size: tuple[int, int], crop: float, interpolation: str) -> None:
    picture = Image.effect_noise(size, 60).convert("RGB")
    theirs = create_transform(48, crop_pct=crop, interpolation=interpolation, normalize=False)(picture)
    ours = to_tensor(Square(48, crop, interpolation).cut(picture))  # type: ignore[arg-type]
    assert torch.equal(ours, theirs)


def test_a_number_is_the_side_of_a_whole_square() -> None:
    assert Square.of(32) == Square(32, crop=1.0, interpolation="bicubic")
    assert Square.of(None) is None
    assert Square.of(Square(8, 0.5)) == Square(8, 0.5)
    picture = Image.effect_noise((32, 32), 60)
    assert Square(32).cut(picture) is picture


@pytest.mark.parametrize("wrong", [{"side": 0}, {"side": 8, "crop": 0}, {"side": 8, "crop": 1.1}])
def test_what_is_no_square_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="a side of at least 1 and a crop in"):
        Square(**wrong)  # type: ignore[arg-type]


@pytest.mark.data
@pytest.mark.slow
def test_deit_tiny_reaches_its_known_accuracy(shared_data: Path) -> None:
    """79.6 % are known of these weights on these pictures; 79.4 % were measured here."""
    folder = shared_data / "imagenet_sample"
    square = Square(224, interpolation="bilinear")
    read = ImageList(folder / "index.csv", root=folder / "images", label="class_index", names="label", size=square)
    assert len(read.classes) == len(set(read.classes)) == 1000
    weights = shared_data / "weights/deit_tiny_patch16_224.safetensors"
    network = timm.create_model("deit_tiny_patch16_224", checkpoint_path=str(weights)).eval()
    mean, std = (torch.tensor(network.pretrained_cfg[key]).view(1, 3, 1, 1) * 255 for key in ("mean", "std"))
    right = 0
    with torch.inference_mode():
        for batch in DataLoader(read, batch_size=50):  # type: ignore[var-annotated]
            logits = network((batch["image"] - mean) / std)
            right += int((logits.argmax(1) == batch["label"]).sum())
    assert abs(right / 1000 - 0.796) <= 0.003
