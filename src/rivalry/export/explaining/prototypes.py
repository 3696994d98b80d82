"""Which prototypes are most like a picture to the network.

    similarity = Spearman's correlation of what the units of a layer give, in the mean over places

The measure by which paths of prototypes are judged natural (Tagade & Rumbelow 2023); places are left out because a
prototype need not have its object where the picture has it. Prototypes are images that the network was asked for: the
nearest one says which of them the picture is most like in the layer, not why the picture was taken for its class.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc
import torch
from jaxtyping import Float, UInt8
from PIL import Image
from torch import Tensor
from torchvision.transforms.v2.functional import resize

from rivalry.data.class_names import distinct
from rivalry.export.explaining.explanation import NearestPrototypes, NearPrototype
from rivalry.export.explaining.hearing import logits_of_inputs
from rivalry.export.loading import DissectedCheckpoint
from rivalry.lwta.layer import evaluating
from rivalry.numerics.sampling import draw
from rivalry.numerics.similarity import rank_correlation
from rivalry.recording.live import Live
from rivalry.recording.thumbnails import from_png
from rivalry.records import Record

NEAREST = 4
"""Prototypes that are told of a picture."""

PIXELS = 32 * 224**2
"""Of the prototypes that a picture is compared with, together: 32 of 224 pixels a side, 392 of 64."""

_OURS = "prototype"
_AT_ONCE = 32
_SEED = 0


def prototype_records(records: Mapping[str, Record]) -> dict[str, Record]:
    """Those records that hold pictures of prototypes, whatever they are called."""
    return {name: record for name, record in records.items() if len(_made(record))}


class PrototypesOfLayer:
    """The prototypes of a record as a layer sees them.

    Each is shown to the network when a picture is first compared with it, which takes as long as a picture. So each
    picture is compared with no more than :data:`PIXELS` allow: where there are more, with those of its likeliest
    classes, and with others that are drawn by seed, the same ones for every picture.

    Args:
        checkpoint: Whose network they are shown to.
        name: Of the record.
        record: That holds prototypes.
        layer: Dotted name.
        axis: Of its units.
    """

    def __init__(self, checkpoint: DissectedCheckpoint, name: str, record: Record, layer: str, axis: int) -> None:
        self.name, self.layer, self._axis, self._checkpoint = name, layer, axis, checkpoint
        made = _made(record)
        self._targets, self._pictures = made["target"].to_pylist(), made["picture"].to_pylist()
        self._drawn = draw(len(self._targets), len(self._targets), _SEED).tolist()
        self._names = distinct(checkpoint.classes, range(len(checkpoint.classes)))
        self._pooled: dict[int, Float[Tensor, " units"]] = {}

    def nearest(self, output: Float[Tensor, "1 ..."], likeliest: Sequence[int]) -> NearestPrototypes:
        """The prototypes that are most like a picture.

        Args:
            output: What the layer gave for it.
            likeliest: Numbers of the classes that it is most likely of.

        Raises:
            ValueError: For a prototype whose picture cannot be read.
        """
        among = self._among({f"class:{self._names[one]}" for one in likeliest})
        self._show([one for one in among if one not in self._pooled])
        alike = rank_correlation(pooled(output, self._axis), torch.stack([self._pooled[one] for one in among]))[0]
        order = alike.argsort(descending=True, stable=True)[:NEAREST].tolist()
        found = (
            NearPrototype(self._targets[among[one]], float(alike[one]), self._pictures[among[one]]) for one in order
        )
        return NearestPrototypes(self.name, self.layer, len(among), len(self._targets), tuple(found))

    def _among(self, own: Collection[str]) -> list[int]:
        """Places of those that a picture is compared with, ascending; those of its own targets before others."""
        most = max(NEAREST, PIXELS // self._checkpoint.size**2)
        if len(self._targets) <= most:
            return list(range(len(self._targets)))
        return sorted(sorted(self._drawn, key=lambda one: self._targets[one] not in own)[:most])

    def _show(self, places: Sequence[int]) -> None:
        """Show some to the network, and keep what the layer gave."""
        checkpoint, side = self._checkpoint, [self._checkpoint.size] * 2
        device = next(checkpoint.network.parameters(), torch.zeros(())).device
        with (
            evaluating(checkpoint.network, "argmax"),
            Live(checkpoint.network, [self.layer], logits_of_inputs, logits=False) as live,
        ):
            for start in range(0, len(places), _AT_ONCE):
                some = places[start : start + _AT_ONCE]
                images = torch.stack([resize(self._read(one), side, antialias=True) for one in some])
                inputs = checkpoint.normalise(images.to(device))
                self._pooled |= zip(some, pooled(live(inputs).outputs[self.layer], self._axis), strict=True)

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
