"""A miniature of Broden, as its layout says: masks at half size, several labels of a category, labels of pictures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader

from rivalry.data import CATEGORIES, Broden, Concept
from rivalry.data.decoding import UnreadableError

SKY, HEAD, EYE, GLASS, RED, STREET, DOTTED = 2, 3, 700, 5, 1, 300, 301
HEADER = "image,split,ih,iw,sh,sw,color,object,part,material,scene,texture"
ROWS = (
    "ade/0.jpg,train,8,12,4,6,ade/0_color.png,ade/0_object.png,ade/0_part_1.png;ade/0_part_2.png,,300,",
    "dtd/1.jpg,val,8,12,4,6,dtd/1_color.png,,,,,301;302",
    "os/2.jpg,train,8,12,4,6,,,,os/2_material.png,,",
)
LABELS = {
    "color": [(1, "red-c")],
    "object": [(2, "sky"), (5, "glass")],
    "part": [(3, "head"), (700, "eye")],
    "material": [(5, "glass")],
    "scene": [(300, "street-s")],
    "texture": [(301, "dotted"), (302, "striped")],
}


def encode(file: Path, numbers: np.ndarray) -> None:
    """A mask of theirs: red + 256 · green."""
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.stack([numbers % 256, numbers // 256, 0 * numbers], axis=2).astype(np.uint8)).save(file)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    images = tmp_path / "images"
    for name in ("ade/0.jpg", "dtd/1.jpg", "os/2.jpg"):
        (images / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (12, 8), (200, 10, 10)).save(images / name)
    nothing = np.zeros((4, 6), dtype=np.int64)
    upper, head, eye = nothing.copy(), nothing.copy(), nothing.copy()
    upper[:2] = SKY
    head[3, :3] = HEAD
    eye[3, 2:5] = EYE  # on the head, and beyond it
    encode(images / "ade/0_color.png", nothing + RED)
    encode(images / "dtd/1_color.png", nothing + RED)
    encode(images / "ade/0_object.png", upper)
    encode(images / "ade/0_part_1.png", head)
    encode(images / "ade/0_part_2.png", eye)
    encode(images / "os/2_material.png", np.where(np.arange(6) < 2, GLASS, 0) + nothing)
    (tmp_path / "index.csv").write_text("\n".join([HEADER, *ROWS]) + "\n")
    lines = [f"{name},{rows[0][0]},{rows[-1][0]},{len(rows)},9" for name, rows in LABELS.items()]
    (tmp_path / "category.csv").write_text("\n".join(["name,first,last,count,frequency", *lines]) + "\n")
    for name, rows in LABELS.items():
        listed = [f"{code},{number},{word},9,1.5" for code, (number, word) in enumerate(rows, start=1)]
        (tmp_path / f"c_{name}.csv").write_text("\n".join(["code,number,name,frequency,coverage", *listed]) + "\n")
    return tmp_path


def plane(pictures: Broden, index: int, category: str) -> list[list[str]]:
    """The names at every pixel."""
    names = ["", *(concept.name for concept in pictures.concepts)]
    values: Tensor = pictures[index]["masks"][CATEGORIES.index(category)]
    return [[names[value] for value in row] for row in values.tolist()]


def test_concepts_are_those_of_the_tables_in_our_words(root: Path) -> None:
    assert Broden(root).concepts == (
        Concept("street", "scene"),
        Concept("sky", "object"),
        Concept("glass", "object"),
        Concept("head", "part"),
        Concept("eye", "part"),
        Concept("red", "colour"),
        Concept("dotted", "texture"),
        Concept("striped", "texture"),
        Concept("glass", "material"),
    )


def test_every_pixel_has_what_its_masks_say(root: Path) -> None:
    pictures = Broden(root)
    sample = pictures[0]
    assert sample["image"].shape == (3, 8, 12)
    assert sample["masks"].shape == (6, 4, 6)
    assert sample["masks"].dtype == torch.int16
    assert sample["index"] == 0
    assert "label" not in sample
    assert plane(pictures, 0, "object") == [["sky"] * 6] * 2 + [[""] * 6] * 2
    assert plane(pictures, 0, "colour") == [["red"] * 6] * 4
    assert plane(pictures, 0, "scene") == [["street"] * 6] * 4
    assert plane(pictures, 0, "texture") == [[""] * 6] * 4
    assert plane(pictures, 2, "material") == [["glass", "glass", "", "", "", ""]] * 4


def test_the_first_label_that_says_something_counts(root: Path) -> None:
    pictures = Broden(root)
    assert plane(pictures, 0, "part")[3] == ["head", "head", "head", "eye", "eye", ""]
    assert plane(pictures, 1, "texture") == [["dotted"] * 6] * 4


def test_splits_part_the_pictures_and_share_the_concepts(root: Path) -> None:
    train, val = Broden(root, "train"), Broden(root, "val")
    assert (len(train), len(val), len(Broden(root))) == (2, 1, 3)
    assert train.concepts == val.concepts
    assert train[1]["index"] == 1
    assert torch.equal(val[0]["masks"], Broden(root)[1]["masks"])
    with pytest.raises(IndexError, match="pictures 0 to 1; asked for 2"):
        train[2]


def test_masks_keep_their_share_of_resized_pictures_and_batch(root: Path) -> None:
    pictures = Broden(root, size=(16, 18))
    assert pictures[0]["image"].shape == (3, 16, 18)
    assert pictures[0]["masks"].shape == (6, 8, 9)
    assert plane(pictures, 0, "object") == [["sky"] * 9] * 4 + [[""] * 9] * 4
    assert plane(pictures, 1, "texture") == [["dotted"] * 9] * 8
    batch = next(iter(DataLoader(pictures, batch_size=3)))
    assert batch["masks"].shape == (3, 6, 8, 9)


def test_the_fingerprint_tells_pictures_labels_and_size(root: Path) -> None:
    one = Broden(root).fingerprint
    assert Broden(root).fingerprint == one
    assert Broden(root, "train").fingerprint != one
    assert Broden(root, size=(16, 24)).fingerprint != one
    table = root / "c_part.csv"
    table.write_text(table.read_text().replace("eye", "nose"))
    assert Broden(root).fingerprint != one


def replaced(file: str, old: str, new: str) -> Callable[[Path], None]:
    def spoil(root: Path) -> None:
        text = (root / file).read_text()
        assert old in text
        (root / file).write_text(text.replace(old, new))

    return spoil


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (replaced("category.csv", "material", "emotion"), r"category\.csv has category 'emotion'; nearest: "),
        (replaced("index.csv", ",texture", ",pattern"), r"index\.csv has no column 'texture'; nearest: "),
        (replaced("index.csv", "val,8", "val,?"), r"dtd/1\.jpg has no whole numbers above 0 as ih, iw, sh, sw"),
        (
            replaced("index.csv", "val,8,12,4", "val,8,12,0"),
            r"dtd/1\.jpg has no whole numbers above 0 as ih, iw, sh, sw",
        ),
        (replaced("c_part.csv", "eye", "head"), r"c_part\.csv has a label twice"),
        (replaced("c_part.csv", ",700,", ",x,"), r"c_part\.csv: label 'eye' has the number 'x', not one above 0"),
        (replaced("c_part.csv", ",700,", ",0,"), r"label 'eye' has the number '0', not one above 0"),
        (lambda root: (root / "c_scene.csv").unlink(), r"c_scene\.csv is no file; wanted the layout of Broden"),
        (lambda root: (root / "index.csv").write_text(HEADER + "\n"), r"index\.csv has no row under its header"),
    ],
)
def test_tables_that_do_not_fit_are_refused_by_name(root: Path, spoil: Callable[[Path], None], message: str) -> None:
    spoil(root)
    with pytest.raises(ValueError, match=message):
        Broden(root)


def test_an_unknown_split_is_refused_with_the_nearest(root: Path) -> None:
    with pytest.raises(ValueError, match=r"has no split 'valid'; nearest: val"):
        Broden(root, "valid")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (replaced("c_part.csv", "700", "701"), r"ade/0\.jpg in .* has label 700 as part, which is none of c_part\.csv"),
        (replaced("index.csv", ",300,", ",299,"), r"has label 299 as scene, which is none of c_scene\.csv"),
        (replaced("index.csv", "4,6", "4,5"), r"is RGB of 4 × 6 pixels; .* in RGB of 4 × 5"),
        (lambda root: (root / "images/ade/0_part_2.png").unlink(), r"0_part_2\.png is not there"),
        (lambda root: (root / "images/ade/0_part_2.png").write_bytes(b"x"), r"no mask that can be decoded"),
        (lambda root: Image.new("L", (6, 4)).save(root / "images/ade/0_part_2.png"), r"is L of 4 × 6 pixels"),
    ],
)
def test_masks_that_do_not_fit_are_refused_by_name(root: Path, spoil: Callable[[Path], None], message: str) -> None:
    spoil(root)
    pictures = Broden(root)
    with pytest.raises(UnreadableError, match=message):
        pictures[0]
