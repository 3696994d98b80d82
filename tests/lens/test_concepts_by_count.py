"""The figure that counts how many units are as good as how many factors."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from rivalry.lens.concepts_by_count import MEASURES, concepts_by_count
from rivalry.lens.concepts_by_network import Extracted
from rivalry.lens.page import HUE, TRUE
from rivalry.records import Picture, Record


def counted(count: int, worth: float, network: str = "ReLU", extraction: str = "natural") -> Extracted:
    """A record of so many concepts, every measure of which has one value in one class and none in another."""
    rows = [
        {"layer": "act", "class": name, "extraction": extraction, "concepts": count}
        | dict.fromkeys(MEASURES, worth if name == "car" else None)
        for name in ("car", "house")
    ]
    schema = pa.schema([("layer", pa.string()), ("class", pa.string()), ("extraction", pa.string()),
                        ("concepts", pa.int64()), *((measure, pa.float64()) for measure in MEASURES)])  # fmt: skip
    return Extracted(
        Record(f"of_{count}", 0, 0, {}, {"extractions": pa.Table.from_pylist(rows, schema)}), network, "PB"
    )


def heights(picture: Picture, colour: str, columns: slice) -> list[int]:
    """The rows of a panel in which a colour lies."""
    wanted = [int(colour[place : place + 2], 16) for place in (1, 3, 5)]
    same = np.abs(picture[200:450, columns].astype(int) - wanted).sum(-1) < 12
    return [200 + int(row) for row in same.any(1).nonzero()[0]]


def test_what_is_better_stands_where_its_number_is() -> None:
    picture = concepts_by_count([counted(5, 1.0), counted(40, 0.0), counted(5, 0.5, "LWTA"), counted(40, 0.5, "LWTA")])
    falling, level = heights(picture, HUE, slice(85, 360)), heights(picture, TRUE, slice(85, 360))
    assert falling[0] == pytest.approx(220, abs=4)
    assert falling[-1] == pytest.approx(440, abs=4)
    assert np.mean(level) == pytest.approx(330, abs=3)


def test_several_networks_are_thin_lines_about_their_mean() -> None:
    alone = concepts_by_count([counted(5, 0.5), counted(40, 0.5)])
    three = concepts_by_count([counted(count, worth) for count in (5, 40) for worth in (0.2, 0.5, 0.8)])
    assert alone.shape == three.shape
    assert np.mean(heights(three, HUE, slice(85, 360))) == pytest.approx(330, abs=4)
    assert not np.array_equal(alone, three)


def test_more_than_can_be_told_apart_is_refused() -> None:
    with pytest.raises(ValueError, match="given 0 and 0"):
        concepts_by_count([])
    with pytest.raises(ValueError, match="given 4 and 1"):
        concepts_by_count([counted(5, 0.5, str(kind)) for kind in range(4)])
    with pytest.raises(ValueError, match="given 1 and 3"):
        concepts_by_count([counted(5, 0.5, extraction=name) for name in ("natural", "nmf", "pca")])
