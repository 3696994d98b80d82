"""Pictures in folders."""

import shutil
from pathlib import Path

import pytest
import torch
from PIL import Image
from timm.data.imagenet_info import ImageNetInfo
from torchvision.transforms import v2

from rivalry.data.class_names import wordnet_names
from rivalry.data.folders import ImageFolder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two classes: two dogs, one of them deeper, and a wide cat, red on the left and blue on the right."""
    for name in ("dog/b.png", "dog/more/a.PNG", "cat/wide.png"):
        path = tmp_path / "pictures" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8), (10, 20, 30)).save(path)
    wide = Image.new("RGB", (16, 8), (255, 0, 0))
    wide.paste((0, 0, 255), (8, 0, 16, 8))
    wide.save(tmp_path / "pictures/cat/wide.png")
    (tmp_path / "pictures/cat/notes.txt").write_text("no picture")
    (tmp_path / "pictures/.hidden").mkdir()
    return tmp_path / "pictures"


def test_classes_and_samples_are_sorted(root: Path) -> None:
    folder = ImageFolder(root)
    assert folder.classes == ("cat", "dog")
    assert len(folder) == 3
    assert [folder[i]["label"] for i in range(3)] == [0, 1, 1]
    assert [folder[i]["index"] for i in range(3)] == [0, 1, 2]
    assert folder[1]["image"].dtype == torch.uint8
    assert folder[1]["image"][:, 0, 0].tolist() == [10, 20, 30]


def test_a_size_keeps_the_middle_of_a_wide_picture(root: Path) -> None:
    image = ImageFolder(root, size=8)[0]["image"]
    assert image.shape == (3, 8, 8)
    assert image[:, 4, 0].tolist() == [255, 0, 0]
    assert image[:, 4, 7].tolist() == [0, 0, 255]
    assert ImageFolder(root, size=4)[0]["image"].shape == (3, 4, 4)
    assert ImageFolder(root)[0]["image"].shape == (3, 8, 16)


def test_a_transform_sees_the_image_alone(root: Path) -> None:
    sample = ImageFolder(root, size=8, transform=lambda image: 255 - image)[1]
    assert sample["image"][:, 0, 0].tolist() == [245, 235, 225]
    assert sample["label"] == 1


def test_grey_and_transparent_pictures_become_red_green_blue(root: Path) -> None:
    Image.new("L", (8, 8), 7).save(root / "dog/b.png")
    Image.new("RGBA", (8, 8), (1, 2, 3, 255)).save(root / "dog/more/a.PNG")
    folder = ImageFolder(root)
    assert folder[1]["image"][:, 0, 0].tolist() == [7, 7, 7]
    assert folder[2]["image"][:, 0, 0].tolist() == [1, 2, 3]


def test_the_fingerprint_is_that_of_the_pictures(root: Path, tmp_path: Path) -> None:
    first = ImageFolder(root).fingerprint
    shutil.copytree(root, tmp_path / "copy")
    assert ImageFolder(tmp_path / "copy").fingerprint == first
    assert ImageFolder(root, size=8).fingerprint != first
    assert ImageFolder(root, transform=v2.Grayscale(3)).fingerprint != first
    (root / "dog/b.png").rename(root / "dog/c.png")
    renamed = ImageFolder(root).fingerprint
    Image.effect_noise((8, 8), 50).save(root / "dog/c.png")
    assert len({first, renamed, ImageFolder(root).fingerprint}) == 3


def test_what_is_missing_is_named(root: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="nowhere is no folder"):
        ImageFolder(tmp_path / "nowhere")
    (tmp_path / "bare").mkdir()
    with pytest.raises(ValueError, match="bare has no sub-folders"):
        ImageFolder(tmp_path / "bare")
    (root / "eel").mkdir()
    with pytest.raises(ValueError, match="eel holds no picture"):
        ImageFolder(root)


def test_a_broken_picture_is_named(root: Path) -> None:
    whole = (root / "dog/b.png").read_bytes()
    for broken in (b"not a picture", whole[: len(whole) // 2]):
        (root / "dog/b.png").write_bytes(broken)
        with pytest.raises(ValueError, match=r"dog/b\.png is no picture"):
            ImageFolder(root)[1]


def test_a_picture_cut_short_is_named(root: Path) -> None:
    Image.effect_noise((64, 64), 80).convert("RGB").save(root / "cat/wide.jpg", quality=95)
    (root / "cat/wide.png").unlink()
    whole = (root / "cat/wide.jpg").read_bytes()
    (root / "cat/wide.jpg").write_bytes(whole[: len(whole) * 3 // 4])
    with pytest.raises(ValueError, match=r"cat/wide\.jpg is no picture that can be decoded: .*truncated"):
        ImageFolder(root)[0]


def test_folders_of_wordnets_numbers_have_its_words(root: Path) -> None:
    (root / "cat").rename(root / "n01440764")
    with pytest.raises(ValueError, match="'dog' is no number of WordNet's"):
        ImageFolder(root, names="wordnet")
    (root / "dog").rename(root / "n02012849")
    assert ImageFolder(root, names="wordnet").classes == ("tench", "crane")
    assert ImageFolder(root).classes == ("n01440764", "n02012849")


def test_wordnet_has_a_word_for_every_class_of_imagenet() -> None:
    numbers = ImageNetInfo().label_names()
    words = wordnet_names(numbers)
    assert len(set(words)) == len(numbers) == 1000
    assert (words[0], words[134], words[517]) == ("tench", "crane (n02012849)", "crane (n03126707)")


@pytest.mark.parametrize("index", [-1, 3])
def test_an_index_beyond_the_end_is_refused(root: Path, index: int) -> None:
    with pytest.raises(IndexError, match=f"pictures 0 to 2; asked for {index}"):
        ImageFolder(root)[index]
