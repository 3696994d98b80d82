"""The bases of one layer in one pass: fitted before it, heard in it, judged after it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from rivalry.basis.answers import Answers, PictureAnswers, answers_of
from rivalry.basis.bases import SUPERVISED, Basis, probed_basis, rotated_bases
from rivalry.basis.concept_masks import ConceptMasks
from rivalry.basis.decomposition import Decomposition, decompose
from rivalry.basis.dissected import DissectedBases, Judged
from rivalry.basis.pixels import Pixels
from rivalry.basis.rotation import Rotation
from rivalry.basis.supervised import Probes


@dataclass(frozen=True)
class Fitted:
    """The bases of a layer, before the pass.

    Attributes:
        rotation: The fitted one.
        bases: All, by name.
        probes: Of concepts, where there are masks.
    """

    rotation: Rotation
    bases: Mapping[str, Basis]
    probes: Probes | None

    @classmethod
    def to(cls, pixels: Pixels, rotation: Rotation, *, seed: int) -> Fitted:
        """All bases that go with a rotation; the probes, where some place shows a concept."""
        bases = rotated_bases(pixels.vectors, rotation, seed=seed)
        if not pixels.shares.shape[-1]:
            return cls(rotation, bases, None)
        probes, basis = probed_basis(pixels, rotation, seed=seed)
        return cls(rotation, bases | ({SUPERVISED: basis} if len(probes.concepts) else {}), probes)

    def classes(self, classifier: nn.Linear, names: Sequence[str]) -> dict[str, Decomposition]:
        """What the classes are made of; concepts by their place among all.

        Args:
            classifier: Of the layer's mean over places.
            names: Of the classes.
        """
        if self.probes is None:
            return {}
        weights = classifier.weight.detach().float() * self.rotation.scale.to(classifier.weight.device)
        found = {name: decompose(row, self.probes.weights) for name, row in zip(names, weights, strict=True)}
        places = self.probes.concepts.tolist()
        return {
            name: replace(one, concepts=tuple(places[probe] for probe in one.concepts)) for name, one in found.items()
        }


class LayerBases:
    """Listens to a pass for the bases of one layer.

    Args:
        fitted: The bases.
        pixels: What they were fitted to; not kept.
        truth: What masks speak of, if there are any.
        pictures: Positions of those whose answers are kept for CLIP; none where it is not asked.
        competitors: Units in a block of a layer that competes.
    """

    def __init__(
        self,
        fitted: Fitted,
        pixels: Pixels,
        truth: ConceptMasks | None,
        pictures: Int[Tensor, " pictures"] | None,
        competitors: int | None,
    ) -> None:
        self.fitted = fitted
        vectors = pixels.vectors
        self.answers: dict[str, Answers] = {name: answers_of(one, vectors) for name, one in fitted.bases.items()}
        self._dissected = None if truth is None else DissectedBases(fitted.bases, pixels, truth, competitors)
        self._pictures = None if pictures is None else PictureAnswers(fitted.bases, pictures)

    def add(
        self,
        index: Int[Tensor, " batch"],
        maps: Float[Tensor, "batch channels height width"],
        winners: Int[Tensor, "batch blocks height width"] | None,
        masks: Int[Tensor, "batch categories height_ width_"] | None,
        first: Bool[Tensor, " batch"],
    ) -> None:
        """Take in a batch, perhaps an empty one.

        Args:
            index: Of the pictures.
            maps: Of the layer.
            winners: Of a layer that competes.
            masks: Of the pictures, of the truth's concepts alone, if there are any.
            first: Which of them are in the first half.
        """
        if self._pictures is not None:
            self._pictures.add(maps, index)
        if self._dissected is not None and masks is not None:
            self._dissected.add(maps, winners, masks, first)

    def judge(self) -> dict[str, Judged]:
        """What each basis detects; nothing without masks. A collective."""
        return {} if self._dissected is None else self._dissected.judge()

    def monosemanticity(self, features: Float[Tensor, "pictures features"] | None) -> dict[str, Tensor]:
        """How alike are the pictures that each direction answers to; nothing without features. A collective."""
        if self._pictures is None or features is None:
            return {}
        return self._pictures.monosemanticity(features)
