"""A basis is a layer: directions turn the outputs of a layer into those of another, whose units are the directions.

    z = x · w − b

for the vector x of a place and the weights w and bias b of a direction, in the layer's own units. The layer
``layer3@basis`` holds what the directions that the analysis ``basis`` offers make of ``layer3``; behind the ``@`` may
also stand a folder with a record that holds directions, or a ``.safetensors`` file::

    layer3@basis    layer3@runs/first/records/epoch=0004/basis    layer3@directions.safetensors
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import torch
from jaxtyping import Float
from safetensors import SafetensorError, safe_open
from torch import Tensor

from rivalry.data.paths import expand
from rivalry.numerics.nearest import nearest
from rivalry.records import Record

MARK = "@"
"""Parts the name of a layer from the source of its directions."""

TABLE = "directions"
"""Of a record that offers directions: layer, unit, weights and bias."""


@dataclass(frozen=True)
class Directions:
    """Directions of a layer, orthogonal or not, as many as one likes.

    Attributes:
        weights: What each direction reads, in the layer's own units.
        bias: Taken off; where it is learned, a direction answers yes above zero.
        axis: Of the layer's units, counted from 0; None where it can be told.
    """

    weights: Float[Tensor, "channels directions"]
    bias: Float[Tensor, " directions"]
    axis: int | None = None

    def of(self, maps: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch directions height width"]:
        """What the directions make of a layer's maps.

        >>> halved = Directions(torch.tensor([[0.5], [0.5]]), torch.tensor([1.0]))
        >>> halved.of(torch.tensor([3.0, 5.0]).reshape(1, 2, 1, 1)).flatten()
        tensor([3.])
        """
        maps = maps.to(torch.promote_types(maps.dtype, torch.float32))  # half precision would move a threshold
        weights, bias = self.weights.to(maps), self.bias.to(maps)
        return torch.einsum("bchw,cd->bdhw", maps, weights) - bias[:, None, None]

    def rows(self, layer: str) -> pa.Table:
        """The directions as rows of a record's table, a row each.

        Args:
            layer: Dotted name of the layer that they are of, without source.
        """
        count = self.weights.shape[1]
        return pa.table(
            {
                "layer": pa.array([layer] * count, pa.string()),
                "unit": pa.array(range(count), pa.int64()),
                "weights": pa.array(self.weights.T.tolist(), pa.list_(pa.float32())),
                "bias": pa.array(self.bias.tolist(), pa.float32()),
                "axis": pa.array([self.axis] * count, pa.int64()),
            }
        )


def directions_in(table: pa.Table) -> dict[str, Directions]:
    """The directions in a record's table, by layer: what :meth:`Directions.rows` has written."""
    found = {}
    for layer in dict.fromkeys(table["layer"].to_pylist()):
        rows = [row for row in table.to_pylist() if row["layer"] == layer]
        weights = torch.tensor([row["weights"] for row in rows]).T.contiguous()
        found[layer] = Directions(weights, torch.tensor([row["bias"] for row in rows]), rows[0]["axis"])
    return found


def read_directions(layer: str, source: str, offering: Iterable[str] = ()) -> Directions:
    """Read a layer's directions from a record's folder or a file.

    Args:
        layer: Dotted name.
        source: A folder of a record with a table of directions, or a ``.safetensors`` file with ``weights`` (channels,
            directions) and perhaps ``bias``.
        offering: Names of analyses that offer directions, which the source may have meant.

    Raises:
        ValueError: If there is nothing of the kind, or none of the layer.
    """
    place = expand(source)
    if place.suffix == ".safetensors" and place.is_file():
        return _read_file(place)
    if not (place / "record.json").is_file():
        raise ValueError(
            f"{layer}{MARK}{source}: {source!r} is neither an analysis that offers directions, nor the folder of a "
            f"record, nor a .safetensors file; nearest of the analyses: {nearest(source, offering)}"
        )
    tables = Record.load(place, tables=[TABLE]).tables
    if TABLE not in tables:
        raise ValueError(f"the record in {place} holds no directions; wanted one of an InterpretableBasis")
    return offered(directions_in(tables[TABLE]), layer, f"the record in {place}")


def offered(directions: Mapping[str, Directions], layer: str, by: str) -> Directions:
    """A layer's directions among those of several.

    Raises:
        ValueError: If there are none of this layer, naming the nearest.
    """
    if layer not in directions:
        raise ValueError(f"{by} has no directions of {layer!r}; nearest: {nearest(layer, directions)}")
    return directions[layer]


def part(name: str) -> tuple[str, str | None]:
    """The layer that a name speaks of, and the source of its directions if it names one.

    >>> part("layer3"), part("layer3@basis")
    (('layer3', None), ('layer3', 'basis'))
    """
    layer, mark, source = name.partition(MARK)
    return layer, source if mark else None


def _read_file(file: Path) -> Directions:
    try:
        with safe_open(file, "pt") as opened:
            tensors = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118 (it is no dict)
    except SafetensorError as error:
        raise ValueError(f"{file} is no safetensors file: {error}") from error
    weights = tensors.get("weights")
    if weights is None or weights.ndim != 2 or not weights.numel():
        shape = "none" if weights is None else str(tuple(weights.shape))
        raise ValueError(f"{file} must hold `weights` of shape (channels, directions); it holds {shape}")
    bias = tensors.get("bias", torch.zeros(weights.shape[1]))
    if bias.shape != weights.shape[1:]:
        raise ValueError(f"{file} has {weights.shape[1]} directions and a `bias` of shape {tuple(bias.shape)}")
    if not bool(weights.isfinite().all() and bias.isfinite().all()):
        raise ValueError(f"directions in {file} must be finite, and some are NaN or infinite")
    return Directions(weights.float(), bias.float())
