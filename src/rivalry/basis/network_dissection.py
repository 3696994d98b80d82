"""The analysis: which units of a layer, or directions of a basis, detect which concepts, by the masks of the probe set.

Bau et al., "Network Dissection: Quantifying Interpretability of Deep Visual Representations" (CVPR 2017), and the
variant of Bau et al., "Understanding the role of individual units in a deep neural network" (PNAS 2020). That labels
are chosen on one half of the pictures and scored on the other is Doumanoglou et al.'s (2023); Bau et al. do both on all
pictures. Thresholds by concept, wins as masks, and what a quantile cannot detect are ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, TypeAlias

import torch
from jaxtyping import Float
from torch import Tensor, nn

from rivalry.basis import policies
from rivalry.basis.concept_masks import ConceptMasks
from rivalry.basis.detector_sheet import detector_sheet
from rivalry.basis.detectors import EdgeSample
from rivalry.basis.dissection_tables import Dissected, all_tables, scalars
from rivalry.basis.layer_dissection import LayerDissection
from rivalry.data.dataset import ImageDataset
from rivalry.numerics.sampling import halves
from rivalry.recording.analysis import Analysis, Finding
from rivalry.recording.axes import Layers, check_axes
from rivalry.recording.chosen import ChosenPictures
from rivalry.recording.directions import MARK, part
from rivalry.recording.layer_maps import LayerMaps, Maps
from rivalry.recording.observation import Images, Listening, Observation

Variant: TypeAlias = Literal[2017, 2020]
LEVELS: dict[Variant, float] = {2017: 0.005, 2020: policies.LEVEL_2020}
"""Share of a unit's values above its threshold: of the places of its maps (2017), of its upsampled pixels (2020)."""

_MAIN: dict[Variant, str] = {2017: policies.QUANTILE, 2020: policies.QUANTILE_2020}


