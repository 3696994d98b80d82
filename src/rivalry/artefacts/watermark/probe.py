"""The watermark probe: does a network rely on a mark, where is the mark read, and how few units carry it?

Every picture of the pass is rendered with the mark and with the null mark, and the network is shown both: three answers
a picture in one pass. Reliance comes of all pictures; what lies within layers of a sample of them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch
from jaxtyping import Int
from torch import Tensor, nn

from rivalry.artefacts.watermark.answers import COLUMNS, Answers, from_rows, to_rows
from rivalry.artefacts.watermark.closer import CloserLook, look_closer
from rivalry.artefacts.watermark.concept_vector import PERMUTATIONS, layer_gradients
from rivalry.artefacts.watermark.floor import Floor
from rivalry.artefacts.watermark.layers import Judging, LayerFinding
from rivalry.artefacts.watermark.pictures import Pictures, knows_objects, look_again, sheet
from rivalry.artefacts.watermark.relevance import STEPS
from rivalry.artefacts.watermark.reliance import SMALLEST_GROUP, group_accuracies, reliance_intervals
from rivalry.artefacts.watermark.renders import render
from rivalry.artefacts.watermark.sample import RENDERS, PooledRenders
from rivalry.artefacts.watermark.saturation import CLUSTERS
from rivalry.artefacts.watermark.tables import (
    fewest_carriers,
    group_table,
    layer_table,
    reliance_table,
    scalars_of,
    unit_table,
)
from rivalry.data.dataset import ImageDataset
from rivalry.data.watermark import Watermark, Watermarked
from rivalry.lwta.activity import WinCounts
from rivalry.numerics.bootstrap import RESAMPLES
from rivalry.numerics.nearest import nearest
from rivalry.numerics.sampling import draw
from rivalry.recording.analysis import Analysis, Finding
from rivalry.recording.axes import Layers, check_axes, unit_axes
from rivalry.recording.grid import feature_map
from rivalry.recording.observation import Listening, Observation, Shown
from rivalry.recording.sample_rows import SampleRows
from rivalry.records import JSON

EXAMPLES = 6
"""Pictures that the record shows."""

FEWEST = 2
"""Pictures that the target class, and the others together, must have at least."""

SILENCED_PICTURES = 128
"""Pictures on which units are silenced: one half chooses carriers, the other judges them."""


class WatermarkProbe(Analysis):
    """Probes a network for a watermark.

    The probe set must hold clean pictures. The record holds

    - the table ``reliance`` (metric, value, low, high): every metric of :mod:`rivalry.artefacts.watermark.reliance`,
      the relevance lifts, the saturation, and the decodability of the last layer, with bootstrap intervals (95 %);
    - ``layers`` (see :func:`rivalry.artefacts.watermark.tables.layer_table`), ``units`` (layer, unit, auroc,
      auroc_null, carries) and ``groups`` (class, marked, pictures, accuracy, counted);
    - all metrics as scalars, their intervals' ends as ``<metric>_low`` and ``<metric>_high``;
    - the picture ``renders``: some pictures clean, marked, null-marked, and what is relevant in them.

    Memory: 36 bytes a picture, and for the sample 12 bytes × pictures × units a layer (twice that where units
    compete). Work: two forward passes more than the plain one, and at the end some thousands of pictures, whatever the
    set's size.

    Args:
        watermark: The mark; its null mark is that of :meth:`rivalry.data.watermark.Watermark.null`.
        target: Name of the class that the mark may have come to stand for.
        layers: Layers to look into, dotted names or globs; with the axis of their units where it cannot be told (see
            :mod:`rivalry.recording.axes`).
        samples: Pictures of the sample on which layers are judged, 8 or more.
        pictures: Pictures for relevance, saturation and gradients, 1 or more.
        seed: Of the marks' places, the sample, splits and bootstraps.
        name: Name of the record.

    Raises:
        ValueError: For numbers outside these bounds, or an axis that holds no units. Before a pass: for a target that
            is no class, or of which (or of the others) the probe set has fewer than two pictures, pictures that bear a
            mark already, or a mark that does not fit on them.
    """

    needs = frozenset({"labels"})

    def __init__(
        self,
        watermark: Watermark,
        target: str,
        layers: Layers,
        samples: int = 512,
        pictures: int = 32,
        seed: int = 0,
        name: str = "watermark",
    ) -> None:
        if samples < 8 or pictures < 1:
            raise ValueError(f"wanted 8 samples and 1 picture or more, got samples={samples} and pictures={pictures}")
        self._given_axes = check_axes(layers)
        self.taps = tuple(layers)
        self.watermark, self.null = watermark, watermark.null()
        self.target, self.samples, self.pictures, self.seed, self.name = target, samples, pictures, seed, name
        self._floor = Floor(samples, seed)

    def check(self, network: nn.Module, dataset: ImageDataset) -> None:
        """Refuse a target that is no class or of too few pictures, marked pictures, and a mark that does not fit."""
        if self.target not in dataset.classes:
            raise ValueError(
                f"the target of {self.name!r} is a class of the probe set, got {self.target!r}; the nearest are "
                f"{nearest(self.target, dataset.classes)}"
            )
        of_target = int((dataset.labels == dataset.classes.index(self.target)).sum())
        if of_target < FEWEST or len(dataset) - of_target < FEWEST:
            raise ValueError(
                f"{self.name!r} wants at least {FEWEST} pictures of {self.target!r} and as many of other classes, and "
                f"the probe set has {of_target} and {len(dataset) - of_target}: show it more pictures"
            )
        if isinstance(dataset, Watermarked) and dataset.marked.any():
            raise ValueError(
                f"{self.name!r} marks the pictures of its probe set itself, and {int(dataset.marked.sum())} of them "
                "bear a mark already: give it the data set without watermarks"
            )
        _, height, width = dataset[0]["image"].shape
        for mark in (self.watermark, self.null):
            mark.check(height, width)

    def start(self, listening: Listening) -> None:
        """Forget the last pass, and choose the sample."""
        self._listening = listening
        self._target = listening.dataset.classes.index(self.target)
        self._axes: dict[str, int] = {}
        self._spatial: dict[str, int] = {}
        self._answers = SampleRows(COLUMNS, len(listening.dataset)).to(listening.device)
        self._sample = draw(len(listening.dataset), self.samples, self.seed).sort().values.to(listening.device)
        self._pools: dict[str, PooledRenders] = {}
        self._wins: dict[str, list[WinCounts]] = {}
        self._floor.start(listening)

    def observe(self, observation: Observation) -> None:
        """Render the batch, show it, and keep what was answered."""
        if observation.labels is None or observation.logits is None:
            raise ValueError("the probe needs labels and logits, and the pass gave none")
        if (told := observation.logits.shape[1]) <= self._target:
            raise ValueError(f"{self.target!r} is class {self._target} from 0, and the network tells {told} classes")
        if not self._axes:
            self._axes = unit_axes(self._listening, observation, self._given_axes)
            self._spatial = _spatial(self._listening, observation, self._axes)
        clean = Shown(observation.logits, observation.activations, observation.winners)
        renders = [clean, clean, clean]
        chosen = torch.isin(observation.index, self._sample)
        marked = observation.images
        if len(observation.index):
            marked, null = (
                render(mark, observation.images, observation.index, seed=self.seed).images
                for mark in (self.watermark, self.null)
            )
            renders = [clean, self._listening.show(marked), self._listening.show(null)]
        rows = to_rows(observation.labels, [one.logits for one in renders], self._target)
        self._answers.update(rows, observation.index)
        for layer in self._axes:
            self._hear(layer, renders, chosen, observation.index)
        widths = {layer: pool.units for layer, pool in self._pools.items()}
        shown = observation.images[chosen], marked[chosen], observation.index[chosen]
        self._floor.add(*shown, self._axes, widths)

    def conclude(self, network: nn.Module) -> Finding:
        """Say how far the network relies on the mark, and where it is in the layers."""
        answers = from_rows(self._answers)
        classes = self._listening.dataset.classes
        intervals = reliance_intervals(answers, self._target, len(classes), seed=self.seed)
        pictures = self._look_again(answers.index, self.pictures)
        closer = look_closer(self._listening, pictures, self._target, self._spatial, seed=self.seed)
        findings = self._judge_layers(answers, closer)
        last = [*findings.values()][-1]
        intervals |= {
            **closer.intervals,
            "decodability": last.decodability,
            "decodability_floor": last.floor,
            "decodability_null": last.decodability_null,
        }
        groups = group_accuracies(answers, len(classes))
        shown, layout = sheet(pictures, closer.relevance, EXAMPLES)
        return Finding(
            scalars_of(intervals, findings),
            {
                "reliance": reliance_table(intervals),
                "layers": layer_table(findings),
                "units": unit_table(findings),
                "groups": group_table(groups, classes),
            },
            {"renders": shown},
            {**self._settings(pictures, fewest_carriers(findings)), "renders": layout},
        )

    def _hear(self, layer: str, renders: Sequence[Shown], chosen: Tensor, index: Tensor) -> None:
        """Keep what a layer made of the renders of a batch."""
        heard = [(one.activations[layer], one.winners.get(layer)) for one in renders]
        competitors, axis = self._listening.competitors.get(layer), self._axes[layer]
        if layer not in self._pools:
            units, device = heard[0][0].shape[axis], self._listening.device
            samples = len(self._sample)
            self._pools[layer] = PooledRenders(units, axis, competitors, samples, device)
            if competitors is not None:
                self._wins[layer] = [WinCounts(units, competitors, axis).to(device) for _ in RENDERS]
        self._pools[layer].add(heard, chosen, index)
        for counts, (output, winners) in zip(self._wins.get(layer, []), heard, strict=False):
            if winners is not None:
                counts.update(winners, output)

    def _judge_layers(self, answers: Answers, closer: CloserLook) -> dict[str, LayerFinding]:
        """Every layer's finding."""
        pools = {layer: self._pools[layer].compute() for layer in self._axes}
        floor = self._floor.compute()
        own = answers.index[answers.label == self._target]
        gradients = self._gradients(own)
        sampled = next(iter(pools.values())).index
        silenced = self._look_again(sampled, SILENCED_PICTURES) if len(sampled) >= 2 * FEWEST else None
        judging = Judging(self._listening, self._target, silenced, self.seed)
        return {
            layer: judging.judge(
                layer,
                axis,
                pools[layer],
                gradients[layer],
                floor[layer],
                closer.effective_ranks.get(layer, _UNKNOWN),
                self._winner_entropies(layer),
            )
            for layer, axis in self._axes.items()
        }

    def _gradients(self, own: Int[Tensor, " samples"]) -> dict[str, Tensor]:
        """Gradients of the target's logit on pictures of its class."""
        if not len(own):
            return {layer: torch.zeros(0, pool.units) for layer, pool in self._pools.items()}
        images = self._look_again(own, self.pictures).clean
        return layer_gradients(self._listening, images, self._target, self._axes)

    def _winner_entropies(self, layer: str) -> tuple[float, float, float]:
        if layer not in self._wins:
            return _UNKNOWN
        clean, marked, null = (counts.compute().winner_entropy for counts in self._wins[layer])
        return clean, marked, null

    def _look_again(self, index: Int[Tensor, " samples"], wanted: int) -> Pictures:
        """Read as many of these pictures as are wanted, chosen by seed."""
        places = draw(len(index), wanted, self.seed).sort().values.to(index.device)
        return look_again(self._listening, index[places], self.watermark, self.null, seed=self.seed)

    def _settings(self, pictures: Pictures, carrying: str | None) -> dict[str, JSON]:
        return {
            "watermark": repr(self.watermark),
            "watermark_fingerprint": self.watermark.fingerprint,
            "null_fingerprint": self.null.fingerprint,
            "target": self.target,
            "probe_seed": self.seed,
            "sample": len(self._sample),
            "silenced_pictures": SILENCED_PICTURES,
            "looked_at": len(pictures.index),
            "object_pixels": "masks" if knows_objects(self._listening.dataset) else "whole picture",
            "layers_with_places": list(self._spatial),
            "carrying_layer": carrying,
            "smallest_group": SMALLEST_GROUP,
            "resamples": RESAMPLES,
            "permutations": PERMUTATIONS,
            "integration_steps": STEPS,
            "clusters": CLUSTERS,
            "unit_axes": dict(self._axes),
        }


_UNKNOWN = (math.nan, math.nan, math.nan)


def _spatial(listening: Listening, observation: Observation, axes: Mapping[str, int]) -> dict[str, int]:
    """The layers whose outputs lie on a grid of more than one cell, with the axis of their units."""
    size = observation.images.shape[2], observation.images.shape[3]
    found = {}
    for layer, axis in axes.items():
        output = observation.activations[layer]
        if output.ndim > 2 and feature_map(listening.network, output, size, axis).shape[2:].numel() > 1:
            found[layer] = axis
    return found
