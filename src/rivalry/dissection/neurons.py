"""Neuron dissection: a label for every unit of the tapped layers, and, where masks are, whether it is true.

CLIP-Dissect (Oikarinen & Weng, ICLR 2023) with the winners of Panousis & Chatzis, "DISCOVER" (NeurIPS 2023). Unlike in
the released code of the latter, a pass is deterministic or seeded and its record says which, only real wins are ranked,
and the win rate stands beside the mean activation.

Only images that are among some unit's top images go through CLIP, unless the similarity looks at all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from rivalry.clip.feature_cache import ImageFeatures, word_features
from rivalry.clip.towers import Clip, check_clip, check_templates, load_clip
from rivalry.data.vocabulary import Vocabulary
from rivalry.dissection.best_words import BestWords
from rivalry.dissection.judge import BEST, judge_labels
from rivalry.dissection.layer_stream import LayerStream, LayerSummary
from rivalry.dissection.likeness import likeness_of, mean_cosine
from rivalry.dissection.naming import (
    TOP_K,
    best_by_all_images,
    best_by_top_images,
    check_similarity,
    name_units,
    needs_all_images,
    parameters,
    softmax_normalisers,
)
from rivalry.dissection.natural import NaturalLabels
from rivalry.dissection.sheet import top_image_sheet
from rivalry.dissection.similarity import Similarity
from rivalry.dissection.unit_table import NamedLayer, summary_scalars, unit_table
from rivalry.numerics.semantics import EXAMPLES
from rivalry.recording.analysis import Analysis, Finding
from rivalry.recording.axes import Layers, check_axes, unit_axes
from rivalry.recording.observation import Listening, Observation
from rivalry.recording.pooling import Pooled, Pooling, check_pooling, pool, positions_won
from rivalry.recording.presence import presence
from rivalry.records import JSON


@dataclass(frozen=True)
class _Features:
    """What CLIP sees of the images at ``indices`` and of the words, the same for all layers."""

    indices: Int[Tensor, " samples"]
    images: Float[Tensor, "samples features"]
    words: Float[Tensor, "concepts features"]
    normalisers: Float[Tensor, " samples"] | None


class NeuronDissection(Analysis):
    """Names every unit of the tapped layers.

    The record holds the table ``units`` (see :func:`rivalry.dissection.unit_table.unit_table`), the picture
    ``top_images`` (a row for each of the clearest units, listed in the settings, with its top images) and the scalars
    of :func:`rivalry.dissection.unit_table.summary_scalars`. Where the data set carries masks, labels are judged, and
    beside them, in the table ``classes``, the names of the classes as labels of the logits.

    Memory is bounded by units × top-k, where masks are units × their concepts, and the features of the top images;
    similarities that look at every image keep a reservoir of images × units and say so where it would pass 2 GiB a
    layer.

    Args:
        layers: Layers to dissect, dotted names or globs; with the axis of their units where it cannot be told (see
            :mod:`rivalry.recording.axes`).
        clip: A CLIP, as for :func:`rivalry.clip.towers.load_clip`; loaded at the end of the first pass.
        vocabulary: The words to choose from, or the name or file of them.
        similarity: How well a word describes a unit (see :mod:`rivalry.dissection.similarity`).
        pooling: From positions to one number an image (see :mod:`rivalry.recording.pooling`).
        top_k: Top images for each unit, 1 or more; by default the paper's number for the similarity.
        templates: Texts with a ``{}`` for the word, averaged over.
        name: Name of the record.

    Raises:
        ValueError: For an unknown similarity or pooling, fewer than two words or one top image, a template without a
            place, an axis that holds no units, or a CLIP that is not known, not there or not complete.
    """

    hears_directions = True

    def __init__(
        self,
        layers: Layers,
        clip: str,
        vocabulary: Vocabulary | str,
        similarity: Similarity = "soft_wpmi",
        pooling: Pooling = "mean",
        top_k: int | None = None,
        templates: Sequence[str] = ("{}",),
        name: str = "neurons",
    ) -> None:
        check_similarity(similarity)
        check_pooling(pooling)
        check_templates(templates)
        self._given_axes = check_axes(layers)
        self.taps = tuple(layers)
        self.clip = clip
        self.vocabulary = Vocabulary.load(vocabulary) if isinstance(vocabulary, str) else vocabulary
        if len(self.vocabulary) < 2:
            raise ValueError("to choose a label takes two words at least, and the vocabulary has one")
        self.similarity: Similarity = similarity
        self.pooling: Pooling = pooling
        self.top_k = TOP_K[similarity] if top_k is None else top_k
        if self.top_k < 1:
            raise ValueError(f"top_k is the number of a unit's top images, 1 or more; got {top_k}")
        self.templates = tuple(templates)
        self.name = name
        check_clip(clip)
        self._streams: dict[str, LayerStream] = {}
        self._images: ImageFeatures | None = None

    def start(self, listening: Listening) -> None:
        """Forget the last pass."""
        self._listening = listening
        self._axes: dict[str, int] = {}
        self._streams = {}
        self._natural = NaturalLabels(listening.dataset, listening.device)

    def observe(self, observation: Observation) -> None:
        """Pool each layer, and let the images claim places."""
        concepts = len(self._listening.dataset.concepts)
        shown = None
        if (masks := observation.masks) is not None and concepts:
            shown = observation.once(("presence", concepts), lambda: presence(masks, concepts))
        self._natural.add(observation.logits, shown, observation.index)
        self._axes = self._axes or unit_axes(self._listening, observation, self._given_axes)
        for layer, axis in self._axes.items():
            output = observation.activations[layer]
            won = positions_won(output, observation.winners.get(layer), self._listening.competitors.get(layer), axis)
            if layer not in self._streams:
                self._streams[layer] = self._new_stream(output.shape[axis], judged=shown is not None)
            self._streams[layer].add(_pool(layer, output, won, self.pooling, axis), observation.index, shown)

    def conclude(self, network: nn.Module) -> Finding:
        """Name the units, layer by layer."""
        summaries = {layer: self._streams[layer].summarise() for layer in self._listening.layers}
        natural = self._natural.judge()
        clip = load_clip(self.clip, str(self._listening.device))
        indices = torch.unique(torch.cat([_indices(summary) for summary in summaries.values()]))
        features = self._encode(clip, indices)
        layers = {layer: self._name(one, features) for layer, one in summaries.items()}
        sheet, settings = top_image_sheet(self._listening.dataset, layers, self.top_k)
        tables = {"units": unit_table(layers)}
        scalars = {**summary_scalars(layers), "clarity_floor": mean_cosine(features.images)}
        if natural is not None:
            tables["classes"] = self._natural.table(natural)
            scalars |= self._natural.scalars(natural)
        return Finding(scalars, tables, sheet, {**self._settings(clip), **settings})

    def _new_stream(self, units: int, *, judged: bool) -> LayerStream:
        dataset = self._listening.dataset
        return LayerStream(
            units,
            self.top_k,
            len(dataset),
            concepts=len(dataset.concepts) if judged else 0,
            keep_all=needs_all_images(self.similarity),
            device=self._listening.device,
        )

    def _encode(self, clip: Clip, indices: Int[Tensor, " samples"]) -> _Features:
        """CLIP sees each image that matters once."""
        words = word_features(clip, self.vocabulary.words, self.templates)
        if self._images is None or self._images.clip is not clip:
            self._images = ImageFeatures(clip)
        dataset = self._listening.dataset
        empty = torch.zeros(0, clip.width, device=clip.device)
        workers = self._listening.workers
        images = self._images.of(dataset, indices.tolist(), workers=workers) if len(indices) else empty
        by_top = not needs_all_images(self.similarity)
        return _Features(
            indices, images, words, softmax_normalisers(self.similarity, images, words) if by_top else None
        )

    def _name(self, summary: LayerSummary, features: _Features) -> NamedLayer:
        names = name_units(self._best_words(summary, features), self.vocabulary.words, summary.dead)
        likeness = likeness_of(summary, features.indices, features.images)
        if summary.truth is None:
            return NamedLayer(summary, names, likeness, None)
        verdict = judge_labels(summary.truth, [name.label for name in names], self._listening.dataset.concepts)
        return NamedLayer(summary, names, likeness, verdict)

    def _best_words(self, summary: LayerSummary, features: _Features) -> BestWords:
        indices, images, words = features.indices, features.images, features.words
        if not len(indices):
            return BestWords.none_yet(len(summary.mean), images.device)
        if summary.rows is not None:
            return best_by_all_images(self.similarity, summary.rows.values, images, words)
        places = torch.searchsorted(indices, summary.top.images).masked_fill(summary.top.images < 0, -1)
        return best_by_top_images(self.similarity, places, images, words, features.normalisers)

    def _settings(self, clip: Clip) -> dict[str, JSON]:
        return {
            "clip": self.clip,
            "clip_fingerprint": clip.fingerprint,
            "vocabulary": self.vocabulary.fingerprint,
            "words": len(self.vocabulary),
            "templates": list(self.templates),
            "similarity": self.similarity,
            "similarity_parameters": {"top_k": self.top_k, **parameters(self.similarity)},
            "pooling": self.pooling,
            "unit_axes": dict(self._axes),
            "examples": EXAMPLES,
            "monosemanticity_over": "all images" if needs_all_images(self.similarity) else "top images",
            **self._judging(),
        }

    def _judging(self) -> dict[str, JSON]:
        """How labels were judged, where they were."""
        sampled: dict[str, JSON] = {
            layer: int(stream.truth.chosen.sum()) for layer, stream in self._streams.items() if stream.truth is not None
        }
        if not sampled:
            return {}
        return {"judging": {"best": BEST, "iou_over": "as many images as show the concept", "sampled_images": sampled}}


def _pool(layer: str, output: Tensor, won: Tensor, pooling: Pooling, axis: int) -> Pooled:
    try:
        return pool(output, won, pooling, axis)
    except ValueError as error:
        raise ValueError(f"layer {layer!r}: {error}") from error


def _indices(summary: LayerSummary) -> Tensor:
    """The images that a layer's scores look at."""
    if summary.rows is not None:
        return summary.rows.index
    images = summary.top.images.flatten()
    return images[images >= 0]
