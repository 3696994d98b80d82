"""The analysis: clusters of the activations of several depths, watched while a network trains.

NAVE (Boubekki, Fadel & Mair, arXiv:2411.19700), after its first author's evaluation code; what the paper does with the
clusters beyond that is unknown to us, and what stands here is our operationalisation.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

from torch import Tensor, nn

from rivalry.clusters import tables
from rivalry.clusters.floors import twin_source
from rivalry.clusters.judgement import CLUSTERS, RANDOM, SLIC, Floors, Judge, Judged
from rivalry.clusters.layers import Features, default_layers, features_of
from rivalry.clusters.maps import LabelMaps, Parting
from rivalry.clusters.names import by_size, rename
from rivalry.clusters.partition import CANDIDATES
from rivalry.clusters.segments import check_truth, default_truth
from rivalry.clusters.sheet import overlay_sheet
from rivalry.data.dataset import ImageDataset
from rivalry.recording.analysis import Analysis, Finding
from rivalry.recording.axes import Layers, axes_of_outputs, check_axes
from rivalry.recording.chosen import ChosenPictures
from rivalry.recording.hearing import hear_once
from rivalry.recording.observation import Images, Listening, Observation
from rivalry.records import JSON

Clusters: TypeAlias = int | Literal["auto"]
MOST_CLUSTERS = 255
"""Labels are kept in a byte."""


class ActivationClusters(Analysis):
    """Parts pictures by clusters of their activations, and scores the parts where masks tell the truth.

    A bounded number of pictures is clustered; they are shown once more at the end of the pass. The record holds their
    label maps (``maps``), scores of each (``images``), what each layer shows alone (``depths``), the scores beside
    their floors (``scores``), and the picture ``overlays``. Colours stay over the epochs. Memory: the label maps, and
    a reservoir of 128 MiB where pictures are clustered jointly.

    Args:
        layers: Layers to cluster, dotted names or globs, with axes where these cannot be told (see
            :mod:`rivalry.recording.axes`); by default the last three stages, or three blocks evenly down to the last.
        clusters: K of each picture, 2 to 255; ``auto`` chooses among 2 to 8 by the silhouette, never by masks.
        joint: Cluster all pictures together, so that a cluster means the same in each.
        truth: What masks are compared with: categories of concepts, laid over each other as in ``part+scene``; several
            for several scores. By default parts over objects over scenes, where the data set has masks.
        images: Pictures that are clustered, chosen by seed and index.
        scale: How much finer than the first layer's grid the common one is; 2 for small grids.
        seed: Decides pictures and seeding.
        name: Name of the record.

    Raises:
        ValueError: Where an argument lies outside these bounds.
    """

    follows = True

    def __init__(
        self,
        layers: Layers | None = None,
        clusters: Clusters = 5,
        *,
        joint: bool = False,
        truth: Sequence[str] | None = None,
        images: int = 200,
        scale: int = 1,
        seed: int = 0,
        name: str = "clusters",
    ) -> None:
        _check(clusters, images, scale, seed, truth)
        self._axes_given = {} if layers is None else check_axes(layers)
        self._layers = layers
        self.taps = tuple(layers or ())
        self.name = name
        self.needs = frozenset({"masks"} if truth is not None else ())
        self.truth_given = truth
        self.images, self.scale, self.seed = images, scale, seed
        self._parting_given = Parting(CANDIDATES if clusters == "auto" else (clusters,), joint, seed)
        self._floors = Floors()

    def check(self, network: nn.Module, dataset: ImageDataset) -> None:
        """Settle the layers, their axes and K, by showing the network a picture.

        Raises:
            ValueError: For a network that does not say its stages or cannot take the pictures, a truth that the masks
                do not tell, a layer without places, or more clusters than places.
        """
        if self._layers is None:
            self.taps = default_layers(network)
        for truth in self.truth_given or ():
            check_truth(truth, dataset.concepts)
        image = dataset[0]["image"]
        size = image.shape[1], image.shape[2]
        outputs = hear_once(network, self.taps, image)
        self._axes = axes_of_outputs(network, outputs, self._axes_given, square=size[0] == size[1])
        example = features_of(network, outputs, self._axes, size, self.scale)
        self.parting = self._parting_given.within(min(self.images, len(dataset)), example)

    def start(self, listening: Listening) -> None:
        """Choose the pictures."""
        dataset = listening.dataset
        self._listening = listening
        self._kept = ChosenPictures.chosen(dataset, self.images, self.seed, listening.device, listening.workers)
        usual = (default_truth(dataset.concepts),) if dataset.concepts else ()
        self._truths = tuple(self.truth_given or usual)
        self._objects = any(concept.category == "object" for concept in dataset.concepts)

    def observe(self, observation: Observation) -> None:
        """Nothing: the pictures that are clustered are shown at the end."""

    def conclude(self, network: nn.Module) -> Finding:
        """Cluster, name, score and draw."""
        listening, kept = self._listening, self._kept
        example = self._features(kept.dataset[kept.index[0]]["image"][None].to(kept.device))
        maps = self.parting(kept, self._features, example)
        grid: list[JSON] = [*maps.labels.shape[2:]]
        earlier = tables.earlier_labels(listening.previous, maps, kept.dataset.fingerprint)
        maps = self._named(maps, earlier)
        drift = {} if earlier is None else {"drift_ari": tables.rand_index(maps.labels[:, 0], earlier)}
        judged = self._judged(network, maps, example) if self._truths else None
        sheet, layout = overlay_sheet(kept, maps, listening.layers, self._truths[0] if self._truths else None)
        return Finding(
            scalars=tables.scalars(maps, drift, judged),
            tables=tables.all_tables(maps, listening.layers, drift, judged),
            images={"overlays": sheet},
            settings={
                **{"grid": grid, "overlays": layout, "truth": list(self._truths), "pictures": len(kept.index)},
                **{"candidates": list(self.parting.candidates), "joint": self.parting.joint},
                **{"cluster_seed": self.seed, "unit_axes": dict(self._axes)},
            },
        )

    def _features(self, images: Images) -> Features:
        """What the heard network makes of pictures."""
        shown = self._listening.show(images)
        size = images.shape[2], images.shape[3]
        return features_of(self._listening.network, shown.activations, self._axes, size, self.scale)

    def _named(self, maps: LabelMaps, earlier: Tensor | None) -> LabelMaps:
        """Names that stay over epochs and over depths."""
        joint = self.parting.joint
        first, *others = maps.labels.unbind(1)
        first = by_size(first, joint=joint) if earlier is None else rename(first, earlier, joint=joint)
        return maps.named([first, *(rename(one, first, joint=joint) for one in others)])

    def _judged(self, network: nn.Module, maps: LabelMaps, example: Features) -> Judged:
        """Scores of the maps and of their floors; those of the random twin are made once."""
        judge = Judge(self._kept, self._truths, self._objects)
        views = judge.of_maps(maps)
        pictures = (self._kept.dataset.fingerprint, self._kept.index, self._truths)
        build = tuple((name, tuple(one.shape)) for name, one in network.named_parameters())

        def of_twin() -> Tensor:
            source = twin_source(self._listening, self._kept, self._axes, self.scale)
            return judge.of_maps(self.parting(self._kept, source, example))[0]

        slic = self._floors.once(SLIC, (pictures, *maps.clusters.tolist()), lambda: judge.of_slic(maps))
        random = self._floors.once(RANDOM, (pictures, build), of_twin)
        return Judged(judge.names, {CLUSTERS: views[0], SLIC: slic, RANDOM: random}, views[1:])


def _check(clusters: Clusters, images: int, scale: int, seed: int, truth: Sequence[str] | None) -> None:
    """Refuse arguments that lie outside their bounds."""
    if clusters != "auto" and not (type(clusters) is int and 2 <= clusters <= MOST_CLUSTERS):
        raise ValueError(f"clusters is a number from 2 to {MOST_CLUSTERS}, or 'auto'; got {clusters!r}")
    for name, number in (("images", images), ("scale", scale)):
        if number < 1:
            raise ValueError(f"{name} is 1 or more, got {number}")
    if seed < 0:
        raise ValueError(f"seed is 0 or more, got {seed}")
    if truth is not None and (isinstance(truth, str) or not truth):
        raise ValueError(f"truth is a list such as [part+scene, object], got {truth!r}")
    if truth is not None and len(set(truth)) < len(truth):
        raise ValueError(f"every truth is named once, got {list(truth)}")
