"""Figures are drawn from records alone, the same each time, and show what the record says."""

import dataclasses

import numpy as np
import pyarrow as pa
import pytest

from rivalry.lens.figures import activity_chart, neuron_sheet
from rivalry.lens.page import PAPER
from rivalry.records import Picture, Record


def dissection(units: int = 3, *, judged: bool = True) -> Record:
    rows = [
        {
            "layer": "layer4.0.act2",
            "unit": unit,
            "label": f"word {unit}",
            "runner_up": "snow",
            "margin": 2.0 - unit / 4,
        }
        | ({"confirmed": unit % 2 == 0, "true_concept": "wheel"} if judged else {})
        for unit in range(units)
    ]
    listed = [{"layer": row["layer"], "unit": row["unit"], "label": row["label"]} for row in rows]
    sheet = np.full((units * 34 - 2, 8 * 34 - 2, 3), 255, dtype=np.uint8)
    for unit in range(units):
        sheet[unit * 34 : unit * 34 + 32, 34 : 34 + 32] = (200, 30 + unit, 40)  # the second picture of each row
    scalars = {"units": 9.0, "dead_units": 2.0, "distinct_concepts": 3.0, "confirmed": 0.5, "confirmed_floor": 0.1}
    return Record(
        "neurons",
        2,
        40,
        scalars=scalars if judged else {name: scalars[name] for name in ("units", "dead_units", "distinct_concepts")},
        tables={"units": pa.Table.from_pylist(rows)},
        images={"top_images": sheet},
        settings={"top_images": {"rows": listed, "columns": 8, "side": 32, "gap": 2}},
    )


def activity(rate: float = 0.25, layers: int = 2) -> Record:
    names = [f"act{layer}" for layer in range(layers)]
    return Record(
        "activity",
        2,
        40,
        scalars={"active_fraction": 0.25, "winner_entropy": 0.9, "negative_share": 0.1, "dead_units": 1.0},
        tables={
            "units": pa.table(
                {
                    "layer": [name for name in names for _ in range(8)],
                    "unit": list(range(8)) * layers,
                    "win_rate": [rate * (1 + unit / 8) for unit in range(8)] * layers,
                    "dead": [False] * 8 * layers,
                }
            ),
            "layers": pa.table(
                {
                    "layer": names,
                    "competitors": [4] * (layers - 1) + [1],
                    "winner_entropy": pa.array([0.9] * (layers - 1) + [None], pa.float64()),
                }
            ),
        },
    )


def share_of(picture: Picture, colour: str) -> float:
    wanted = [int(colour[place : place + 2], 16) for place in (1, 3, 5)]
    return float((np.abs(picture.astype(int) - wanted).max(2) <= 2).mean())


@pytest.mark.parametrize("units", [1, 8])
@pytest.mark.parametrize("judged", [False, True])
def test_a_sheet_has_a_row_a_unit(units: int, judged: bool) -> None:
    picture = neuron_sheet(dissection(units, judged=judged))
    assert picture.dtype == np.uint8
    assert picture.shape == (145 + 98 * units, 1100, 3)
    assert share_of(picture, PAPER) > 0.3
    tiles = (picture == (200, 30 + units - 1, 40)).all(2)  # the pictures of the last row
    rows, columns = np.nonzero(tiles)
    assert 80**2 <= tiles.sum() <= 84**2
    assert 145 + 98 * (units - 1) - 30 < rows.min() < rows.max() < 145 + 98 * units - 20
    assert 440 < columns.min() < columns.max() < 540  # the second column


def test_ticks_and_crosses_follow_the_judgement() -> None:
    mixed = neuron_sheet(dissection(2))
    assert share_of(mixed, "#3d8361") > 0
    assert share_of(mixed, "#b9654a") > 0
    plain = neuron_sheet(dissection(2, judged=False))
    assert share_of(plain, "#3d8361") == share_of(plain, "#b9654a") == 0


def test_a_chart_has_a_row_a_layer_and_moves_with_its_rates() -> None:
    first = activity_chart(activity(layers=3))
    assert first.shape == (200 + 52 * 3, 1100, 3)
    assert np.array_equal(first, activity_chart(activity(layers=3)))
    assert not np.array_equal(first, activity_chart(activity(rate=0.1, layers=3)))


def test_rates_may_all_be_nothing() -> None:
    assert activity_chart(activity(rate=0.0, layers=1)).shape == (252, 1100, 3)


def test_other_records_are_refused() -> None:
    with pytest.raises(ValueError, match="'activity' holds no labelled units"):
        neuron_sheet(activity())
    with pytest.raises(ValueError, match="'neurons' holds no win rates"):
        activity_chart(dissection())
    dead = dataclasses.replace(dissection(), images={}, settings={})
    with pytest.raises(ValueError, match="no labelled units"):
        neuron_sheet(dead)
