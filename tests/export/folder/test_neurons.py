"""``neurons.parquet``: every unit of every dissected layer once, and no other."""

from __future__ import annotations

import pyarrow as pa
import pytest

from rivalry.export.folder.neurons import SCHEMA, check_neurons
from tests.export.folder.described import LAYERS, neurons


def test_every_unit_once_is_taken_in_any_order() -> None:
    check_neurons(neurons(), LAYERS)
    check_neurons(neurons((2, 0, 1)), LAYERS)
    check_neurons(SCHEMA.empty_table(), {"act1": LAYERS["act1"]})


@pytest.mark.parametrize(
    ("units", "said"),
    [
        ((0, 1), "2 of the 3 units of layer 'blocks.0.act'"),
        ((0, 1, 1), "a unit of layer 'blocks.0.act' twice"),
        ((0, 1, 3), "unit 3 of layer 'blocks.0.act', which has 3 units"),
        ((-1, 0, 1), "unit -1 of layer"),
        ((), "0 of the 3 units"),
    ],
)
def test_other_units_are_refused(units: tuple[int, ...], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        check_neurons(neurons(units), LAYERS)


@pytest.mark.parametrize("layer", ["act1", "elsewhere"])
def test_a_layer_that_is_not_dissected_is_refused(layer: str) -> None:
    table = pa.concat_tables([neurons(), neurons((0,), layer)])
    with pytest.raises(ValueError, match=f"layer '{layer}', which is not dissected; those are blocks.0.act"):
        check_neurons(table, LAYERS)


def test_a_row_without_a_unit_is_refused() -> None:
    table = neurons().set_column(1, "unit", pa.array([0, 1, None], pa.int64()))
    with pytest.raises(ValueError, match="without a unit"):
        check_neurons(table, LAYERS)


def test_other_columns_are_refused() -> None:
    with pytest.raises(ValueError, match="column 'label' 0 times"):
        check_neurons(neurons().drop_columns("label"), LAYERS)
    with pytest.raises(ValueError, match="column 'score' is of type double; given string"):
        check_neurons(neurons().set_column(3, "score", pa.nulls(3, pa.string())), LAYERS)
    with pytest.raises(ValueError, match="'more', which is none of ours"):
        check_neurons(neurons().append_column("more", pa.nulls(3)), LAYERS)
    with pytest.raises(ValueError, match="column 'unit' 2 times"):
        check_neurons(neurons().append_column("unit", pa.nulls(3, pa.int64())), LAYERS)
