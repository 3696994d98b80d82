"""The figure of naturalness over networks: a panel a name, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest

from rivalry.lens.naturalness_by_network import Studied, naturalness_by_network
from rivalry.lens.page import HUE
from rivalry.records import Picture, Record
from tests.lens.test_naturalness_chart import record


def of_colour(picture: Picture, colour: str, columns: slice) -> np.ndarray:
    """How many pixels of some columns, in each row below the legend, have a colour."""
    wanted = [int(colour[place : place + 2], 16) for place in (1, 3, 5)]
    same = np.abs(picture[150:, columns].astype(int) - wanted).sum(-1) < 12
    return same.sum(1)


def test_a_panel_a_name_holds_the_mean_of_its_networks() -> None:
    networks = [Studied(record(ours=value), "same") for value in (0.2, 1.0)] + [Studied(record(ours=0.6), "other")]
    picture = naturalness_by_network(networks)
    assert picture.shape[1] == 1100
    first, second = (of_colour(picture, HUE, columns) for columns in (slice(75, 370), slice(425, 720)))
    assert abs(int(first.argmax()) - int(second.argmax())) <= 2  # the mean of 0.2 and 1.0 lies where 0.6 does
    assert not of_colour(picture, HUE, slice(775, 1100)).any()


def test_more_names_make_it_higher() -> None:
    few = naturalness_by_network([Studied(record(), str(name)) for name in range(3)])
    many = naturalness_by_network([Studied(record(), str(name)) for name in range(4)])
    assert many.shape[0] > few.shape[0]


def test_a_layer_without_a_scale_has_no_point() -> None:
    assert naturalness_by_network([Studied(record(ours=None), "one")]).any()


def test_what_cannot_be_drawn_is_refused() -> None:
    with pytest.raises(ValueError, match="given none"):
        naturalness_by_network([])
    with pytest.raises(ValueError, match="no naturalness of paths"):
        naturalness_by_network([Studied(Record("prototypes", 0, 0), "one")])
    with pytest.raises(ValueError, match="'one' have different layers"):
        naturalness_by_network([Studied(record(layers=layers), "one") for layers in (5, 6)])
