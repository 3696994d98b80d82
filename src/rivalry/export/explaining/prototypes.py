"""Which prototypes are most like a picture to the network.

    similarity = Spearman's correlation of what the units of a layer give, in the mean over places

The measure by which paths of prototypes are judged natural (Tagade & Rumbelow 2023); places are left out because a
prototype need not have its object where the picture has it. Prototypes are images that the network was asked for: the
nearest one says which of them the picture is most like in the layer, not why the picture was taken for its class.
"""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc
import torch
from jaxtyping import Float, UInt8
from PIL import Image
from torch import Tensor
from torchvision.transforms.v2.functional import resize

from rivalry.export.explaining.explanation import NearestPrototypes, NearPrototype
from rivalry.export.explaining.hearing import logits_of_inputs
from rivalry.export.loading import DissectedCheckpoint
from rivalry.lwta.layer import evaluating
from rivalry.numerics.similarity import rank_correlation
from rivalry.recording.live import Live
from rivalry.recording.thumbnails import from_png
from rivalry.records import Record

NEAREST = 4
"""Prototypes that are told of a picture."""

_OURS = "prototype"
_AT_ONCE = 32


def prototype_records(records: Mapping[str, Record]) -> dict[str, Record]:
    """Those records that hold pictures of prototypes, whatever they are called."""
    return {name: record for name, record in records.items() if len(_made(record))}


class PrototypesOfLayer:
    """The prototypes of a record as a layer sees them.

    Each is shown to the network once, which for a thousand takes as long as a thousand pictures.

    Args:
        checkpoint: Whose network they are shown to.
        name: Of the record.
        record: That holds prototypes.
        layer: Dotted name.
        axis: Of its units.

    Raises:
        ValueError: For a picture that cannot be read.
    """

    def __init__(self, checkpoint: DissectedCheckpoint, name: str, record: Record, layer: str, axis: int) -> None:
        self.name, self.layer, self._axis = name, layer, axis
        made = _made(record)
        self._targets, self._pictures = made["target"].to_pylist(), made["picture"].to_pylist()
        self._pooled = self._show(checkpoint)

    def nearest(self, output: Float[Tensor, "1 ..."]) -> NearestPrototypes:
        """The prototypes that are most like a picture.

        Args:
            output: What the layer gave for it.
        """
        alike = rank_correlation(pooled(output, self._axis), self._pooled)[0]
        order = alike.argsort(descending=True, stable=True)[:NEAREST].tolist()
        found = (NearPrototype(self._targets[one], float(alike[one]), self._pictures[one]) for one in order)
        return NearestPrototypes(self.name, self.layer, tuple(found))

    def _show(self, checkpoint: DissectedCheckpoint) -> Float[Tensor, "prototypes units"]:
        network, side, found = checkpoint.network, [checkpoint.size] * 2, []
        device = next(network.parameters(), torch.zeros(())).device
        with evaluating(network, "argmax"), Live(network, [self.layer], logits_of_inputs, logits=False) as live:
            for start in range(0, len(self._pictures), _AT_ONCE):
                some = range(start, min(start + _AT_ONCE, len(self._pictures)))
                images = torch.stack([resize(self._read(one), side, antialias=True) for one in some])
                inputs = checkpoint.normalise(images.to(device))
                found.append(pooled(live(inputs).outputs[self.layer], self._axis))
        return torch.cat(found)

    def _read(self, place: int) -> UInt8[Tensor, "3 height width"]:
        try:
            return from_png(self._pictures[place])
        except (OSError, Image.DecompressionBombError) as error:
            said = f"record {self.name!r} has a picture of {self._targets[place]!r} that cannot be read: {error}"
            raise ValueError(said) from error


def pooled(output: Float[Tensor, "batch ..."], axis: int) -> Float[Tensor, "batch units"]:
    """What each unit gives, in the mean over places."""
    return output.float() if output.ndim == 2 else output.float().movedim(axis, 1).flatten(2).mean(2)


def _made(record: Record) -> pa.Table:
    """The rows of prototypes that there is a picture of; none of a record of another kind."""
    table = record.tables.get("prototypes")
    if table is None or not {"target", "method", "picture"} <= set(table.column_names):
        return pa.table({"target": [], "picture": []})
    return table.filter((pc.field("method") == _OURS) & pc.field("picture").is_valid())
