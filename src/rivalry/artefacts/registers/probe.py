"""The analysis: one pass for the norms and what tokens hold, and a few images again for all that costs more.

Which rows the record holds, and how each is found, is told in ``docs/registers.md``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import pyarrow as pa
import torch
from torch import nn

from rivalry.artefacts.registers.blocks import resolve_blocks, settle_layout
from rivalry.artefacts.registers.counterfactuals import edited_rows, random_rows, reliance_row
from rivalry.artefacts.registers.described import Described, describe
from rivalry.artefacts.registers.examination import Examination, Examiner
from rivalry.artefacts.registers.maps import PICTURES, norm_maps, shown_layers
from rivalry.artefacts.registers.register_units import RegisterUnit
from rivalry.artefacts.registers.reservoir import Reservoir
from rivalry.artefacts.registers.rows import Row, sample_row
from rivalry.artefacts.registers.sample import Sample, read_sample
from rivalry.artefacts.registers.tables import image_table, layer_table, position_table, unit_table
from rivalry.artefacts.registers.verdict import shows_outliers, verdict
from rivalry.data.dataset import ImageDataset
from rivalry.numerics.sampling import draw
from rivalry.recording.analysis import Analysis, Finding
from rivalry.recording.grid import Tokens
from rivalry.recording.observation import Listening, Observation
from rivalry.records import JSON, Picture

SCALARS = (
    "outlier_fraction", "images_with_outliers", "max_to_median", "high_to_median", "massive_images",
    "enrichment_class", "enrichment_register", "enrichment_outlier", "enrichment_permuted",
    "position_gap", "global_gap_register", "global_gap_outlier",
    "artefact_share", "artefact_lift", "outlier_fraction_edited",
)  # fmt: skip
"""Columns of ``layers`` whose numbers at the layer with most outliers are scalars too; NaN where it has none."""


class RegisterProbe(Analysis):
    """Whether patches serve as registers, which, what they hold, and what the network loses without them.

    Memory: 4 bytes × ``images`` × layers × (patches + 5 × channels).

    Args:
        layers: Layers that give tokens, dotted names or globs; all blocks of the network by default.
        images: How many images, drawn by ``seed``, are kept norms and some tokens of.
        sample: How many of them pass again, for attention, clusters, reliance and controls.
        units: How many units of the MLPs are moved to a test-time register, at most.
        seed: Decides all that is drawn.
        name: Name of the record.

    Raises:
        ValueError: If a number is not positive, or more are to pass again than are kept.
    """

    def __init__(
        self,
        layers: Sequence[str] | None = None,
        *,
        images: int = 1000,
        sample: int = 64,
        units: int = 10,
        seed: int = 0,
        name: str = "registers",
    ) -> None:
        if not 1 <= sample <= images or units < 1:
            raise ValueError(
                f"wanted 1 ≤ sample ≤ images and at least one unit to move, got {sample=}, {images=}, {units=}"
            )
        self._given, self.images, self.sample, self.units = layers, images, sample, units
        self.seed, self.name = seed, name
        self.taps: tuple[str, ...] = ()
        self._random: tuple[object, dict[str, Row]] | None = None

    def check(self, network: nn.Module, dataset: ImageDataset) -> None:
        """Find the blocks, and how their tokens lie."""
        self.taps = resolve_blocks(network, self._given)
        self._layout = settle_layout(network, self.taps, dataset)

    def start(self, listening: Listening) -> None:
        """Forget the last pass."""
        self._listening = listening
        self._drawn = draw(len(listening.dataset), self.images, self.seed)
        self._reservoir = Reservoir(self._layout, self._drawn, self.seed, listening.device)

    def observe(self, observation: Observation) -> None:
        """Keep norms and tokens of the images that were drawn."""
        self._reservoir.update(observation.index, observation.activations, observation.labels)

    def conclude(self, network: nn.Module) -> Finding:
        """Let the sample pass again, and say what was found."""
        told = describe(self._reservoir, self._listening.layers, labelled=bool(self._listening.dataset.classes))
        shown = set(told.index.tolist())  # a pass may be cut short
        index = [one for one in self._drawn.tolist() if one in shown][: self.sample]  # by chance: neighbours are no kin
        sample = read_sample(self._listening, index, told.of_images(index), self.seed)
        found = Examiner(sample, self._layout, kept=self._replaced_at(told), origin=told.origin, seed=self.seed).run(
            self._listening, network
        )
        accuracy = sample.accuracy(torch.cat(found.logits))
        self._change(network, told, sample, found, accuracy)
        units, edited = self._move_units(network, told, sample, found)
        verdicts = {
            layer: shows_outliers(row["images_with_outliers"], row["images_with_outliers_random"])
            for layer, row in told.rows.items()
        }
        scalars = {**_scalars(told, verdicts, self._replaced_at(told)), "accuracy": accuracy, "accuracy_edited": edited}
        maps, layout = self._maps(told)
        return Finding(
            scalars=scalars,
            tables=_tables(told, verdicts, found, units, self._layout),
            images={"norm_maps": maps},
            settings={**self._settings(told, verdicts, found), "index": index, "norm_maps": layout},
        )

    def _replaced_at(self, told: Described) -> str:
        """The layer half way from where outliers come up to the end: they hold something, and are still read."""
        layers = list(told.rows)
        return layers[(layers.index(told.origin) + len(layers) - 1) // 2]

    def _change(self, network: nn.Module, told: Described, sample: Sample, found: Examination, accuracy: float) -> None:
        """Add what is found of the sample, of replaced tokens and of random weights."""
        for layer, row in told.rows.items():
            row.update(sample_row(layer, sample, found))
            row.update(self._random_rows(network, sample)[layer])
        at, tokens = self._replaced_at(told), torch.cat(found.tokens)
        told.rows[at] |= reliance_row(self._listening, network, at, sample, tokens, accuracy, self._layout)

    def _random_rows(self, network: nn.Module, sample: Sample) -> dict[str, Row]:
        """Of the architecture with random weights; the same every epoch, and so found once."""
        listening = self._listening
        key = (repr(network), listening.layers, sample.index, listening.dataset.fingerprint, self._layout)
        if self._random is None or self._random[0] != key:
            rows = random_rows(listening, listening.layers, sample, self._layout, self.seed)
            self._random = (key, rows)
        return self._random[1]

    def _move_units(
        self, network: nn.Module, told: Described, sample: Sample, found: Examination
    ) -> tuple[list[RegisterUnit], float]:
        """The units that make the outliers, and the accuracy with them in a test-time register; none, NaN without."""
        units = found.units.strongest(self.units) if bool(sample.outliers[told.origin].any()) else []
        if not units:
            return [], math.nan
        thresholds = {layer: norms.threshold for layer, norms in told.norms.items()}
        shares, accuracy = edited_rows(self._listening, network, units, sample, thresholds, self._layout)
        for layer, share in shares.items():
            told.rows[layer]["outlier_fraction_edited"] = share
        return units, accuracy

    def _maps(self, told: Described) -> tuple[Picture, dict[str, JSON]]:
        """Norm maps of the pictures with most outliers, the first that were kept where there are none."""
        most = torch.sort(told.outliers[told.strongest].sum(1), descending=True, stable=True).indices[:PICTURES]
        images = torch.stack([self._listening.dataset[one]["image"] for one in told.index[most].tolist()])
        layers = shown_layers(list(told.rows), told.strongest)
        lowest = {layer: float(told.kept[layer].norms.min()) for layer in layers}
        norms = {layer: told.kept[layer].norms[most] for layer in layers}
        return norm_maps(images, norms, told.norms, lowest, self._layout)

    def _settings(self, told: Described, shown: Mapping[str, bool], found: Examination) -> dict[str, JSON]:
        fractions = {layer: row["outlier_fraction"] for layer, row in told.rows.items()}
        layout = self._layout
        return {
            "verdict": verdict(shown, fractions),
            "strongest_layer": told.strongest,
            "origin_layer": told.origin,
            "reliance_layer": self._replaced_at(told),
            "attention_unknown": [layer for layer in told.rows if layer not in found.attention],
            "tokens": {
                "class_token": layout.class_token,
                "registers": layout.registers,
                "grid": [layout.height, layout.width],
            },
            "images": len(told.index),
            "seed": self.seed,
            "units": self.units,
        }


def _scalars(told: Described, shown: Mapping[str, bool], replaced_at: str) -> dict[str, float]:
    """The verdict, and the numbers of the layer with most outliers; of reliance those of the layer it was tried at."""
    row, reliance = told.rows[told.strongest], told.rows[replaced_at]
    chosen = {name: row.get(name, math.nan) for name in SCALARS}
    chosen |= {name: value for name, value in reliance.items() if name.startswith("reliance_")}
    return {"shows_outliers": float(any(shown.values())), "layers_with_outliers": float(sum(shown.values())), **chosen}


def _tables(
    told: Described, shown: Mapping[str, bool], found: Examination, units: Sequence[RegisterUnit], layout: Tokens
) -> dict[str, pa.Table]:
    strongest = told.strongest
    channels = {layer: int(count.argmax()) if bool(count.any()) else None for layer, count in found.massive.items()}
    norms = {layer: kept.norms for layer, kept in told.kept.items()}
    return {
        "layers": layer_table(told.rows, shown, channels),
        "positions": position_table(norms, told.outliers, layout),
        "images": image_table(told.index, norms[strongest], told.outliers[strongest], told.norms[strongest].median),
        "units": unit_table(units),
    }
