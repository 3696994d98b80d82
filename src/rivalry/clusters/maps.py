"""Label maps of the pictures that are clustered: all depths together, and each alone; the same on every rank.

A bounded number of pictures is clustered, chosen by seed and index. Every rank reads a share of them and shows it to
the network again; what came of it is gathered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float, Int
from torch import Tensor

from rivalry.clusters.joint import draw_positions, fit, part_jointly, positions_each
from rivalry.clusters.layers import Features
from rivalry.clusters.partition import part, part_by
from rivalry.recording.chosen import ChosenPictures
from rivalry.recording.observation import Images
from rivalry.recording.sample_rows import SampleRows

Source = Callable[[Images], Features]
"""From pictures to the features of a network."""


@dataclass(frozen=True)
class LabelMaps:
    """Clusters of some pictures.

    Attributes:
        index: Of the pictures in their data set, ascending.
        labels: Cluster of each place, from 0; the first view is all depths together, the others are each depth alone.
        clusters: K of each picture.
        silhouette: Of each picture's places; of the reservoir where pictures are clustered jointly.
    """

    index: Int[Tensor, " batch"]
    labels: Int[Tensor, "batch views height width"]
    clusters: Int[Tensor, " batch"]
    silhouette: Float[Tensor, " batch"]

    def named(self, views: Sequence[Int[Tensor, "batch height width"]]) -> LabelMaps:
        """The same with other names of the clusters."""
        return replace(self, labels=torch.stack(list(views), dim=1))


@dataclass(frozen=True)
class Parting:
    """How pictures are parted.

    Attributes:
        candidates: K, or several to choose from by the silhouette.
        joint: Whether all pictures are clustered together.
        seed: Of every choice.
    """

    candidates: tuple[int, ...]
    joint: bool
    seed: int

    def __call__(self, kept: ChosenPictures, source: Source, example: Features) -> LabelMaps:
        """Cluster the pictures. A collective.

        Args:
            kept: The pictures.
            source: Gives their features.
            example: Of any picture: a rank without pictures must know the grid.
        """
        height, width = example.stacked.shape[1:3]
        parted = self._jointly(kept, source, example) if self.joint else self._one_by_one(kept, source)
        rows = kept.gather(list(parted), columns_of(example))
        values = rows.values
        labels = values[:, 2:].long().view(len(values), -1, height, width)
        return LabelMaps(rows.index, labels, values[:, 0].long(), values[:, 1])

    def within(self, pictures: int, example: Features) -> Parting:
        """The same with the numbers of clusters that there are places for.

        Args:
            pictures: How many are clustered.
            example: Of any picture.

        Raises:
            ValueError: If there are none, or more label maps than can be kept.
        """
        height, width = example.stacked.shape[1:3]
        places = height * width
        if self.joint:
            places = pictures * positions_each(pictures, places, example.stacked.shape[3])
        possible = tuple(clusters for clusters in self.candidates if clusters <= places)
        if not possible:
            raise ValueError(
                f"{places} places ({height} × {width} a picture) cannot be parted into {self.candidates[0]} clusters; "
                "wanted as many places at least: fewer clusters, or a finer grid (scale, or a shallower first layer)"
            )
        SampleRows(columns_of(example), pictures)  # it refuses what is more than it may keep
        return replace(self, candidates=possible)

    def _one_by_one(self, kept: ChosenPictures, source: Source) -> Iterator[Tensor]:
        for batch in kept.batches():
            features = source(batch["image"].to(kept.device))
            index = batch["index"].tolist()
            whole = part(features.stacked, self.candidates, seed=self.seed, index=index)
            alone = [part_by(one, whole.clusters, seed=self.seed, index=index) for one in features.depths()]
            yield _row(whole.clusters, whole.silhouette, [whole.labels, *alone])

    def _jointly(self, kept: ChosenPictures, source: Source, example: Features) -> Iterator[Tensor]:
        places, channels = example.stacked[0, ..., 0].numel(), example.stacked.shape[3]
        count = positions_each(len(kept.index), places, channels)
        drawn = []
        for batch in kept.batches():
            stacked = source(batch["image"].to(kept.device)).stacked
            drawn.append(draw_positions(stacked, count, seed=self.seed, index=batch["index"].tolist()))
        reservoir = kept.gather(drawn, count * channels).values.view(-1, channels)
        whole, silhouette = fit(reservoir, self.candidates, seed=self.seed)
        depths = Features(reservoir[None, None], example.widths).depths()
        alone = [fit(one[0, 0], [len(whole)], seed=self.seed)[0] for one in depths]
        for batch in kept.batches():
            features = source(batch["image"].to(kept.device))
            views = zip([features.stacked, *features.depths()], [whole, *alone], strict=True)
            labels = [part_jointly(*view) for view in views]
            rows = torch.ones(len(batch["index"]), device=kept.device)
            yield _row(rows * len(whole), rows * silhouette, labels)


def columns_of(example: Features) -> int:
    """Numbers that are kept of each picture."""
    return 2 + (1 + len(example.widths)) * example.stacked[0, ..., 0].numel()


def _row(clusters: Tensor, silhouette: Tensor, views: Sequence[Tensor]) -> Float[Tensor, "batch columns"]:
    """What is kept of each picture, as one row."""
    labels = [view.flatten(1).float() for view in views]
    return torch.cat([clusters[:, None].float(), silhouette[:, None].float(), *labels], dim=1)
