"""What a record holds of a rotation is the rotation."""

from pathlib import Path

import torch

from rivalry.basis.rotation import Rotation
from rivalry.basis.rotation_tables import direction_table, earlier_rotation, orthogonality_error, rotation_table
from rivalry.records import Record


def fitted() -> Rotation:
    generator = torch.Generator().manual_seed(0)
    matrix = torch.linalg.qr(torch.randn(6, 4, generator=generator))[0]
    scale = torch.tensor([0.01, 0.1, 1.0, 1.0, 10.0, 300.0])
    losses = {"sparsity": 1.0, "margin": 4.0, "total": 5.0}
    return Rotation(torch.randn(6, generator=generator), scale, matrix, 0.25, 3.5, losses=losses, epochs=2)


def recorded(rotation: Rotation) -> Record:
    tables = {
        "rotations": rotation_table({"layer": rotation}, []),
        "directions": direction_table({"layer": rotation.directions()}),
    }
    return Record("basis", 0, 0, tables=tables)


def test_a_rotation_comes_back_from_its_record(tmp_path: Path) -> None:
    rotation = fitted()
    record = Record.load(recorded(rotation).save(tmp_path))
    back = earlier_rotation(record, "layer", 6, 4)
    assert back is not None
    torch.testing.assert_close(back.matrix, rotation.matrix, atol=1e-6, rtol=1e-5)
    torch.testing.assert_close(back.mean, rotation.mean)
    torch.testing.assert_close(back.scale, rotation.scale)
    assert (back.margin, back.bias) == (0.25, 3.5)
    assert orthogonality_error(back) < 1e-5


def test_one_of_another_layer_or_size_does_not() -> None:
    record = recorded(fitted())
    assert earlier_rotation(record, "other", 6, 4) is None
    assert earlier_rotation(record, "layer", 6, 3) is None
    assert earlier_rotation(record, "layer", 7, 4) is None
    assert earlier_rotation(None, "layer", 6, 4) is None
    assert earlier_rotation(Record("basis", 0, 0), "layer", 6, 4) is None
