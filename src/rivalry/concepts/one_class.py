"""The study of one class in one layer: find concepts, write its pictures in them, weigh, judge, and tell strategies.

A ≈ U V        rows of A: the class's pictures at single places
φ(picture, concept), contributions and shares of the logit        what counts
dominant concepts, clusters of φ                                  by which strategies
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int, UInt8
from torch import Tensor

from rivalry.concepts import strategies
from rivalry.concepts.extraction import Dictionary, Extraction
from rivalry.concepts.faithfulness import Faithfulness
from rivalry.concepts.judgement import ExtractionScores, folds_of_images, judge_extraction
from rivalry.concepts.plan import Plan
from rivalry.concepts.weighing import Behind, Coded, Weighed
from rivalry.numerics.sampling import draw

FITTED_ROWS = 10_000
"""Places that concepts are found in, drawn from those of all pictures where there are more."""


_NOTHING = 1e-6
"""Part of the logit that rounding may make."""


@dataclass(frozen=True)
class Truth:
    """What is known of the pictures of a class.

    Attributes:
        correct: Whether each is of the class; None where its own class cannot be compared.
        marked: Whether each bears a watermark; None where nobody knows.
    """

    correct: Bool[Tensor, " images"] | None
    marked: Bool[Tensor, " images"] | None


@dataclass(frozen=True)
class Heard:
    """The pictures of a class as a layer saw them.

    Attributes:
        images: The pictures.
        maps: What the layer made of them.
        logits: The class's, that the network gave to them.
        truth: What is known of them.
    """

    images: UInt8[Tensor, "images 3 height width"]
    maps: Float[Tensor, "images channels rows columns"]
    logits: Float[Tensor, " images"]
    truth: Truth


@dataclass(frozen=True)
class Extracted:
    """What one extraction found, and how good it is.

    Attributes:
        name: Of the extraction.
        dictionary: Its concepts.
        codes: Of all pictures.
        scores: Of the extraction.
        weighed: What its concepts count for.
    """

    name: str
    dictionary: Dictionary
    codes: Float[Tensor, "images places concepts"]
    scores: ExtractionScores
    weighed: Weighed

    @property
    def faithfulness(self) -> Faithfulness:
        """Of the plan's own method of importance."""
        return next(iter(self.weighed.faithfulness.values()))


@dataclass(frozen=True)
class Strategies:
    """By which strategies pictures were taken for the class.

    Attributes:
        dominant: The concept that counts most in each picture.
        prevalence: Share of the pictures that each concept dominates.
        reliability: Accuracy of these; NaN where there are none, or accuracy is not known.
        linear: γ and E[ū], where the rest is linear.
        clusters: Of the pictures, by importance.
        portraits: What sets each cluster apart.
        places: Of the pictures in a plane; None where they cannot be laid out.
        information: What clusters say of watermarks; None where there is nothing to say.
    """

    dominant: Int[Tensor, " images"]
    prevalence: Float[Tensor, " concepts"]
    reliability: Float[Tensor, " concepts"]
    linear: tuple[Float[Tensor, " concepts"], Float[Tensor, " concepts"]] | None
    clusters: strategies.Clusters
    portraits: Sequence[strategies.Portrait]
    places: Float[Tensor, "images 2"] | None
    information: strategies.MarkInformation | None


@dataclass(frozen=True)
class StudiedClass:
    """What was found of a class in a layer.

    Attributes:
        own: By the plan's own extraction.
        compared: By the others; a text says why one found nothing.
        energy: Share of the layer's energy Σ a² that each concept has by itself, Σ u² ‖v‖² / Σ a².
        strategies: By which the pictures were taken for the class.
    """

    own: Extracted
    compared: dict[str, Extracted | str]
    energy: Float[Tensor, " concepts"]
    strategies: Strategies


def study_class(plan: Plan, behind: Behind, heard: Heard, class_: int) -> StudiedClass | str:
    """Study one class in one layer.

    Args:
        plan: For the layer.
        behind: What stands behind it.
        heard: The class's pictures.
        class_: Its number.

    Returns:
        What was found; or why no concepts can be found.
    """
    fitted = {one.name: _fit(one, plan, heard) for one in plan.extractions}
    refusals = {name: one for name, one in fitted.items() if isinstance(one, str)}
    if plan.extraction.name in refusals:
        return refusals[plan.extraction.name]
    found = {name: one for name, one in fitted.items() if isinstance(one, Dictionary)}
    extracted = _judged(plan, behind, heard, found, class_)
    own = extracted.pop(plan.extraction.name)
    if _moves_nothing(own):
        return "no concept moves the logit: what stands behind the layer does not read these places of it"
    return StudiedClass(
        own, {**extracted, **refusals}, _energy(own, heard), _strategies(own, behind, heard, class_, plan.seed)
    )


