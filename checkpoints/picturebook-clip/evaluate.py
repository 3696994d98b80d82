"""How well the small CLIP knows PictureBook without ever having learnt a class: zero-shot figures, and the card.

    python checkpoints/picturebook-clip/evaluate.py

In each category of which a picture shows one concept (scene, object, colour, texture), the answer is the concept whose
text is most similar to the picture. A picture has several parts, so for them the figure is the area under the ROC curve
of similarity against presence, averaged over parts.
"""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import open_clip
import torch
from safetensors import safe_open
from sklearn.metrics import roc_auc_score
from torch import Tensor, nn
from torch.nn.functional import normalize

from rivalry.data.picturebook import CONCEPTS, NAMES, PictureBook

FOLDER = Path(__file__).resolve().parent
WEIGHTS = FOLDER / "open_clip_model.safetensors"
WORDS = tuple(concept.name for concept in CONCEPTS)
TEMPLATES = ("{}", "a {}", "{} thing", "a photo of a {}", "a picture of {}", "a picture of a {}", "an image with a {}")
COLUMNS = {category: slice(WORDS.index(names[0]), WORDS.index(names[-1]) + 1) for category, names in NAMES.items()}
"""Where the concepts of each category are among all of them."""

WANTED = {"scene": 0.99, "object": 0.97, "part": 0.90, "colour": 0.95, "texture": 0.95}
UNSEEN = 1_000_003
"""Seed of the pictures that no recipe trains on."""

CARD = """# PictureBook CLIP

A small CLIP (Radford et al. 2021) that knows the pictures of `rivalry.data.picturebook` and nothing else. It stands in
for a real CLIP where nothing can be downloaded, and is loaded in the same way:

```python
model, _, preprocess = open_clip.create_model_and_transforms("local-dir:checkpoints/picturebook-clip")
tokenizer = open_clip.get_tokenizer("local-dir:checkpoints/picturebook-clip")
```

Pictures are 64 pixels wide and go through `{image_tower}` of timm ({image:.2f} M parameters). Texts of up to {tokens}
tokens go through a transformer of width {width} with {layers} layers ({text:.2f} M parameters; {embedding:.2f} M
are embeddings of tokens). Weights are stored in half precision, {size:.1f} MB in all.

## Figures

Zero-shot on {count:,} pictures of another seed, from the stored weights in single precision, by
`python checkpoints/picturebook-clip/evaluate.py`. Accuracy; for parts the area under the ROC curve of presence,
averaged over the {parts} parts.

| text | {header} |
|---|{rule}
| {raw} |
| {templates} |
| wanted | {wanted} |

The templates are {listed};
their text features are averaged. The pictures are new to it; their combinations of scene, object, colour and texture
are not, for there are 3,840, and almost all occur in training. Pictures with a watermark did not occur.

Telling an object tells most of its parts. Among pictures of one object, where some lack a part and only the part itself
can tell, the mean area is {within} % (raw words); the hardest parts are {hardest}, which are a few pixels large.

## Training

`python checkpoints/picturebook-clip/train.py`: {epochs} epochs of {pictures:,} pictures, {minutes} minutes on one of
two cores that had other work too. The settings are kept in the header of the weights:

```json
{recipe}
```

It learnt from single words, short phrases and whole captions of PictureBook. Words for what PictureBook does not draw
were never seen: what it says of them means nothing, and neither does what it says of photographs.
"""


def zero_shot(model: nn.Module, count: int, templates: Sequence[str] = ("{}",)) -> dict[str, float]:
    """Return the figure of every category on ``count`` unseen pictures, for the mean of some templates."""
    similarity, facts = similarities(model, count, templates)
    measures = {category: areas if category == "part" else accuracy for category in NAMES}
    return {
        category: measures[category](similarity[:, COLUMNS[category]], facts[:, COLUMNS[category]])
        for category in NAMES
    }


@torch.no_grad()
def similarities(model: nn.Module, count: int, templates: Sequence[str] = ("{}",)) -> tuple[Tensor, Tensor]:
    """Return the cosine of unseen pictures and concepts, and which are shown, both (pictures, concepts)."""
    model.eval()
    book = PictureBook(count, seed=UNSEEN)
    batches = pictures(book, torch.arange(count)).split(250)
    images = torch.cat([model.encode_image(batch, normalize=True) for batch in batches])
    tokenizer = open_clip.get_tokenizer(f"local-dir:{FOLDER}")
    phrases = [tokenizer([template.format(word) for word in WORDS]) for template in templates]
    texts = normalize(torch.stack([model.encode_text(tokens, normalize=True) for tokens in phrases]).mean(0), dim=-1)
    return images @ texts.T, facts_of(book)


