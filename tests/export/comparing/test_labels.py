"""Units whose labels changed, and how many would keep theirs by chance: worked by hand, and dealt out again."""

import random
from collections.abc import Sequence

import pyarrow as pa
import pytest

from rivalry.export.comparing.concepts import held_concepts
from rivalry.export.comparing.labels import changed_units, kept_labels
from tests.export.comparing.two import FIRST, SECOND, neurons


def test_units_that_live_in_both_are_told_apart_by_their_labels_clearest_first() -> None:
    found = changed_units(neurons(FIRST), neurons(SECOND))
    assert [(one.layer, one.unit, one.first, one.second, one.margin) for one in found] == [
        ("act1", 1, "sky", "sea", 0.2),
        ("act2", 1, "roof", "wheel", 0.2),
    ]
    assert changed_units(neurons(FIRST), neurons(FIRST)) == []


def test_a_unit_is_matched_by_layer_and_number_whatever_the_order_of_rows() -> None:
    second = neurons(SECOND)
    turned = second.take(list(range(second.num_rows))[::-1])
    assert changed_units(neurons(FIRST), turned) == changed_units(neurons(FIRST), second)
    assert kept_labels(neurons(FIRST), turned) == kept_labels(neurons(FIRST), second)


def test_what_stays_dies_and_wakes_is_counted_by_layer() -> None:
    kept = kept_labels(neurons(FIRST), neurons(SECOND))
    first, second = kept["act1"], kept["act2"]
    assert (first.both, first.same, first.died, first.woke) == (3, 2, 0, 1)
    assert (second.both, second.same, second.died, second.woke) == (3, 2, 1, 0)
    # act1: sky twice and car once, against sky, sea, car once each: (2·1 + 1·1) / 3
    assert first.same_by_chance == pytest.approx(1.0)
    # act2: wheel once and roof twice, against wheel twice and roof once: (1·2 + 2·1) / 3
    assert second.same_by_chance == pytest.approx(4 / 3)


def test_chance_is_what_dealing_labels_out_again_gives_on_average() -> None:
    draws = random.Random(0)
    ours = [draws.choice("abcd") for _ in range(40)]
    theirs = [draws.choice("abbe") for _ in range(40)]

    def same(other: Sequence[str]) -> int:
        return sum(one == label for one, label in zip(ours, other, strict=True))

    dealt = [same(draws.sample(theirs, 40)) for _ in range(4000)]
    expected = kept_labels(neurons({"act": ours}), neurons({"act": theirs}))["act"].same_by_chance
    assert expected == pytest.approx(sum(dealt) / len(dealt), abs=0.15)  # five standard errors


def test_units_of_a_wider_layer_and_of_one_that_is_dead_have_no_partner() -> None:
    wider = kept_labels(neurons({"act": ["sky"]}), neurons({"act": ["sky", "sea"], "more": ["sky"]}))
    assert list(wider) == ["act"]
    assert (wider["act"].both, wider["act"].died, wider["act"].woke) == (1, 0, 1)
    dead = kept_labels(neurons({"act": ["", "sky"]}), neurons({"act": ["sky", ""]}))["act"]
    assert (dead.both, dead.same, dead.same_by_chance, dead.died, dead.woke) == (0, 0, 0.0, 1, 1)


def test_a_unit_that_nobody_has_named_counts_for_nothing() -> None:
    units = neurons({"act": ["sky", "sea", "car"]})
    labels = pa.array(["sky", None, ""])
    nameless = units.set_column(units.column_names.index("label"), "label", labels)
    assert [one.concept for one in held_concepts(nameless, units)] == ["car", "sea", "sky"]
    assert changed_units(nameless, units) == []
    assert kept_labels(nameless, units)["act"].both == 1


def test_concepts_are_those_of_living_units_and_come_by_how_far_they_moved() -> None:
    found = held_concepts(neurons(FIRST), neurons(SECOND))
    assert [(one.concept, one.first, one.second) for one in found] == [
        ("roof", 3, 1), ("car", 1, 2), ("sky", 2, 1), ("wheel", 1, 2), ("sea", 0, 1),
    ]  # fmt: skip
    assert [one.concept for one in found if one.gained] == ["sea"]
    assert [one.concept for one in found if one.lost] == []
    assert [one.concept for one in held_concepts(neurons(SECOND), neurons(FIRST)) if one.lost] == ["sea"]