def _fit(extraction: Extraction, plan: Plan, heard: Heard) -> Dictionary | str:
    """The concepts of a class, or why there are none."""
    rows = _rows(heard, plan)
    rows = rows[draw(len(rows), FITTED_ROWS, plan.seed).sort().values.to(rows.device)]
    refusal = extraction.refusal(rows, plan.concepts)
    return extraction.fit(rows, plan.concepts, seed=plan.seed) if refusal is None else refusal


def _judged(
    plan: Plan, behind: Behind, heard: Heard, found: dict[str, Dictionary], class_: int
) -> dict[str, Extracted]:
    """Weigh and judge what extractions found."""
    methods = {name: plan.methods if name == plan.extraction.name else (plan.importance,) for name in found}
    coded = {name: Coded(one, _codes(one, heard), methods[name]) for name, one in found.items()}
    weighed = behind.weigh(list(coded.values()), heard.images, heard.logits, class_)
    extractions = {one.name: one for one in plan.extractions}
    return {
        name: Extracted(name, one.dictionary, one.codes, _judge(extractions[name], one, plan, heard), by)
        for (name, one), by in zip(coded.items(), weighed, strict=True)
    }


def _judge(extraction: Extraction, coded: Coded, plan: Plan, heard: Heard) -> ExtractionScores:
    """How good an extraction is, over the rows that it was, or could have been, fitted to."""
    rows = _rows(heard, plan)
    codes = coded.dictionary.encode(rows) if plan.pooled else coded.codes.flatten(0, 1)
    fold = folds_of_images(len(heard.maps), len(rows) // len(heard.maps), seed=plan.seed).to(rows.device)
    return judge_extraction(extraction, coded.dictionary, rows, codes, fold, plan.seed)


def _rows(heard: Heard, plan: Plan) -> Float[Tensor, "samples channels"]:
    """The activations that concepts are sought in: of single places, or the means of pictures."""
    places = heard.maps.flatten(2).mT
    return places.mean(1) if plan.pooled else places.flatten(0, 1)


def _codes(dictionary: Dictionary, heard: Heard) -> Float[Tensor, "images places concepts"]:
    places = heard.maps.flatten(2).mT
    return dictionary.encode(places.flatten(0, 1)).reshape(*places.shape[:2], -1)


def _moves_nothing(own: Extracted) -> bool:
    """Whether the logit stays the same without any of the concepts, as where only a class token is read further on."""
    shares = own.weighed.shares
    there = bool(own.codes.any())
    return there and max(map(abs, shares.contributions)) <= _NOTHING * abs(shares.logit)


def _energy(own: Extracted, heard: Heard) -> Float[Tensor, " concepts"]:
    lengths = own.dictionary.concepts.double().square().sum(1)
    codes = own.codes.square().sum((0, 1), dtype=torch.float64)
    return codes * lengths / heard.maps.square().sum(dtype=torch.float64)


def _strategies(own: Extracted, behind: Behind, heard: Heard, class_: int, seed: int) -> Strategies:
    phi = own.weighed.importance.float().cpu()
    correct, marked = heard.truth.correct, heard.truth.marked
    right = torch.zeros(len(phi), dtype=torch.bool) if correct is None else correct
    clusters = strategies.strategic_clusters(phi, seed=seed)
    reliability = strategies.reliability(phi, right)
    return Strategies(
        strategies.dominant_concept(phi),
        strategies.prevalence(phi),
        torch.full_like(reliability, math.nan) if correct is None else reliability,
        _linear(own, behind, class_),
        clusters,
        strategies.portraits(phi, clusters.labels, right, marked),
        strategies.layout(phi, seed=seed),
        None if marked is None else strategies.mark_information(clusters.labels, marked, seed=seed),
    )


def _linear(own: Extracted, behind: Behind, class_: int) -> tuple[Tensor, Tensor] | None:
    """γ and E[ū] of the concepts, where the rest is linear."""
    if behind.classifier is None:
        return None
    weights = behind.classifier.weight[class_].detach().to(own.dictionary.concepts)
    return strategies.linear_reliability(own.dictionary.concepts, weights), strategies.linear_prevalence(own.codes)
