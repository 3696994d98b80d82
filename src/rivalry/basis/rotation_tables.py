"""The tables that hold the fitted bases, and the way back from them to go on from the epoch before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa
import torch

from rivalry.basis.rotation import Rotation
from rivalry.recording.directions import TABLE, Directions, directions_in
from rivalry.records import Record


def direction_table(directions: Mapping[str, Directions]) -> pa.Table:
    """A row for each direction of each layer: ``layer``, ``unit``, ``weights``, ``bias``, ``axis``."""
    return pa.concat_tables([one.rows(layer) for layer, one in directions.items()])


def rotation_table(rotations: Mapping[str, Rotation], warm: Sequence[str]) -> pa.Table:
    """A row for each layer: its fit, with losses ``loss_…``, and the means and scales that its directions went through.

    Args:
        rotations: By layer.
        warm: Layers whose fit went on from the epoch before.
    """
    rows = [
        {
            **{"layer": layer, "channels": one.matrix.shape[0], "directions": one.matrix.shape[1]},
            **{"margin": one.margin, "bias": one.bias},
            **{f"loss_{name}": value for name, value in one.losses.items()},
            **{"orthogonality_error": orthogonality_error(one), "epochs": one.epochs, "converged": one.converged},
            **{"warm": layer in warm, "mean": one.mean.tolist(), "scale": one.scale.tolist()},
        }
        for layer, one in rotations.items()
    ]
    return pa.Table.from_pylist(rows)


def loss_table(rotations: Mapping[str, Rotation]) -> pa.Table:
    """A row for each layer and epoch of its fit: ``layer``, ``epoch``, and each loss as a mean over the batches."""
    names = list(dict.fromkeys(name for one in rotations.values() for losses in one.history for name in losses))
    rows = [
        {"layer": layer, "epoch": epoch, **losses}
        for layer, one in rotations.items()
        for epoch, losses in enumerate(one.history)
    ]
    kinds = [("layer", pa.string()), ("epoch", pa.int64()), *((name, pa.float64()) for name in names)]
    return pa.Table.from_pylist(rows, pa.schema(kinds))


def earlier_rotation(record: Record | None, layer: str, channels: int, directions: int) -> Rotation | None:
    """The basis of a layer in the record of the epoch before.

    Args:
        record: That record, if there is one.
        layer: Dotted name.
        channels: Of the layer.
        directions: That are wanted.

    Returns:
        None where there is none, or one of another size.
    """
    if record is None or not {TABLE, "rotations"} <= record.tables.keys():
        return None
    row = next((row for row in record.tables["rotations"].to_pylist() if row["layer"] == layer), None)
    if row is None or (row["channels"], row["directions"]) != (channels, directions):
        return None
    weights = directions_in(record.tables[TABLE])[layer].weights.double()
    scale = torch.tensor(row["scale"], dtype=torch.double)
    matrix = weights * scale[:, None] * row["margin"]
    return Rotation(torch.tensor(row["mean"]), scale.float(), matrix.float(), row["margin"], row["bias"])


def orthogonality_error(rotation: Rotation) -> float:
    """Largest |RᵀR − I|."""
    matrix = rotation.matrix.double()
    identity = torch.eye(matrix.shape[1], dtype=matrix.dtype, device=matrix.device)
    return float((matrix.T @ matrix - identity).abs().amax())
