"""The small CLIP of PictureBook: what a user loads is small, works offline, and knows the pictures.

The floors lie a few standard errors (600 pictures) below the wanted figures, which the card gives beside those reached.
"""

from pathlib import Path

import numpy as np
import open_clip
import pytest
import torch
from PIL import Image
from scipy.stats import rankdata
from torch import Tensor

from rivalry.data.picturebook import NAMES, PictureBook
from rivalry.data.vocabulary import Vocabulary

FOLDER = Path(__file__).parents[3] / "checkpoints" / "picturebook-clip"
COUNT = 600


@pytest.fixture(scope="module")
def book() -> PictureBook:
    return PictureBook(COUNT, seed=31_337)


@pytest.fixture(scope="module")
def similarity(book: PictureBook) -> Tensor:
    """Cosine of every picture and every raw word, by the same calls as for any other CLIP."""
    model, _, _ = open_clip.create_model_and_transforms(f"local-dir:{FOLDER}")
    tokens = open_clip.get_tokenizer(f"local-dir:{FOLDER}")(list(Vocabulary.load("picturebook").words))
    model.eval()
    pixels = torch.stack([book[index]["image"] for index in range(COUNT)]).float() / 255
    mean, std = (torch.tensor(model.visual.preprocess_cfg[name])[:, None, None] for name in ("mean", "std"))
    with torch.no_grad():
        images = model.encode_image((pixels - mean) / std, normalize=True)
        return images @ model.encode_text(tokens, normalize=True).T


@pytest.mark.parametrize(
    ("category", "floor"), [("scene", 0.98), ("object", 0.95), ("colour", 0.93), ("texture", 0.93)]
)
def test_it_names_what_a_picture_shows(similarity: Tensor, book: PictureBook, category: str, floor: float) -> None:
    words = list(Vocabulary.load("picturebook").words)
    columns = [words.index(name) for name in NAMES[category]]
    place = ["scene", "object", "colour", "texture"].index(category)
    true = [NAMES[category].index(book.factors(index).names[place]) for index in range(COUNT)]
    accuracy = (similarity[:, columns].argmax(1) == torch.tensor(true)).float().mean()
    assert accuracy >= floor


def test_it_knows_which_parts_are_there(similarity: Tensor, book: PictureBook) -> None:
    words, areas = list(Vocabulary.load("picturebook").words), []
    for part in NAMES["part"]:
        there = np.array([part in book.captions(index) for index in range(COUNT)])
        ranks = rankdata(similarity[:, words.index(part)])
        positive, negative = there.sum(), (~there).sum()
        areas.append((ranks[there].sum() - positive * (positive + 1) / 2) / (positive * negative))
    assert np.mean(areas) >= 0.88


def test_it_is_small() -> None:
    assert sum(file.stat().st_size for file in FOLDER.glob("open_clip*")) < 12e6


def test_its_preprocessing_is_that_of_the_network_alone() -> None:
    """A picture of 64 pixels goes through as it is: no crop, no other size."""
    _, _, preprocess = open_clip.create_model_and_transforms(f"local-dir:{FOLDER}")
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    ready = preprocess(Image.fromarray(pixels))
    assert torch.allclose(ready, torch.from_numpy(pixels).permute(2, 0, 1) / 127.5 - 1, atol=1e-6)
