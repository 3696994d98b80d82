"""Unit profiles: of every unit the pictures that show what it answers to, and the figures that say how it does.

Top pictures alone show the extreme of a unit. Beside them stand pictures from all over the range of activations at
which it won, where in each picture it answers, how its activations are distributed, which classes it speaks for and
against, and which units answer like it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pyarrow as pa
import torch
from jaxtyping import Float
from torch import Tensor, nn

from rivalry.data.dataset import ImageDataset
from rivalry.dissection.profiles.class_effects import class_effects
from rivalry.dissection.profiles.distribution import BINS
from rivalry.dissection.profiles.layer_profile import SAMPLE_SEED, LayerProfile, ProfileStream
from rivalry.dissection.profiles.neighbours import nearest_units
from rivalry.dissection.profiles.samples import LayerSamples
from rivalry.dissection.profiles.showing import Showing
from rivalry.dissection.profiles.tables import SAMPLES, UNITS, ProfiledLayer, sample_rows, unit_rows
from rivalry.recording.analysis import Analysis, Finding
from rivalry.recording.axes import Layers, check_axes
from rivalry.recording.directions import MARK, part
from rivalry.recording.layer_maps import LayerMaps
from rivalry.recording.observation import Listening, Observation
from rivalry.recording.pooling import pool, positions_won
from rivalry.records import JSON

_LEAST = {"top": 1, "quantiles": 0, "classes": 0, "nearest": 0, "thumbnail": 8, "sample": 1}
_MEANING = {
    "top": "the number of a unit's top pictures",
    "quantiles": "the number of a unit's pictures at quantiles of its activation",
    "classes": "the number of classes to tell of each sign",
    "nearest": "the number of nearest units to tell",
    "thumbnail": "the pixels of the longer side of a thumbnail",
    "sample": "the number of pictures to sample",
}


class UnitProfiles(Analysis):
    """What a page about each unit shows: pictures with activations over them, and statistics.

    The record holds the tables ``units`` (see :data:`rivalry.dissection.profiles.tables.UNITS`), ``samples``
    (:data:`rivalry.dissection.profiles.tables.SAMPLES`: top pictures, and pictures at quantiles, with maps and boxes)
    and ``pictures`` (thumbnails). A picture's activation is its mean over positions, as a
    :class:`rivalry.dissection.NeuronDissection` has it. At the end of the pass the network is shown the pictures of
    the samples, each once.

    Memory, a layer: in the pass 16 bytes × units × (``top`` + 5), and a sample of the pictures of 134 MB at most, the
    same on any number of ranks: 5 bytes × units + 4 bytes × classes a picture, thrice that where it is put in order.
    At its end, 3 bytes × units × (``top`` + ``quantiles``) × positions for maps, and over all layers the thumbnails, 2
    to 3 kB a photograph.

    Args:
        layers: Layers to hear, dotted names or globs, of the network or of directions (``layer3@basis``); with the axis
            of their units where it cannot be told (see :mod:`rivalry.recording.axes`).
        top: Top pictures a unit.
        quantiles: Pictures a unit from evenly spaced quantiles of its activation, among those in which it won.
        classes: Classes that a unit raises most, and as many that it lowers most.
        nearest: Units of the layer that answer most like it.
        thumbnail: Pixels of the longer side of a picture as it is kept.
        sample: Pictures of which histograms, quantiles and correlations are taken; fewer where 134 MB hold no more.
        name: Name of the record.

    Raises:
        ValueError: For a number below its bound, or an axis that holds no units.
    """

    hears_directions = True

    def __init__(
        self,
        layers: Layers,
        top: int = 8,
        quantiles: int = 8,
        classes: int = 5,
        nearest: int = 5,
        thumbnail: int = 96,
        sample: int = 2000,
        name: str = "profiles",
    ) -> None:
        given = {"top": top, "quantiles": quantiles, "classes": classes, "nearest": nearest, "thumbnail": thumbnail}
        _check({**given, "sample": sample})
        self._given_axes = check_axes(layers)
        self.taps = tuple(layers)
        self.top, self.quantiles, self.classes, self.nearest = top, quantiles, classes, nearest
        self.thumbnail, self.sample = thumbnail, sample
        self.name = name

    def check(self, network: nn.Module, dataset: ImageDataset) -> None:
        """Refuse layers that do not lie on the pictures.

        Raises:
            ValueError: Naming the layer.
        """
        own = list(dict.fromkeys(part(tap)[0] for tap in self.taps))
        self._own = LayerMaps.settled(network, own, self._given_axes, dataset[0]["image"], vectors=True)

    def start(self, listening: Listening) -> None:
        """Forget the last pass."""
        self._listening = listening
        axes = {layer: 1 if MARK in layer else self._own.axes[layer] for layer in listening.layers}
        shapes = {layer: self._own.shapes[part(layer)[0]] for layer in listening.layers}
        self._maps = replace(self._own, axes=axes, shapes=shapes)
        self._streams: dict[str, ProfileStream] = {}

    def observe(self, observation: Observation) -> None:
        """Pool each layer; keep moments of all pictures, and the rows of sampled ones."""
        logits = self._known_logits(observation)
        for layer in self._listening.layers:
            output, axis = observation.activations[layer], self._maps.axes[layer]
            won = positions_won(output, observation.winners.get(layer), self._listening.competitors.get(layer), axis)
            if layer not in self._streams:
                self._streams[layer] = self._new_stream(output.shape[axis], logits.shape[1])
            self._streams[layer].add(pool(output, won, "mean", axis), logits, observation.index)

    def conclude(self, network: nn.Module) -> Finding:
        """Say what is known of every unit, and show its pictures."""
        layers = {layer: self._profiled(layer, network) for layer in self._listening.layers}
        samples = {layer: known.samples for layer, known in layers.items()}
        overlays, pictures = Showing(self._listening, self._maps, samples, self.thumbnail).run()
        classes = self._listening.dataset.classes
        units = [unit_rows(layer, known, classes) for layer, known in layers.items()]
        shown = [sample_rows(layer, samples[layer], one, pictures) for layer, one in overlays.items()]
        tables = {
            "units": pa.concat_tables([UNITS.empty_table(), *units]),
            "samples": pa.concat_tables([SAMPLES.empty_table(), *shown]),
            "pictures": pictures,
        }
        return Finding(_scalars(layers, len(pictures)), tables, settings=self._settings(layers))

    def _known_logits(self, observation: Observation) -> Float[Tensor, "batch classes"]:
        """The logits, where they are those of the data set's classes; else none."""
        logits, wanted = observation.logits, len(self._listening.dataset.classes)
        if logits is None or logits.ndim != 2 or logits.shape[1] != wanted or not self.classes:
            return torch.zeros(len(observation.index), 0, device=observation.index.device)
        return logits

    def _new_stream(self, units: int, classes: int) -> ProfileStream:
        pictures, device = len(self._listening.dataset), self._listening.device
        return ProfileStream(units, self.top, self.sample, pictures=pictures, classes=classes, device=device)

    def _profiled(self, layer: str, network: nn.Module) -> ProfiledLayer:
        try:
            profile = self._streams[layer].summarise()
        except ValueError as error:
            raise ValueError(f"layer {layer!r}: {error}") from error
        known = profile.sample.logits.shape[1] > 0
        directions = self._listening.directions.get(layer)
        return ProfiledLayer(
            profile,
            class_effects(network, profile, self.classes, directions) if known else None,
            nearest_units(profile.sample.values, self.nearest),
            LayerSamples.of(profile, self.quantiles),
        )

    def _settings(self, layers: Mapping[str, ProfiledLayer]) -> dict[str, JSON]:
        return {
            "pooling": "mean",
            **{"top": self.top, "quantiles": self.quantiles, "classes": self.classes, "nearest": self.nearest},
            **{"thumbnail": self.thumbnail, "sample": self.sample, "sample_seed": SAMPLE_SEED, "bins": BINS},
            "sampled_pictures": {layer: len(known.profile.sample.index) for layer, known in layers.items()},
            "effects_by": {layer: known.effects.by if known.effects else None for layer, known in layers.items()},
            "unit_axes": dict(self._maps.axes),
        }


def _scalars(layers: Mapping[str, ProfiledLayer], pictures: int) -> dict[str, float]:
    """Of all units together."""
    profiles: list[LayerProfile] = [known.profile for known in layers.values()]
    wins = torch.cat([one.top.wins for one in profiles])
    density = torch.cat([one.top.wins.double() / one.pictures for one in profiles])
    return {
        "units": float(len(wins)),
        "dead_units": float((wins == 0).sum()),
        "mean_win_rate": float(torch.cat([one.win_rate for one in profiles]).mean()),
        "mean_density": float(density.mean()),
        "pictures": float(pictures),
    }


def _check(given: Mapping[str, int]) -> None:
    """Refuse numbers below their bounds."""
    for name, value in given.items():
        if value < _LEAST[name]:
            raise ValueError(f"{name} is {_MEANING[name]}, {_LEAST[name]} or more; got {value}")
