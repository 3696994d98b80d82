"""The figure that compares extractions over networks."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from rivalry.lens.concepts_by_network import MEASURES, Extracted, compared_scores, concepts_by_network
from rivalry.records import Record


def extracted(
    network: str = "ReLU", worth: float = 0.25, missing: float | None = None, far: float | None = None
) -> Extracted:
    """A record of two extractions and two classes.

    ``missing`` is the stability of the first row; ``far`` of every row how far out of distribution it is, if given.
    """
    rows = [
        {"layer": "act", "class": name, "extraction": extraction}
        | {measure: worth * factor * (1 + place) for place, measure in enumerate(MEASURES)}
        for extraction, factor in (("natural", 1.0), ("nmf", 0.5))
        for name in ("car", "house")
    ]
    rows[0]["stability"] = missing
    if far is not None:
        rows = [row | {"out_of_distribution": far} for row in rows]
    return Extracted(Record("concepts", 0, 0, {}, {"extractions": pa.Table.from_pylist(rows)}), network, "PictureBook")


def test_scores_are_means_over_the_classes_that_have_them() -> None:
    scores = compared_scores([extracted(missing=1.0), extracted(missing=None), extracted(missing=float("nan"))])
    found = scores["PictureBook, act"]
    assert found["natural"]["stability"]["ReLU"] == pytest.approx([0.875, 0.75, 0.75])
    assert found["nmf"]["relative_l2"]["ReLU"] == pytest.approx([0.125] * 3)


def test_it_grows_by_sections_and_shows_every_kind() -> None:
    one = concepts_by_network([extracted()])
    two = concepts_by_network([extracted(), extracted("LWTA, U = 4", 0.5)])
    assert one.shape == two.shape
    assert one.shape[1] == 1100
    assert one.dtype == np.uint8
    assert not np.array_equal(one, two)


@pytest.mark.parametrize("far", [-0.5, 0.0, 0.5])
def test_what_is_below_zero_stays_in_its_panel(far: float) -> None:
    """Out of distribution is the last column: from 950 pixels on."""
    page, other = concepts_by_network([extracted(far=far)]), concepts_by_network([extracted(far=1.0)])
    assert np.array_equal(page[:, :925], other[:, :925])
    assert not np.array_equal(page[:, 925:], other[:, 925:])


def test_what_compares_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="given 0"):
        concepts_by_network([])
    with pytest.raises(ValueError, match="given 4"):
        concepts_by_network([extracted(str(kind)) for kind in range(4)])
    with pytest.raises(ValueError, match="'activity' compares no extractions"):
        concepts_by_network([Extracted(Record("activity", 0, 0), "ReLU", "CIFAR-10")])
