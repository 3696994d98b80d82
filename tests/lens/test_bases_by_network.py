"""The chart of bases by network: drawn from records alone, every score at its place."""

import numpy as np
import pyarrow as pa
import pytest

from rivalry.lens.bases_by_network import Compared, bases_by_network
from rivalry.lens.page import INK, TRUE
from rivalry.records import Picture, Record


def compared(natural: float, found: float, network: str = "ReLU", layers: tuple[str, ...] = ("act",)) -> Compared:
    """A network of which the units and the rotation score this much, and labels one half."""
    scores = {"natural": natural, "unsupervised": found, "supervised": 0.5}
    rows = [
        {"layer": layer, "basis": basis, "policy": "beyond", "s1_per_direction": score}
        for layer in layers
        for basis, score in scores.items()
    ]
    rows.append({"layer": "act", "basis": "natural", "policy": "quantile", "s1_per_direction": None})
    return Compared(Record("basis", 3, 60, tables={"bases": pa.Table.from_pylist(rows)}), network, "PictureBook")


def middle(picture: Picture, colour: str) -> float:
    """Where along the page most of a colour is, below the legend and between the names and the ratios."""
    wanted = [int(colour[place : place + 2], 16) for place in (1, 3, 5)]
    same = (np.abs(picture[190:, 330:900].astype(int) - wanted).sum(-1) < 12).sum(0)
    return 330 + float(np.average(np.arange(570), weights=same))


def test_scores_stand_where_they_belong() -> None:
    picture = bases_by_network([compared(0.1, 0.3)])
    assert picture.shape[1] == 1100
    assert middle(picture, INK) == pytest.approx(330 + 560 * 0.1 / 0.5, abs=3)
    assert middle(picture, TRUE) == pytest.approx(330 + 560 * 0.3 / 0.5, abs=3)


def test_a_mean_stands_between_its_networks() -> None:
    both = bases_by_network([compared(0.1, 0.3), compared(0.2, 0.3)])
    assert middle(both, INK) == pytest.approx(330 + 560 * 0.15 / 0.5, abs=4)


def test_a_row_for_each_kind_and_a_section_for_each_layer() -> None:
    one = bases_by_network([compared(0.1, 0.3)])
    two = bases_by_network([compared(0.1, 0.3), compared(0.2, 0.3, "LWTA, U = 4")])
    sections = bases_by_network([compared(0.1, 0.3, layers=("act", "next"))])
    assert two.shape[0] - one.shape[0] == 46
    assert sections.shape[0] - one.shape[0] == 46 + 62


def test_what_cannot_be_drawn_is_refused() -> None:
    with pytest.raises(ValueError, match="one network at least; given none"):
        bases_by_network([])
    with pytest.raises(ValueError, match="no scores of units and rotation by 'wins'"):
        bases_by_network([compared(0.1, 0.2)], "wins")
    with pytest.raises(ValueError, match="'activity' has no scores"):
        bases_by_network([Compared(Record("activity", 0, 0), "ReLU", "CamVid")])
