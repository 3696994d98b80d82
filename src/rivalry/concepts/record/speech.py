"""The words that concepts can be called by, and the CLIP that tells which fits."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor

from rivalry.clip.feature_cache import word_features
from rivalry.clip.towers import load_clip, prepare
from rivalry.concepts.record.crops import Crop
from rivalry.concepts.record.naming import Called, SeenViews, name_concepts
from rivalry.data.vocabulary import Vocabulary

TEMPLATES = ("{}",)
"""Texts that words are put into."""


class Speech:
    """A CLIP and a vocabulary.

    Attributes:
        fingerprint: Of the CLIP.

    Args:
        clip: As for :func:`rivalry.clip.towers.load_clip`.
        vocabulary: The words.
        device: Where it works.
    """

    def __init__(self, clip: str, vocabulary: Vocabulary, device: torch.device) -> None:
        self._clip = load_clip(clip, str(device))
        self._vocabulary = vocabulary
        self._words = word_features(self._clip, vocabulary.words, TEMPLATES)
        self._scale = float(self._clip.model.logit_scale.detach().exp())
        self.fingerprint = self._clip.fingerprint

    def see(self, images: UInt8[Tensor, "images 3 height width"], crops: Sequence[Sequence[Crop]]) -> SeenViews:
        """Look at what surrounds the crops of some concepts, and at their pictures.

        Args:
            images: The pictures of a class.
            crops: Of each concept.
        """
        listed = [crop for of_concept in crops for crop in of_concept]
        concept = torch.tensor([place for place, some in enumerate(crops) for _ in some], dtype=torch.long)
        features = self._words[:0]
        if listed:
            whole = images[[crop.picture for crop in listed]]
            around = torch.stack([crop.around.of(picture) for crop, picture in zip(listed, whole, strict=True)])
            features = torch.cat([self._encode(around), self._encode(whole)])
        views = concept.repeat(2).to(features.device)
        return SeenViews.of(features, views, len(crops), self._words, self._scale)

    def _encode(self, images: UInt8[Tensor, "images 3 _ _"]) -> Float[Tensor, "images features"]:
        return self._clip.encode_prepared(prepare(images.to(self._clip.device), self._clip.preparation))

    def call(self, seen: SeenViews, class_: Int[Tensor, " concepts"]) -> list[Called]:
        """What all concepts of a layer are called, each being of a class."""
        words = self._vocabulary.words
        return name_concepts(seen, class_.to(self._words.device), self._words, words, self._scale)
