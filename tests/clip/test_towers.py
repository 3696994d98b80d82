"""Any CLIP of open_clip, its own preparation of pictures, texts averaged over templates."""

import itertools
import json
import shutil
from pathlib import Path

import open_clip
import pytest
import torch
from PIL import Image
from torch.nn import functional

from rivalry.clip.towers import Clip, Preparation, check_clip, load_clip, prepare
from tests.clip.tiny_clip import encode_images, write_tiny_clip


def test_loads_a_folder_once(clip_folder: Path, clip: Clip) -> None:
    assert load_clip(f"local-dir:{clip_folder}") is clip
    plain = load_clip(str(clip_folder))
    assert plain.fingerprint == clip.fingerprint
    assert not any(parameter.requires_grad for parameter in clip.model.parameters())


def test_fingerprint_knows_weights_and_preparation(tmp_path: Path, clip: Clip) -> None:
    other_weights = load_clip(str(write_tiny_clip(tmp_path / "a", seed=1)))
    other_mean = load_clip(str(write_tiny_clip(tmp_path / "b", mean=[0.5, 0.5, 0.6])))
    assert len({clip.fingerprint, other_weights.fingerprint, other_mean.fingerprint}) == 3


def test_texts_equal_open_clip_s_zero_shot_classifier(clip: Clip) -> None:
    words, templates = ["a cat", "a dog", "snow"], ["a photo of {}", "{} in a drawing", "{}"]
    with torch.no_grad():
        expected = open_clip.build_zero_shot_classifier(clip.model, clip.tokenizer, words, templates)
    torch.testing.assert_close(clip.encode_words(words, templates), expected.T)


def test_features_are_of_unit_length(clip: Clip) -> None:
    images = torch.randint(0, 256, (3, 3, 20, 30), dtype=torch.uint8)
    for features in (encode_images(clip, images), clip.encode_texts(["a", "b"])):
        torch.testing.assert_close(features.norm(dim=1), torch.ones(len(features)))
        assert features.shape[1] == clip.width == 12


def smooth_picture(height: int, width: int) -> torch.Tensor:
    noise = torch.rand(1, 3, 9, 9, generator=torch.Generator().manual_seed(0))
    large = functional.interpolate(noise, (height, width), mode="bicubic").clamp(0, 1)
    return (large[0] * 255).to(torch.uint8)


# open_clip ignores the interpolation asked for where the shortest side must fit a target that is no square.
WAYS = [
    (resize_mode, interpolation, target)
    for resize_mode, interpolation, target in itertools.product(
        ("shortest", "longest", "squash"), ("bicubic", "bilinear"), ((32, 32), (24, 40))
    )
    if (resize_mode, interpolation, target) != ("shortest", "bilinear", (24, 40))
]


@pytest.mark.parametrize(("resize_mode", "interpolation", "target"), WAYS)
@pytest.mark.parametrize("size", [(64, 64), (48, 80), (225, 160), (20, 31)])
def test_preparation_equals_open_clip_s(
    resize_mode: str, interpolation: str, size: tuple[int, int], target: tuple[int, int]
) -> None:
    image, mean, std = smooth_picture(*size), (0.48, 0.45, 0.4), (0.26, 0.26, 0.27)
    config = open_clip.transform.PreprocessCfg(target, "RGB", mean, std, interpolation, resize_mode, 7)
    expected = open_clip.transform.image_transform_v2(config, is_train=False)(
        Image.fromarray(image.permute(1, 2, 0).numpy())
    )
    ours = prepare(image[None], Preparation(target, mean, std, interpolation, resize_mode, 7))[0]
    level = 1 / 255 / min(std)  # one grey level
    assert (ours - expected).abs().max() <= 1.01 * level
    assert (ours - expected).abs().mean() < 0.1 * level


def test_pictures_of_the_wanted_size_are_left_alone() -> None:
    image = torch.randint(0, 256, (1, 3, 16, 16), dtype=torch.uint8)
    prepared = prepare(image, Preparation((16, 16), (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)))
    assert torch.equal((prepared * 255).round().to(torch.uint8), image)


def test_an_unknown_name_names_close_ones() -> None:
    with pytest.raises(ValueError, match=r"'ViT-B-32/openia' is neither .* close are ViT-B-32/openai"):
        load_clip("ViT-B-32/openia")


def test_a_folder_never_downloads(tmp_path: Path, clip_folder: Path) -> None:
    with pytest.raises(ValueError, match=r"lacks open_clip_config.json and open_clip_model.safetensors"):
        load_clip(f"local-dir:{tmp_path}")
    for entry, message in (("hf_model_name", "it needs a download"), ("hf_tokenizer_name", "would be downloaded")):
        folder = tmp_path / entry
        shutil.copytree(clip_folder, folder)
        config = json.loads((folder / "open_clip_config.json").read_text())
        config["model_cfg"]["text_cfg"][entry] = "someone/something"
        (folder / "open_clip_config.json").write_text(json.dumps(config))
        with pytest.raises(ValueError, match=message):
            load_clip(str(folder))


@pytest.mark.parametrize("templates", [[], "a photo of a {}", ["a photo"]])
def test_templates_need_a_place_for_the_word(clip: Clip, templates: list[str]) -> None:
    with pytest.raises(ValueError, match="templates are texts with a"):
        clip.encode_words(["cat"], templates)


def test_random_states_stay_as_they_are(clip_folder: Path) -> None:
    """So that a training with a CLIP beside it has the weights of one without."""
    before = torch.get_rng_state()
    check_clip(f"local-dir:{clip_folder}")
    load_clip.__wrapped__(f"local-dir:{clip_folder}")
    assert torch.equal(torch.get_rng_state(), before)
