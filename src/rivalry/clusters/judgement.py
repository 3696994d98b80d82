"""Scores of label maps and of their floors, picture by picture, over all ranks."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from rivalry.clusters.floors import slic_labels
from rivalry.clusters.maps import LabelMaps
from rivalry.clusters.score import score, score_names
from rivalry.recording.chosen import ChosenPictures

CLUSTERS, SLIC, RANDOM = "clusters", "slic", "random"


@dataclass(frozen=True)
class Judged:
    """Scores of every picture.

    Attributes:
        names: Of the scores.
        methods: Of the clusters of all depths together, and of their floors.
        depths: Of each depth alone.
    """

    names: list[str]
    methods: Mapping[str, Float[Tensor, "batch scores"]]
    depths: Float[Tensor, "depths batch scores"]


@dataclass(frozen=True)
class Judge:
    """Holds label maps against the masks of the pictures.

    Attributes:
        kept: The pictures.
        truths: Categories of concepts, see :mod:`rivalry.clusters.segments`.
        objects: Whether there are objects to locate.
    """

    kept: ChosenPictures
    truths: tuple[str, ...]
    objects: bool

    @property
    def names(self) -> list[str]:
        """Names of the scores."""
        return score_names(self.truths, objects=self.objects)

    def of_maps(self, maps: LabelMaps) -> Float[Tensor, "views batch scores"]:
        """Scores of every view of every picture. A collective."""
        views = maps.labels.shape[1]
        rows = [
            torch.cat([self._score(view, batch) for view in maps.labels[places].unbind(1)], dim=1)
            for batch, places in self._batches(maps)
        ]
        gathered = self.kept.gather(rows, views * len(self.names)).values
        return gathered.cpu().view(-1, views, len(self.names)).movedim(1, 0)

    def of_slic(self, maps: LabelMaps) -> Float[Tensor, "batch scores"]:
        """Scores of SLIC with as many segments as each picture has clusters. A collective."""
        rows = [
            self._score(slic_labels(batch["image"], maps.clusters[places]), batch)
            for batch, places in self._batches(maps)
        ]
        return self.kept.gather(rows, len(self.names)).values.cpu()

    def _score(self, labels: Int[Tensor, "batch _ _"], batch: Mapping[str, Any]) -> Float[Tensor, "batch scores"]:
        return score(labels, batch["masks"], self.truths, objects=self.objects)

    def _batches(self, maps: LabelMaps) -> Iterator[tuple[Mapping[str, Any], Int[Tensor, " batch"]]]:
        """This rank's pictures, and where they are among all."""
        for batch in self.kept.batches():
            yield batch, torch.searchsorted(maps.index, batch["index"].to(maps.index.device))


class Floors:
    """Scores that stay from epoch to epoch, as long as what they follow from does."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[Hashable, Tensor]] = {}

    def once(self, method: str, key: Hashable, make: Callable[[], Tensor]) -> Float[Tensor, "batch scores"]:
        """The scores of a method, made anew where its key is another; the key must be the same on every rank."""
        if method not in self._known or self._known[method][0] != key:
            self._known[method] = (key, make())
        return self._known[method][1]