def accuracy(similarity: Tensor, facts: Tensor) -> float:
    """Return how often the most similar word is the true one."""
    return float((similarity.argmax(1) == facts.argmax(1)).float().mean())


def areas(similarity: Tensor, facts: Tensor) -> float:
    """Return the mean area under the ROC curves of several words."""
    return float(np.mean([roc_auc_score(facts[:, word], similarity[:, word]) for word in range(facts.shape[1])]))


def areas_within_objects(similarity: Tensor, facts: Tensor) -> dict[str, float]:
    """Return, for every part that an object may lack, the mean area under the ROC curves within single objects.

    Telling an object tells most of its parts. Within one object that does not help: only the part itself does.
    """
    means = {}
    for part, column in zip(NAMES["part"], range(COLUMNS["part"].start, COLUMNS["part"].stop), strict=True):
        groups = [facts[:, thing] > 0 for thing in range(COLUMNS["object"].start, COLUMNS["object"].stop)]
        open_groups = [group for group in groups if 0 < facts[group, column].mean() < 1]
        if open_groups:
            found = [float(roc_auc_score(facts[group, column], similarity[group, column])) for group in open_groups]
            means[part] = sum(found) / len(found)
    return means


def pictures(book: PictureBook, indices: Tensor) -> Tensor:
    """Return pictures as the image tower wants them, (batch, 3, height, width) in [-1, 1]."""
    images = torch.stack([book[index]["image"] for index in indices.tolist()])
    return (images.float() / 127.5 - 1.0).contiguous(memory_format=torch.channels_last)


def facts_of(book: PictureBook) -> Tensor:
    """Return which concepts every picture shows: 0 or 1, (pictures, concepts)."""
    seen = [set(book.captions(index)) for index in range(len(book))]
    return torch.tensor([[word in captions for word in WORDS] for captions in seen], dtype=torch.float32)


def write_card(count: int = 4000) -> dict[str, dict[str, float]]:
    """Measure the stored weights, write the card beside them, and return the figures."""
    model, _, _ = open_clip.create_model_and_transforms(f"local-dir:{FOLDER}")
    figures = {"raw word": zero_shot(model, count), "templates": zero_shot(model, count, TEMPLATES)}
    within = areas_within_objects(*similarities(model, count))
    rows = {
        name: " | ".join([name, *(f"{100 * value:.1f} %" for value in row.values())]) for name, row in figures.items()
    }
    card = CARD.format(
        **_sizes(model),
        **_history(),
        count=count,
        parts=len(NAMES["part"]),
        header=" | ".join(NAMES),
        rule="---|" * len(NAMES),
        raw=rows["raw word"],
        templates=rows["templates"],
        wanted=" | ".join(f"≥ {100 * WANTED[category]:.0f} %" for category in NAMES),
        within=f"{100 * sum(within.values()) / len(within):.1f}",
        hardest=", ".join(f"{part} {100 * within[part]:.0f} %" for part in sorted(within, key=within.__getitem__)[:5]),
        listed=", ".join(f"`{template}`" for template in TEMPLATES),
    )
    (FOLDER / "README.md").write_text(card, encoding="utf-8")
    return figures


def _sizes(model: nn.Module) -> dict[str, object]:
    """Return what the card says of the towers."""
    config = json.loads((FOLDER / "open_clip_config.json").read_text())["model_cfg"]
    image, total = (sum(p.numel() for p in part.parameters()) / 1e6 for part in (model.visual, model))
    return {
        "image_tower": config["vision_cfg"]["timm_model_name"],
        "image": image,
        "tokens": config["text_cfg"]["context_length"],
        "width": config["text_cfg"]["width"],
        "layers": config["text_cfg"]["layers"],
        "text": total - image,
        "embedding": model.token_embedding.weight.numel() / 1e6,
        "size": sum(file.stat().st_size for file in FOLDER.glob("open_clip*")) / 1e6,
    }


def _history() -> dict[str, object]:
    """Return what the card says of the training, from the header of the weights."""
    with safe_open(WEIGHTS, "pt") as file:
        header = file.metadata()
    recipe = json.loads(header["recipe"])
    minutes = round(float(header["seconds"]) / 60)
    return {
        "epochs": recipe["epochs"],
        "pictures": recipe["pictures"],
        "minutes": minutes,
        "recipe": json.dumps(recipe),
    }


if __name__ == "__main__":
    print(json.dumps(write_card(), indent=2))
