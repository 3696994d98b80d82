"""A page that explains pictures: one HTML file that asks nothing of the outside.

It is drawn from what :meth:`rivalry.export.explaining.Explanation.to_json` gives and from pictures as PNG files. There
is no script in it, and its policy forbids whatever is not in the file.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import PurePath
from typing import Any

from rivalry.lens import explanation_parts as parts
from rivalry.lens.explanation_style import STYLE

_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"

_LEGEND = (
    "Strength is the mean activation over the places that the unit won, won the share of places. Contributions are to "
    "the value that is asked for; blue speaks for it, red against it. Cover 90 %: so many units, the largest "
    "contribution of either sign first, until their sum stays within 10 % of what all contribute. A map shows where "
    "the unit won: orange above zero, blue below. ✓ and ✗: whether masks have confirmed the label."
)


@dataclass(frozen=True)
class ExplanationPictures:
    """What is shown beside the numbers of an explanation, as PNG files.

    Attributes:
        image: What the network was shown.
        clusters: The cluster map laid over it; None where there is none.
        units: By layer and unit, where the unit won.
        concepts: By record, layer and concept, where it was seen most clearly.
        prototypes: In the order of the explanation.
    """

    image: bytes
    clusters: bytes | None = None
    units: Mapping[tuple[str, int], bytes] = field(default_factory=dict)
    concepts: Mapping[tuple[str, str, int], bytes] = field(default_factory=dict)
    prototypes: Sequence[bytes] = ()


def explanation_page(
    title: str, explanations: Sequence[Mapping[str, Any]], pictures: Sequence[ExplanationPictures]
) -> str:
    """Draw the page.

    Args:
        title: What explains them, as plain text.
        explanations: As ``Explanation.to_json`` gives them; of the names of pictures the file names alone are shown.
        pictures: Of each.

    Returns:
        HTML.

    Raises:
        ValueError: If there are not as many of one as of the other.
    """
    if len(explanations) != len(pictures):
        raise ValueError(f"{len(explanations)} explanations come with as many pictures, got {len(pictures)}")
    articles = "".join(_article(*pair) for pair in zip(explanations, pictures, strict=True))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>"
        f'<header><h1>Why does the network say so?</h1><p class="quiet">{escape(title)}</p></header>'
        f"{articles}<footer><p>{escape(_LEGEND)}</p></footer></body></html>\n"
    )


def _article(told: Mapping[str, Any], pictures: ExplanationPictures) -> str:
    """One picture."""
    asked = told["asked"]
    against = "" if asked["against"] is None else f" and not “{asked['against']}”"
    shown = [parts.figure(pictures.image, PurePath(told["picture"]).name, large=True)]
    if pictures.clusters is not None:
        layers = ", ".join(told["clusters"]["layers"])
        shown.append(parts.figure(pictures.clusters, f"clusters: what {layers} treat alike", large=True))
    kind = "logit" if asked["against"] is None else "difference of logits"
    head = (
        f'<div class="grow"><h2>Why “{escape(asked["why"])}”{escape(against)}?</h2>'
        f'<p class="quiet">{kind} {parts.number(asked["value"])}</p>{parts.answers(told)}</div>'
    )
    deepest_first = [_folded(layer, pictures) for layer in reversed(told["layers"])]
    open_first = "".join(deepest_first).replace("<details>", "<details open>", 1)
    return (
        f"<article>{parts.row_of([*shown, head])}{open_first}"
        f"{''.join(_concepts(one, pictures) for one in told['concepts'])}{_prototypes(told, pictures)}</article>"
    )


def _folded(layer: Mapping[str, Any], pictures: ExplanationPictures) -> str:
    """A layer that is opened by a click."""
    cover = f"{layer['to_cover']} of {layer['width']} units cover 90 %"
    said = f'<summary>{escape(layer["layer"])} <span class="quiet">· {cover}</span></summary>'
    return f"<details>{said}{_layer(layer, pictures)}</details>"


def _layer(layer: Mapping[str, Any], pictures: ExplanationPictures) -> str:
    """The units of a layer, those with a map as figures too."""
    blocks = "" if layer["competitors"] is None else f", {layer['competitors']} in a block"
    rest, order = ("the bias adds", "exact") if layer["exact"] else ("the rest is", "of first order")
    below = math.fsum(one["contribution"] for one in layer["units"])
    all_told = math.isclose(below, layer["total"], rel_tol=1e-4, abs_tol=1e-6)
    part = "" if all_told else f", the {len(layer['units'])} below {parts.number(below)} of it"
    said = (
        f"{layer['won']} of {layer['width']} units won{blocks}. Together they contribute "
        f"{parts.number(layer['total'])}{part}; {rest} {parts.number(layer['rest'])}; contributions are {order}."
    )
    figures = [
        parts.figure(png, parts.numbered(one["unit"], parts.unit_label(one)))
        for one in layer["units"]
        if (png := pictures.units.get((layer["layer"], one["unit"]))) is not None
    ]
    return f'<p class="quiet">{escape(said)}</p>{parts.row_of(figures)}{parts.units(layer)}'


def _concepts(found: Mapping[str, Any], pictures: ExplanationPictures) -> str:
    """The concepts of the class in a layer, with where the first few were seen most clearly."""
    crops = [
        parts.figure(png, parts.numbered(one["concept"], one["name"] or ""))
        for one in found["concepts"]
        if (png := pictures.concepts.get((found["record"], found["layer"], one["concept"]))) is not None
    ]
    said = f"Together {parts.number(found['total'])}. Crops are of pictures that the analysis “{found['record']}” saw."
    return (
        f"<h3>Concepts of the class in {escape(found['layer'])}</h3>"
        f'<p class="quiet">{escape(said)}</p>{parts.row_of(crops)}{parts.concepts(found)}'
    )


def _prototypes(told: Mapping[str, Any], pictures: ExplanationPictures) -> str:
    near = told["prototypes"]
    if near is None:
        return ""
    figures = [
        parts.figure(png, f"{one['target']} · {one['similarity']:.2f}")
        for one, png in zip(near["nearest"], pictures.prototypes, strict=True)
    ]
    said = (
        f"The {parts.prototypes_said(near['compared'], near['known'])} by rank correlation of what units of "
        f"{near['layer']} give, in the mean over places."
    )
    return f'<h3>Nearest prototypes</h3><p class="quiet">{escape(said)}</p>{parts.row_of(figures)}'
