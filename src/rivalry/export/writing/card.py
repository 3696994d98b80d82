"""The model card: what the network is, how good it is, what its units are called, and where it all comes from.

Front matter is that of the Hugging Face hub. All numbers and pictures come from the folder itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from PIL import Image

from rivalry.export.folder.layout import PICTURES, SUMS
from rivalry.export.writing.card_tables import (
    clearest_table,
    layer_table,
    origin_table,
    record_table,
    score_table,
)
from rivalry.export.writing.contents import Contents
from rivalry.export.writing.data_set import validated_on
from rivalry.export.writing.description import SPARSE
from rivalry.export.writing.markdown import code, word
from rivalry.export.writing.records import FoundRecord
from rivalry.lens.pictures import picture_of
from rivalry.records import Record

_TASK = "image-classification"
_CLASSES = 20
"""Names of classes that the card shows."""


def draw_pictures(records: Sequence[FoundRecord], folder: Path) -> dict[str, str]:
    """Draw every record that can be drawn into ``pictures/``.

    Returns:
        Files by name of the analysis, seen from the card.
    """
    drawn: dict[str, str] = {}
    for record in records:
        picture = picture_of(Record.load(record.folder))
        if picture is not None:
            file = f"{PICTURES}/{record.header.name}.png"
            (folder / PICTURES).mkdir(exist_ok=True)
            Image.fromarray(picture).save(folder / file)
            drawn[record.header.name] = file
    return drawn


def model_card(contents: Contents, pictures: Mapping[str, str], licence: str | None = None) -> str:
    """The card, as the text of ``README.md``.

    Args:
        contents: What the folder holds.
        pictures: Of :func:`draw_pictures`.
        licence: Under which the folder is published, as the hub calls it; None states none.
    """
    parts = [
        _front_matter(contents, licence),
        f"# {word(contents.provenance.run)}",
        _what_it_is(contents),
        _use(contents),
        _section("How good it is", score_table(contents.provenance), _about_scores(contents)),
        _section("Layers whose units have labels", layer_table(contents), _ABOUT_LABELS),
        _section("Units with the clearest labels", clearest_table(contents)),
        _section("What analyses found", record_table(contents), _ABOUT_RECORDS, *_shown(pictures)),
        _section("Where it comes from", origin_table(contents), _ABOUT_ORIGIN),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


_ABOUT_LABELS = (
    "A label is the word of the vocabulary that a CLIP finds most fitting to the pictures in which a unit is strongest."
    " It is a guess. Where the probe set has masks, a label is confirmed if they agree with it. `neurons.parquet` has a"
    " row for every unit, also with the runner-up and the margin."
)
_ABOUT_RECORDS = (
    "“To the bit”: the analysis has heard the weights in this folder. “Of this step”: it does not say, or has heard the"
    " same weights with statistics or numbers of another precision."
)
_ABOUT_ORIGIN = (
    f"All of it stands in `provenance.json`. `sha256sum -c {SUMS}` tells whether the files are those that were"
    " exported."
)


def _about_scores(contents: Contents) -> str:
    pictures = code(validated_on(contents.provenance.configuration))
    return f"Accuracy is a share of the pictures that the run validated on ({pictures}), as it was logged in training."


def _front_matter(contents: Contents, licence: str | None) -> str:
    sparse = contents.configuration.architecture == SPARSE
    told: dict[str, Any] = {
        **({} if licence is None else {"license": licence}),
        "library_name": "rivalry" if sparse else "timm",
        "pipeline_tag": _TASK,
        "tags": [_TASK, "timm", "rivalry", "interpretability", *(["local-winner-takes-all"] if sparse else [])],
    }
    metrics = [
        {"type": "accuracy", "name": said, "value": contents.provenance.scores[name]}
        for name, said in (("val/top1", "accuracy"), ("val/top5", "accuracy of five guesses"))
        if name in contents.provenance.scores
    ]
    if metrics:
        name = validated_on(contents.provenance.configuration)
        dataset = {"name": name, "type": re.sub(r"[^a-z0-9.]+", "-", name.lower())}
        result = {"task": {"type": _TASK}, "dataset": dataset, "metrics": metrics}
        told["model-index"] = [{"name": contents.provenance.run, "results": [result]}]
    return f"---\n{yaml.safe_dump(told, sort_keys=False, allow_unicode=True)}---"


def _what_classes(classes: Sequence[str]) -> str:
    """The first of them, and how many more there are."""
    more = len(classes) - _CLASSES
    said = ", ".join(map(word, classes[:_CLASSES]))
    return f"Classes: {said}{f' … and {more} more, all in `config.json`' if more > 0 else ''}."


def _what_it_is(contents: Contents) -> str:
    configuration = contents.configuration
    millions = sum(parameter.numel() for parameter in contents.network.parameters()) / 1e6
    base = code(str(configuration.model_args.get("base", configuration.architecture)))
    competing = [layer for layer in configuration.dissection.layers.values() if layer.competitors > 1]
    sizes = " or ".join(map(str, sorted({layer.competitors for layer in competing})))
    how = (
        f"In {len(competing)} of its layers units compete in blocks of {sizes}: the strongest of a block passes, the"
        " others are zero (local winner-takes-all; Panousis & Chatzis, NeurIPS 2023)."
        if competing
        else "Its units do not compete."
    )
    named = contents.neurons.num_rows
    labels = f" {named} of its units have labels." if named else " Its units have no labels: no dissection was run."
    said = f"{base}, {millions:.2f} M parameters, {configuration.num_classes} classes. {how}{labels}"
    return f"{said}\n\n{_what_classes(configuration.dissection.classes)}"


def _use(contents: Contents) -> str:
    configuration = contents.configuration
    side = configuration.dissection.images.square.side
    needs = ", after `import rivalry`" if configuration.architecture == SPARSE else ""
    return f"""## Use

```python
import rivalry

checkpoint = rivalry.load("FOLDER")  # or "hf-hub:USER/NAME"
picture = checkpoint.picture("photograph.jpg")  # uint8, 3 × {side} × {side}
logits = checkpoint.logits(picture[None])
print(checkpoint.classes[int(logits.argmax())])
```

`rivalry explain FOLDER photograph.jpg` says which units have won, what they are called and what they gave to the class.
`timm.create_model("local-dir:FOLDER", pretrained=True)` gives the network alone{needs}.{_beside(contents.changed)}"""


def _beside(changed: str | None) -> str:
    """What a picture must go through that no folder holds."""
    if changed is None:
        return ""
    said = f"Pictures of the run were also changed by {code(changed)}, which is code and not in this folder:"
    return f"\n\n**{said}** do the same to what `checkpoint.picture` gives."


def _shown(pictures: Mapping[str, str]) -> list[str]:
    return [f"![{word(name)}]({file})" for name, file in pictures.items()]


def _section(title: str, *parts: str) -> str:
    """A heading and what stands under it; nothing where its first part is empty."""
    return "\n\n".join([f"## {title}", *(part for part in parts if part)]) if parts[0] else ""
