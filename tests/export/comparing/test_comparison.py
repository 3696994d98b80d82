"""A comparison as a whole: what both have is compared, what one lacks is said."""

import json
import math

import pytest

from rivalry.export.comparing import compare, picture
from rivalry.export.comparing.headline import headline
from rivalry.export.comparing.numbers import Number
from rivalry.export.comparing.report import remarks
from rivalry.lens.comparison_chart import CONCEPTS
from rivalry.records import Record
from tests.export.comparing.two import FIRST, MADE, SECOND, bases, neurons, side


def test_every_part_is_there() -> None:
    record = Record("basis", 5, 90, {"s1_natural": 3.0, "of one alone": 1.0}, {"bases": bases(3.0, 2.5)})
    second = side(
        SECOND,
        name="lwta",
        neurons=neurons(SECOND, 0.25),
        competitors={"act1": 1, "act2": 2},
        scores={"val/top1": 0.5, "test/top1": 0.25},
        records={"basis": record, "activity": Record("activity", 5, 90, {"dead_units": 1.0})},
    )
    found = compare(side(), second)
    assert found.names == ("relu", "lwta")
    assert [(one.layer, one.units, one.competitors, one.dead) for one in found.layers] == [
        ("act1", (4, 4), (1, 1), (1, 0)),
        ("act2", (4, 4), (1, 2), (0, 1)),
    ]
    assert found.layers[0].active == (pytest.approx(0.375), pytest.approx(0.25))
    assert [one.unit for one in found.changed] == [1, 1]
    assert [one.concept for one in found.gained] == ["sea"]
    assert found.lost == []
    assert found.scores == [Number("val", "top1", 0.75, 0.5)]
    assert [(one.layer, one.basis, one.s1, one.s2) for one in found.bases] == [
        ("act2", "natural", (2.0, 3.0), (1.5, 2.5))
    ]
    assert found.scalars == [Number("basis", "s1_natural", 2.0, 3.0)]
    assert found.otherwise == {}


def test_it_is_summed_up_in_lines() -> None:
    second = side(SECOND, neurons=neurons(SECOND, 0.25), scores={"val/top1": 0.5, "test/top1": math.nan})
    first = side(scores={"val/loss": 1.0, "val/top1": 0.75, "test/top1": 0.5})
    assert [tuple(line) for line in headline(compare(first, second))] == [
        ("accuracy (test)", "50.0 %", "–"),
        ("accuracy (val)", "75.0 %", "50.0 %"),
        ("units active at a place", "43.8 %", "21.9 %"),
        ("dead units", "1", "1"),
        ("concepts", "4", "5"),
        ("S¹ of the units, act2", "2", "2"),
        ("S² of the units, act2", "1.5", "1.5"),
    ]


def test_a_network_is_like_itself() -> None:
    found = compare(side(), side())
    assert (found.changed, found.gained, found.lost, found.otherwise) == ([], [], [], {})
    assert [one.labels.same for one in found.layers] == [one.labels.both for one in found.layers] == [3, 4]


def test_only_layers_that_both_have_count() -> None:
    found = compare(side({**FIRST, "early": ["moon"]}), side({**FIRST, "late": ["star"]}))
    assert [one.layer for one in found.layers] == ["act1", "act2"]
    assert found.only == (["early"], ["late"])
    assert {"moon", "star"} & {one.concept for one in found.concepts} == set()
    assert list(remarks(found)) == [
        "dissected in A alone, and left out: early", "dissected in B alone, and left out: late",
    ]  # fmt: skip


def test_no_layer_in_common_is_refused_with_the_nearest() -> None:
    with pytest.raises(
        ValueError, match="no dissected layer in common; of the first there are act1, of the second the n"
    ):
        compare(side({"act1": ["sky"]}), side({"act3": ["sky"]}))


def test_a_network_that_nobody_has_dissected_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="no layer of bare was dissected: its units have no labels"):
        compare(side(), side({}, name="bare"))


def test_accuracies_over_other_classes_are_said_to_be_so() -> None:
    other = side(classes=("car", "tram"), scores={"val/top1": 0.5})
    assert compare(side(classes=("car", "bus")), other).otherwise == {"val": ["classes"]}
    assert compare(side(classes=()), other).otherwise == {}  # of a run they are not known
    assert compare(side(classes=("car", "bus"), scores={}), other).otherwise == {}  # nothing to compare


def test_what_was_not_made_alike_is_said_once() -> None:
    other = {**MADE, "vocabulary": "w", "competitors": {"act2": 4}, "seed": 1}
    second = side(
        settings={"neurons": other, "basis": {**MADE, "dataset": "e"}}, pictures={"validation": "q", "test": "t"}
    )
    found = compare(side(), second)
    assert found.otherwise == {"labels": ["seed", "vocabulary"], "basis": ["dataset"], "val": ["pictures"]}
    assert next(remarks(found)) == "labels: not made alike, and may differ by that alone: seed, vocabulary"
    assert compare(side(), side(pictures={})).otherwise == {}  # what a run does not say is not held against it


def test_labels_are_held_against_the_analysis_that_they_come_from() -> None:
    second = side(
        labels={"act1": "early", "act2": "late"},
        settings={"early": MADE, "late": {**MADE, "dataset": "e"}, "neurons": {**MADE, "samples": 7}, "basis": MADE},
    )
    assert compare(side(), second).otherwise == {"labels": ["dataset"]}


def test_it_is_json_whatever_is_unknown() -> None:
    unknown = {"basis": Record("basis", 3, 60, {"stability": math.nan, "s1_natural": math.inf})}
    found = compare(side(), side(SECOND, records=unknown)).to_json()
    back = json.loads(json.dumps(found, allow_nan=False))
    assert back == found
    assert back["scalars"][1] == {"of": "basis", "name": "stability", "first": 0.9, "second": None}
    assert back["layers"][0]["labels"]["same"] == 2
    assert back["changed"][0] == {"layer": "act1", "unit": 1, "first": "sky", "second": "sea", "margin": 0.2}


def test_what_was_never_measured_is_left_out_of_a_picture_too() -> None:
    found = compare(side(neurons=neurons({"act1": ["", ""]}, None)), side())
    assert math.isnan(found.layers[0].active[0])
    assert picture(found).shape[1] == 1100


def test_a_picture_has_a_row_for_each_layer_and_each_concept() -> None:
    many = {"act1": [f"word {number}" for number in range(40)]}
    small = picture(compare(side({"act1": ["sky"]}), side({"act1": ["sky"]})))
    layers = picture(compare(side({"act1": ["sky"], "act2": ["sky"]}), side({"act1": ["sky"], "act2": ["sky"]})))
    words = picture(compare(side(many), side(many)))
    assert layers.shape[0] - small.shape[0] == 36
    lines = len(headline(compare(side(many), side(many))))
    assert words.shape[0] - small.shape[0] == round(36 * (CONCEPTS - lines))
