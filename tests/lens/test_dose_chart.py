"""The chart of dose against reliance: drawn from records alone, with every value at its height."""

import numpy as np
import pyarrow as pa
import pytest

from rivalry.lens.dose_chart import PANELS, Dosed, dose_chart
from rivalry.lens.page import FALSE, HUE, INK, round_ticks
from rivalry.records import Picture, Record


def record(value: float, *, null: float = 0.0, names: tuple[str, ...] = tuple(PANELS)) -> Record:
    """One in which every metric has the same value, and an interval of ± 0.02."""
    rows = [
        {"metric": name + end, "value": of, "low": of - 0.02, "high": of + 0.02}
        for name in names
        for end, of in (("", value), ("_null", null))
    ]
    return Record("watermark", 3, 60, tables={"reliance": pa.Table.from_pylist(rows)})


def heights(picture: Picture, colour: str, columns: slice) -> list[float]:
    """Rows of the largest marks of a colour in some columns: where whole dots are."""
    wanted = [int(colour[place : place + 2], 16) for place in (1, 3, 5)]
    same = (np.abs(picture[180:460, columns].astype(int) - wanted).sum(-1) < 12).sum(1)
    return [180 + float(row) for row in np.flatnonzero(same == same.max())]


def test_its_size_and_that_it_is_always_the_same() -> None:
    runs = [Dosed(record(share), share, "ReLU") for share in (0.0, 0.5, 1.0)]
    first = dose_chart(runs)
    assert first.shape == (535, 1100, 3)
    assert np.array_equal(first, dose_chart(list(reversed(runs))))


def test_a_higher_value_stands_higher() -> None:
    """In the first panel, in the column of the second of two doses."""
    column = slice(95 + 140, 95 + 270)
    low = dose_chart(
        [Dosed(record(0.0), 0.0, "ReLU"), Dosed(record(0.2), 0.5, "ReLU"), Dosed(record(0.9), 0.0, "ReLU")]
    )
    high = dose_chart(
        [Dosed(record(0.0), 0.0, "ReLU"), Dosed(record(0.7), 0.5, "ReLU"), Dosed(record(0.9), 0.0, "ReLU")]
    )
    assert np.mean(heights(low, HUE, column)) - np.mean(heights(high, HUE, column)) > 80  # of 250 for a range of 0.96


def test_every_kind_of_network_has_a_colour() -> None:
    one = dose_chart([Dosed(record(0.3), 0.5, "ReLU")])
    two = dose_chart([Dosed(record(0.3), 0.5, "ReLU"), Dosed(record(0.4), 0.5, "LWTA")])
    rust = [int(FALSE[place : place + 2], 16) for place in (1, 3, 5)]
    assert not (one == rust).all(-1).any()
    assert (two == rust).all(-1).sum() > 50


def test_negative_values_and_one_dose_can_be_drawn() -> None:
    assert dose_chart([Dosed(record(-0.4, null=-0.1), 0.5, "ReLU")]).shape == (535, 1100, 3)
    assert dose_chart([Dosed(record(0.0), 0.0, "ReLU")]).std() > 1


@pytest.mark.parametrize("most", [0.05, 0.9, 7.0, 62.0, 4000.0])
def test_every_range_has_round_ticks(most: float) -> None:
    ticks = round_ticks(-0.01 * most, most)
    assert 3 <= len(ticks) <= 7
    assert 0 in ticks


def test_what_cannot_be_drawn_is_refused() -> None:
    with pytest.raises(ValueError, match="records of 1 to 4 kinds of network to draw; given 0"):
        dose_chart([])
    with pytest.raises(ValueError, match="given 5"):
        dose_chart([Dosed(record(0.1), 0.5, name) for name in "abcde"])
    with pytest.raises(ValueError, match="'watermark' has no 'relevance_lift'"):
        dose_chart([Dosed(record(0.1, names=("attack_success", "accuracy_gap")), 0.5, "ReLU")])
    with pytest.raises(ValueError, match="has no 'attack_success' in a table 'reliance'"):
        dose_chart([Dosed(Record("other", 0, 0), 0.5, INK)])
