"""Prints how many names of concepts are true, by what CLIP looked at, for a record of drawn pictures.

    python docs/concept_names.py runs/concepts-u4

A name is true if what it says covers twelve pixels or more in half of the concept's crops at least. The floor deals the
same names out anew among the concepts. The numbers are those of the PictureBook that the record's network was shown.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from rivalry.clip.feature_cache import word_features
from rivalry.clip.towers import load_clip, prepare
from rivalry.concepts.record.naming import SeenViews, name_concepts
from rivalry.data import PictureBook
from rivalry.data.vocabulary import Vocabulary
from rivalry.records import Record, find_records

CLIP = f"local-dir:{Path(__file__).parents[1] / 'checkpoints' / 'picturebook-clip'}"
VIEWS = {"crop": ("crop",), "surroundings": ("around",), "picture": ("whole",), "both": ("around", "whole")}
BACKGROUNDS = ((0.0, 0.0), (0.5, 0.0), (0.25, 0.5), (1.0, 0.0))
PIXELS, AROUND = 12, 40


def views(image: Tensor, crop: dict[str, Any]) -> dict[str, Tensor]:
    """The crop, what surrounds it, and the picture."""
    top, left, high, wide = (crop[name] for name in ("top", "left", "height", "width"))
    down, right = (
        max(0, min(first - (AROUND - side) // 2, 64 - AROUND)) for first, side in ((top, high), (left, wide))
    )
    around = image[:, down : down + AROUND, right : right + AROUND]
    return {"crop": image[:, top : top + high, left : left + wide], "around": around, "whole": image}


def presence(crops: list[dict[str, Any]], unit: Tensor, book: PictureBook) -> Tensor:
    """Share of each concept's crops in which each word of the masks covers so many pixels."""
    shown = torch.zeros(len(crops), len(book.concepts))
    for row, crop in enumerate(crops):
        masks = book[crop["index"]]["masks"][:, crop["top"] :, crop["left"] :]
        counts = torch.bincount(
            masks[:, : crop["height"], : crop["width"]].flatten().long(), minlength=len(shown[0]) + 1
        )
        shown[row] = (counts[1:] >= PIXELS).float()
    return torch.stack([shown[unit == one].mean(0) for one in range(int(unit.max()) + 1)])


def main() -> None:
    """Read the record, name its concepts by every view and background, and print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("--length", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=2)
    given = parser.parse_args()
    record = Record.load(find_records(given.run / "records", "concepts")[-1], tables=["concepts", "crops"])
    book = PictureBook(given.length, seed=given.seed, masks=True)
    units = {(row["class"], row["concept"]): row["unit"] for row in record.tables["concepts"].to_pylist()}
    crops = record.tables["crops"].drop_columns(["picture"]).to_pylist()
    unit = torch.tensor([units[row["class"], row["concept"]] for row in crops])
    classes = list(dict.fromkeys(name for name, _ in units))
    class_ = torch.tensor([classes.index(name) for name, _ in units])
    clip, vocabulary = load_clip(CLIP), Vocabulary.load("picturebook")
    words, scale = word_features(clip, vocabulary.words, ("{}",)), float(clip.model.logit_scale.exp())
    seen = [views(book[row["index"]]["image"], row) for row in crops]
    features = {
        name: clip.encode_prepared(prepare(torch.stack([one[name] for one in seen]), clip.preparation))
        for name in ("crop", "around", "whole")
    }
    truth, names = presence(crops, unit, book), [concept.name for concept in book.concepts]
    print("| CLIP looks at | less of the layer | of the class | true | by chance | different names | in a class |")
    print("|---" * 7 + "|")
    for label, parts in VIEWS.items():
        of_views = torch.cat([features[part] for part in parts])
        kept = SeenViews.of(of_views, unit.repeat(len(parts)), len(units), words, scale)
        for background in BACKGROUNDS:
            found = name_concepts(kept, class_, words, vocabulary.words, scale, background=background)
            called = [one.name for one in found]
            places = torch.tensor([names.index(str(name)) for name in called])
            true = (truth[torch.arange(len(places)), places] >= 0.5).float().mean()
            chance = (truth[:, places] >= 0.5).float().mean()
            within = len(set(zip(class_.tolist(), called, strict=True))) / (int(class_.max()) + 1)
            taken = " | ".join(f"{share:g}" for share in background)
            print(f"| {label} | {taken} | {true:.0%} | {chance:.1%} | {len(set(called))} | {within:.1f} |")


if __name__ == "__main__":
    main()
