"""Pictures and masks of the same names."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from rivalry.data import CATEGORIES, Concept, MaskedFolder
from rivalry.data.decoding import UnreadableError

NAMES = ["sky", "unlabelled", "road"]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two pictures of 4 × 6 pixels whose upper half is sky and whose lower half is road, one pixel unlabelled."""
    mask = np.zeros((4, 6), dtype=np.uint8)
    mask[2:] = 2
    mask[0, 0] = 1
    for number in range(2):
        for folder in ("images", "masks"):
            (tmp_path / folder / "day").mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (6, 4), (40 * number, 9, 9)).save(tmp_path / f"images/day/{number}.jpg", quality=100)
        Image.fromarray(mask).save(tmp_path / f"masks/day/{number}.png")
    (tmp_path / "classes.txt").write_text("\n".join(NAMES) + "\n")
    return tmp_path


def folder(root: Path, **arguments: object) -> MaskedFolder:
    return MaskedFolder(
        root / "images", root / "masks", root / "classes.txt", **{"ignore": ("unlabelled",), **arguments}
    )


def test_every_pixel_has_its_concept_and_what_is_ignored_has_none(root: Path) -> None:
    pictures = folder(root)
    assert pictures.concepts == (Concept("sky", "object"), Concept("road", "object"))
    sample = pictures[1]
    assert sample["index"] == 1
    assert "label" not in sample
    assert sample["image"].shape == (3, 4, 6)
    expected = torch.tensor([[0, *[1] * 5], [1] * 6, [2] * 6, [2] * 6], dtype=torch.int16)
    assert torch.equal(sample["masks"][1], expected)
    assert int(sample["masks"][[0, 2, 3, 4, 5]].sum()) == 0


def test_pictures_and_masks_are_resized_alike(root: Path) -> None:
    sample = folder(root, size=(8, 6))[0]
    assert sample["image"].shape == (3, 8, 6)
    assert sample["masks"].shape == (len(CATEGORIES), 8, 6)
    assert sample["masks"][1, -1].tolist() == [2] * 6


def test_the_fingerprint_tells_pictures_and_concepts(root: Path) -> None:
    one = folder(root).fingerprint
    assert folder(root).fingerprint == one
    assert folder(root, ignore=()).fingerprint != one
    assert folder(root, size=(8, 6)).fingerprint != one
    (root / "masks/day/2.png").write_bytes((root / "masks/day/0.png").read_bytes())
    Image.new("RGB", (6, 4)).save(root / "images/day/2.jpg")
    assert folder(root).fingerprint != one


def test_bad_folders_are_refused_by_name(root: Path) -> None:
    with pytest.raises(ValueError, match=r"ignore names 'unlabeled', which is no concept; nearest: .*unlabelled"):
        folder(root, ignore=("unlabeled",))
    with pytest.raises(ValueError, match="wanted one with the name of a concept"):
        MaskedFolder(root / "images", root / "masks", root / "names.txt")
    with pytest.raises(ValueError, match="is no folder"):
        MaskedFolder(root / "images", root / "mask", NAMES)
    Image.fromarray(np.full((4, 6), 3, dtype=np.uint8)).save(root / "masks/day/0.png")
    with pytest.raises(UnreadableError, match="holds value 3, and there are 3 concepts"):
        folder(root)[0]
    Image.new("RGB", (6, 4)).save(root / "masks/day/0.png")
    with pytest.raises(UnreadableError, match="a mask has one value a pixel"):
        folder(root)[0]
    (root / "masks/day/1.png").unlink()
    with pytest.raises(ValueError, match=r"1 of 2 pictures have no mask; first .*1.jpg"):
        folder(root)


@pytest.mark.data
def test_camvid(shared_data: Path) -> None:
    camvid = shared_data / "camvid"
    pictures = MaskedFolder(
        camvid / "images/val", camvid / "masks/val", camvid / "classes.txt", ignore=("unlabelled",), size=(176, 240)
    )
    assert len(pictures) == 101
    assert len(pictures.concepts) == 11
    assert pictures[5]["masks"].unique().numel() > 5
