"""The one showing at the end of a pass: every picture that is a sample of some unit is read and shown once.

Each rank shows a share of the pictures; maps and thumbnails of all are put together.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from torch import Tensor

from rivalry.dissection.profiles.overlays import Overlays, SampleMaps
from rivalry.dissection.profiles.samples import LayerSamples
from rivalry.dissection.profiles.thumbnail import thumbnail
from rivalry.recording.chosen import ChosenPictures
from rivalry.recording.gathering import gather_tables, packed
from rivalry.recording.layer_maps import LayerMaps
from rivalry.recording.observation import Listening

PICTURES = pa.schema(
    {"index": pa.int64(), "class": pa.string(), "width": pa.int64(), "height": pa.int64(), "thumbnail": pa.binary()}
)
"""Columns of the table of pictures."""


class Showing:
    """Shows the heard network the pictures of all samples.

    Args:
        listening: What the analysis was told.
        maps: How the outputs of its layers lie on the pictures.
        samples: Of every layer.
        largest: Pixels of the longer side of a thumbnail.
    """

    def __init__(
        self, listening: Listening, maps: LayerMaps, samples: Mapping[str, LayerSamples], largest: int
    ) -> None:
        self._listening, self._maps, self._largest = listening, maps, largest
        every = [np.unique(one.index) for one in samples.values()]
        self._index = torch.from_numpy(np.unique(np.concatenate(every)))
        self._taken = {layer: SampleMaps(one, self._index, maps.shapes[layer][1:]) for layer, one in samples.items()}

    def run(self) -> tuple[dict[str, Overlays], pa.Table]:
        """The overlays of each layer's samples, and the table of the pictures, by index. A collective."""
        listening = self._listening
        chosen = ChosenPictures(listening.dataset, tuple(self._index.tolist()), listening.device, listening.workers)
        rows: list[dict[str, Any]] = []
        for batch in chosen.batches():
            self._take(batch["image"].to(listening.device), torch.searchsorted(self._index, batch["index"]))
            rows += self._picture_rows(batch)
        own = packed({"pictures": pa.Table.from_pylist(rows, schema=PICTURES)})
        table = gather_tables([own], {"pictures": PICTURES}, listening.device)["pictures"]
        return {layer: one.gather(listening.device) for layer, one in self._taken.items()}, table.sort_by("index")

    def _take(self, images: Tensor, place: Tensor) -> None:
        """Show a batch, and take from each layer the maps of the units whose samples the pictures are."""
        listening, size = self._listening, (images.shape[2], images.shape[3])
        shown = listening.show(images)
        for layer, taken in self._taken.items():
            maps = self._maps.of({layer: shown.activations[layer]}, size)[layer]
            drawn = {layer: shown.winners[layer]} if layer in listening.competitors else {}
            winners = self._maps.of(drawn, size).get(layer)
            taken.add(place, maps, winners, listening.competitors.get(layer, 1))

    def _picture_rows(self, batch: Mapping[str, Any]) -> list[dict[str, Any]]:
        classes = self._listening.dataset.classes
        images: Tensor = batch["image"]
        labels = batch["label"].tolist() if classes and "label" in batch else [None] * len(images)
        return [
            {
                "index": index,
                "class": None if label is None else classes[label],
                "width": image.shape[2],
                "height": image.shape[1],
                "thumbnail": thumbnail(image, self._largest),
            }
            for index, label, image in zip(batch["index"].tolist(), labels, images, strict=True)
        ]
