"""The words that concepts can be called by, and the CLIP that tells which fits."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import UInt8
from torch import Tensor

from rivalry.clip.feature_cache import word_features
from rivalry.clip.towers import load_clip, prepare
from rivalry.concepts.crops import Crop, cut
from rivalry.concepts.naming import Called, SeenCrops, name_concepts
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

    def see(self, images: UInt8[Tensor, "images 3 height width"], crops: Sequence[Sequence[Crop]]) -> SeenCrops:
        """Look at the crops of some concepts.

        Args:
            images: The pictures of a class.
            crops: Of each concept.
        """
        listed = [crop for of_concept in crops for crop in of_concept]
        concept = torch.tensor([place for place, some in enumerate(crops) for _ in some], dtype=torch.long)
        features = self._words[:0]
        if listed:
            cropped = cut(images, listed).to(self._clip.device)
            features = self._clip.encode_prepared(prepare(cropped, self._clip.preparation))
        return SeenCrops.of(features, concept.to(features.device), len(crops), self._words, self._scale)

    def call(self, seen: SeenCrops) -> list[Called]:
        """What all concepts of a layer are called."""
        return name_concepts(seen, self._words, self._vocabulary.words, self._scale)