class NetworkDissection(Analysis):
    """Names units by the concepts whose pixels they mark, and says which of them are detectors.

    Before the pass the network is shown a sample of the pictures, of which the levels are taken between which the
    pass then counts (see :mod:`rivalry.basis.detectors`). The record holds the tables ``units``, ``concepts``,
    ``categories`` and ``layers`` (see :mod:`rivalry.basis.dissection_tables`) and the picture ``detectors``. Memory, a
    layer: some 2 kB × units × (concepts + categories + 2) in the pass, and 1.5 MB × units at most before it.

    Args:
        layers: Layers to dissect, dotted names or globs, of the network or of directions (``layer3@basis``); with the
            axis of their units where it cannot be told (see :mod:`rivalry.recording.axes`).
        quantile: Share of a unit's values above its threshold, less than a half; by default that of the variant, 0.005
            or 0.01.
        variant: By which the units are called; the other is told beside it.
        categories: Dissect by the concepts of these categories alone.
        halves: Choose labels on one half of the pictures and score them on the other; else all pictures do both, as in
            Bau et al.
        sample: Pictures of which levels are taken. Thresholds are exact where these are all pictures, and have no more
            than 100,000 places (by the variant of 2020, 25,000 pixels); else the tables say what share they reach.
        seed: Decides the halves and the sample.
        name: Name of the record.

    Raises:
        ValueError: For a quantile that is no such share, an unknown variant, a sample of no picture, or an axis that
            holds no units.
    """

    needs = frozenset({"masks"})
    hears_directions = True

    def __init__(
        self,
        layers: Layers,
        quantile: float | None = None,
        variant: Variant = 2017,
        *,
        categories: Sequence[str] | None = None,
        halves: bool = True,
        sample: int = 200,
        seed: int = 0,
        name: str = "detectors",
    ) -> None:
        _check(quantile, variant, sample, seed)
        self._given_axes = check_axes(layers)
        self.taps = tuple(layers)
        self.variant: Variant = variant
        self.levels = LEVELS | {variant: quantile or LEVELS[variant]}
        self.categories = categories
        self.halves, self.sample, self.seed = halves, sample, seed
        self.name = name

    def check(self, network: nn.Module, dataset: ImageDataset) -> None:
        """Refuse layers without places, masks that do not lie on the pictures, and categories that they lack.

        Raises:
            ValueError: Naming the layer, the sizes, or the nearest category.
        """
        self._masks = ConceptMasks.chosen(dataset, self.categories)
        if self.halves and len(dataset) < 2:
            raise ValueError("two halves take two pictures at least, and there is one: give halves=False or more")
        own = list(dict.fromkeys(part(tap)[0] for tap in self.taps))
        self._own = LayerMaps.settled(network, own, self._given_axes, dataset[0]["image"])

    def start(self, listening: Listening) -> None:
        """Part the pictures in halves, and take levels from a sample of them."""
        self._listening = listening
        directed = {layer: 1 for layer in listening.layers if MARK in layer}
        self._maps = replace(self._own, axes={**self._own.axes, **directed})
        pictures = len(listening.dataset)
        first = halves(pictures, seed=self.seed)[0] if self.halves else torch.arange(pictures)
        self._first = torch.zeros(pictures, dtype=torch.bool)
        self._first[first] = True
        edges = self._levels()
        self._streams = {
            layer: LayerDissection(edges[layer], self._masks, listening.competitors.get(layer), listening.device)
            for layer in listening.layers
        }

    def observe(self, observation: Observation) -> None:
        """Count pixels of every concept by the units' levels, and by their wins."""
        size = observation.images.shape[2], observation.images.shape[3]
        if observation.masks is None:
            raise ValueError("the pictures of this batch came without masks")
        masks = self._masks.of(observation.masks, size)
        first = self._first[observation.index.cpu()].to(observation.index.device)
        maps, winners = self._maps.of(observation.activations, size), self._maps.of(observation.winners, size)
        for layer, stream in self._streams.items():
            won = winners[layer].long() if layer in winners else None
            stream.add(maps[layer], won, masks, first, observation.index)

    def conclude(self, network: nn.Module) -> Finding:
        """Call units by concepts, score them, and draw the best."""
        layers = {layer: self._dissected(layer, stream) for layer, stream in self._streams.items()}
        tops = {layer: stream.top_images() for layer, stream in self._streams.items()}
        called = {layer: one.called for layer, one in layers.items()}
        sheet, layout = detector_sheet(self._listening.dataset, self._shown, called, tops)
        concepts = self._masks.concepts
        return Finding(
            scalars=scalars(layers),
            tables=all_tables(layers, concepts),
            images=sheet,
            settings={
                **layout,
                **{"policy": _MAIN[self.variant], "quantile": self.levels[self.variant], "halves": self.halves},
                **{"categories": list(dict.fromkeys(concept.category for concept in concepts))},
                **{"sampled_pictures": len(self._sampled.index), "dissection_seed": self.seed},
                **{"unit_axes": dict(self._maps.axes)},
            },
        )

    def _levels(self) -> dict[str, Float[Tensor, "units edges"]]:
        """Levels of the units of every layer. A collective."""
        listening = self._listening
        self._sampled = ChosenPictures.chosen(
            listening.dataset, self.sample, self.seed, listening.device, listening.workers
        )
        example = self._shown(listening.dataset[0]["image"][None].to(listening.device))
        samples = {
            layer: EdgeSample(
                maps.shape[1],
                zero=MARK in layer,
                level=self.levels[2017],
                pixel_level=self.levels[2020],
                device=listening.device,
            )
            for layer, maps in example.items()
        }
        for batch in self._sampled.batches():
            index = batch["index"].to(listening.device)
            for layer, maps in self._shown(batch["image"].to(listening.device)).items():
                try:
                    samples[layer].add(maps, self._masks.size, index)
                except ValueError as error:
                    raise ValueError(f"layer {layer!r}: {error}") from error
        return {layer: sample.compute() for layer, sample in samples.items()}

    def _dissected(self, layer: str, stream: LayerDissection) -> Dissected:
        """What a layer's units detect. A collective."""
        counts, wins = stream.counts(halves=self.halves), stream.wins(halves=self.halves)
        found = policies.by_policy(
            counts, wins, level=self.levels[2017], level_2020=self.levels[2020], zero=MARK in layer
        )
        return Dissected(counts, found, _MAIN[self.variant], self.levels[self.variant])

    def _shown(self, images: Images) -> Maps:
        """What the heard network makes of pictures, layer by layer."""
        shown = self._listening.show(images)
        return self._maps.of(shown.activations, (images.shape[2], images.shape[3]))


def _check(quantile: float | None, variant: int, sample: int, seed: int) -> None:
    """Refuse arguments that lie outside their bounds."""
    if quantile is not None and not 0 < quantile < 0.5:
        meant = f"; did you mean {1 - quantile:.6g}?" if 0.5 < quantile < 1 else ""
        raise ValueError(f"quantile is the share of values above a threshold, between 0 and ½; got {quantile:g}{meant}")
    if variant not in LEVELS:
        raise ValueError(f"variant is 2017 (Bau et al.'s first paper) or 2020, got {variant!r}")
    if sample < 1:
        raise ValueError(f"sample is the number of pictures that levels are taken of, 1 or more; got {sample}")
    if seed < 0:
        raise ValueError(f"seed is 0 or more, got {seed}")
