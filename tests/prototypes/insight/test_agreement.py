"""Agreement of prototypes with the concepts of their class."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
import torch

from rivalry.prototypes.insight import Made
from rivalry.prototypes.insight.agreement import agreement, agreement_of_each, agreement_rows, read_concepts
from rivalry.recording.directions import Directions
from rivalry.records import Record
from tests.prototypes.insight.scene import CLASSES, LAYER, known, made


def concepts_record(folder: Path, classes: tuple[str, ...] = CLASSES) -> str:
    """Of each class three concepts: brightness, darkness, and both."""
    weights = torch.tensor([[1.0, 0.0, 0.7], [0.0, 1.0, 0.7]]).repeat(1, len(classes))
    directions = Directions(weights, torch.zeros(weights.shape[1]), 1)
    named = [(class_, concept) for class_ in classes for concept in range(3)]
    concepts = pa.table(
        {
            "layer": [LAYER] * len(named),
            "class": [class_ for class_, _ in named],
            "concept": [concept for _, concept in named],
            "unit": list(range(len(named))),
        }
    )
    record = Record("concepts", 0, 0, tables={"concepts": concepts, "directions": directions.rows(LAYER)})
    return str(record.save(folder))


def test_concepts_come_from_the_record(tmp_path: Path) -> None:
    found = read_concepts(concepts_record(tmp_path))
    assert [(one.layer, one.class_) for one in found] == [(LAYER, name) for name in CLASSES]
    maps = torch.tensor([3.0, 5.0]).reshape(1, 2, 1, 1).expand(1, 2, 4, 4)
    torch.testing.assert_close(found[0].codes(maps), torch.tensor([[3.0, 5.0, 5.6]]))


def test_a_record_of_another_analysis_is_refused(tmp_path: Path) -> None:
    folder = Record("activity", 0, 0).save(tmp_path)
    with pytest.raises(ValueError, match="'activity' and holds no concepts"):
        read_concepts(str(folder))


def test_agreement_by_hand() -> None:
    natural = torch.tensor([[1.0, 2.0, 3.0], [3.0, 4.0, 5.0]])
    found = agreement(torch.tensor([[4.0, 6.0, 8.0], [3.0, 2.0, 1.0]]), natural)
    torch.testing.assert_close(found["spearman"], torch.tensor([1.0, -1.0]).double())
    torch.testing.assert_close(found["cosine"], torch.tensor([1.0, 16 / (14 * 29) ** 0.5]).double())


def test_nobody_to_agree_with() -> None:
    assert agreement(torch.ones(2, 3), torch.ones(0, 3))["cosine"].isnan().all()
    assert agreement_of_each(torch.ones(1, 3))["spearman"].isnan().all()


def test_each_picture_is_held_against_the_others() -> None:
    natural = torch.rand(6, 5, generator=torch.Generator().manual_seed(0))
    found = agreement_of_each(natural)
    for row in range(6):
        plain = agreement(natural[row : row + 1], torch.cat((natural[:row], natural[row + 1 :])))
        for name, values in plain.items():
            torch.testing.assert_close(found[name][row], values[0])


def test_prototypes_agree_with_their_class(tmp_path: Path) -> None:
    rows = agreement_rows(made(), known(), read_concepts(concepts_record(tmp_path)), 24)
    assert [row["target"] for row in rows] == [f"class:{name}" for name in CLASSES]
    night = rows[0]
    assert (night["layer"], night["class"], night["concepts"], night["copy"]) == (LAYER, "night", 3, 0)
    assert night["cosine"] > 0.99  # as dark as its pictures
    assert night["same_cosine"] > 0.99
    assert night["other_cosine"] < 0.9


def test_only_classes_have_concepts(tmp_path: Path) -> None:
    units = Made(("unit:eye:0",), (None,), (0,), made().images[:1], made().alpha[:1])
    assert agreement_rows(units, known(), read_concepts(concepts_record(tmp_path)), 24) == []


def test_a_class_without_concepts_is_refused(tmp_path: Path) -> None:
    few = read_concepts(concepts_record(tmp_path, ("night", "dawn")))
    with pytest.raises(ValueError, match="no concepts are known of 'noon'; nearest: "):
        agreement_rows(made(), known(), few, 24)
