"""What a prototype is for is read from a line of text, and what is not known is refused with what is near."""

from __future__ import annotations

import pyarrow as pa
import pytest
from torch import nn

from rivalry.lwta.turns import InTurn
from rivalry.prototypes.objectives.targets import KnownConcepts, Target, check_numbers, parse_target

CLASSES = ["cat", "dog", "sea: lion", "3"]
NETWORK = nn.ModuleDict({"stem": nn.Conv2d(3, 4, 1), "layer4": nn.Sequential(nn.Conv2d(4, 8, 1), nn.ReLU())})


def concepts() -> KnownConcepts:
    rows = [("stem", "cat", 0, 0), ("stem", "cat", 1, 1), ("layer4.1", "dog", 0, 0), ("layer4.1", "sea: lion", 2, 7)]
    rows += [("stem", "dog", 0, 2)]
    layer, class_, concept, unit = (list(column) for column in zip(*rows, strict=True))
    return KnownConcepts.of(
        pa.table({"layer": layer, "class": class_, "concept": concept, "unit": unit, "name": [""] * 5}), "runs/a:b"
    )


def parsed(text: str) -> Target:
    return parse_target(text, NETWORK, CLASSES, concepts())


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("class:dog", Target("class", 1, "dog")),
        ("class:0", Target("class", 0, "cat")),
        ("class:sea: lion", Target("class", 2, "sea: lion")),
        ("class:3", Target("class", 3, "3")),
        ("unit:layer4.1:07", Target("unit", 7, "layer4.1:7", "layer4.1")),
        ("direction:stem@basis:2", Target("direction", 2, "stem@basis:2", "stem@basis")),
        ("direction:stem@c:/records/a:2", Target("direction", 2, "stem@c:/records/a:2", "stem@c:/records/a")),
        ("concept:cat:1", Target("concept", 1, "stem:cat:1", "stem@runs/a:b", "cat", 1)),
        ("concept:layer4.1:dog:0", Target("concept", 0, "layer4.1:dog:0", "layer4.1@runs/a:b", "dog", 0)),
        ("concept:sea: lion:2", Target("concept", 7, "layer4.1:sea: lion:2", "layer4.1@runs/a:b", "sea: lion", 2)),
    ],
)
def test_every_kind_is_read(text: str, wanted: Target) -> None:
    assert parsed(text) == wanted


@pytest.mark.parametrize("text", ["class:dog", "unit:layer4.1:7", "direction:stem@basis:2", "concept:stem:dog:0"])
def test_a_target_reads_its_own_text(text: str) -> None:
    assert parsed(text).text == text
    assert parsed(parsed(text).text) == parsed(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("class:dgo", r"'dgo' is none of the 4 classes; nearest: dog"),
        ("class:9", r"none of the 4 classes.*by position, 0 to 3"),
        ("class:", r"is not written as class:NAME"),
        ("klass:dog", r"nearest kind: class"),
        ("dog", r"is not written as"),
        ("unit:layer4.1", r"is not written as"),
        ("unit:layer4.1:x", r"is not written as"),
        ("unit:layer4.1:-1", r"is not written as"),
        ("unit:leyer4.1:3", r"leyer4\.1.*layer4\.1"),
        ("unit:layer4.*:3", r"wanted the name of one layer, and 'layer4\.\*' means layer4\.0, layer4\.1"),
        ("unit:stem@basis:3", r"has directions, no units; wanted is direction:stem@basis:NUMBER"),
        ("direction:stem:3", r"names no source of directions; wanted as in direction:stem@basis:4"),
        ("direction:sten@basis:3", r"sten.*stem"),
        ("concept:cta:1", r"no concepts of 'cta'; nearest: cat"),
        ("concept:dog:0", r"may mean any of concept:layer4\.1:dog:0, concept:stem:dog:0"),
        ("concept:cat:5", r"'cat' has 2 concepts in stem; the nearest is 1"),
    ],
)
def test_what_is_not_known_is_refused_with_what_is_near(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parsed(text)


def test_a_concept_needs_a_record() -> None:
    with pytest.raises(ValueError, match="no record of a ConceptExtraction was given"):
        parse_target("concept:cat:1", NETWORK, CLASSES)


def test_an_activation_that_runs_several_times_is_not_one_layer() -> None:
    network = nn.ModuleDict({"act": InTurn([nn.ReLU(), nn.ReLU()])})
    with pytest.raises(ValueError, match=r"wanted the name of one layer"):
        parse_target("unit:act:0", network, CLASSES)


def test_numbers_beyond_a_layer_are_refused() -> None:
    targets = [Target("class", 999, "cat"), Target("unit", 7, "layer4:7", "layer4")]
    check_numbers(targets, {"layer4": 8})
    with pytest.raises(ValueError, match=r"'unit:layer4:7': layer4 has 7 units, 0 to 6"):
        check_numbers(targets, {"layer4": 7})
    with pytest.raises(ValueError, match=r"stem@basis has 3 directions, 0 to 2"):
        check_numbers([parsed("direction:stem@basis:4")], {"stem@basis": 3})
