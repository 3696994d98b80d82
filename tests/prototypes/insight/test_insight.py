"""All questions together, and what cannot be asked."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
import torch
from torch import nn

from rivalry.data.vocabulary import Vocabulary
from rivalry.data.watermark import Watermark
from rivalry.prototypes.insight import Insight, Made
from rivalry.prototypes.insight.schemas import SCHEMAS
from tests.prototypes.insight.scene import LAYER, Skies, known, made
from tests.prototypes.insight.test_agreement import concepts_record
from tests.prototypes.insight.test_names import CLIP


class Eye(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.eye = nn.Identity()


def test_every_question_leaves_its_table(tmp_path: Path) -> None:
    insight = Insight(CLIP, Vocabulary(("night", "noon")), Watermark(size=0.8), concepts_record(tmp_path), pictures=8)
    assert insight.layers == (LAYER,)
    insight.check(Eye(), Skies())
    found = insight.look(made(), known())
    assert {name: table.schema for name, table in found.tables.items()} == SCHEMAS
    assert all(len(table) for table in found.tables.values())
    assert {"agreement_spearman", "marks_shown", "mark_flips_above", "prototype_flips"} - found.scalars.keys() == {
        "marks_shown"  # three classes are too few to say
    }


def test_nothing_is_asked_that_was_not_wanted() -> None:
    found = Insight(counter_images=False).look(made(), known())
    assert (found.tables, found.scalars) == ({}, {})
    assert list(Insight(pictures=8).look(made(), known()).tables) == ["counter_images"]


def test_a_table_may_be_empty() -> None:
    units = Made(("unit:eye:0",), (None,), (0,), made().images[:1], made().alpha[:1])
    found = Insight(watermark=Watermark(size=0.8), pictures=8).look(units, known())
    assert {name: len(table) for name, table in found.tables.items()} == {"marks": 0, "counter_images": 0}
    assert found.tables["marks"].schema == SCHEMAS["marks"]


def test_the_same_again() -> None:
    insight = Insight(watermark=Watermark(size=0.8), pictures=8)
    before = torch.get_rng_state()
    first, second = (insight.look(made(), known()).tables for _ in range(2))
    assert all(pa.Table.equals(first[name], second[name]) or _nan(first[name]) for name in first)
    assert torch.equal(torch.get_rng_state(), before)


def _nan(table: pa.Table) -> bool:
    """NaN is unequal to itself, in Arrow too."""
    return any(value != value for row in table.to_pylist() for value in row.values())


def test_settings_say_what_was_asked(tmp_path: Path) -> None:
    settings = Insight(watermark=Watermark(), pictures=8).settings
    assert settings["watermark"] == Watermark().fingerprint
    assert settings["insight_pictures"] == 8
    assert settings["vocabulary"] is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"pictures": 1}, "2 pictures at least, got pictures=1"),
        ({"vocabulary": "picturebook"}, "a vocabulary was given, and no clip"),
        ({"clip": "ViT-B-32/opena"}, "close are ViT-B-32/openai"),
        ({"clip": CLIP, "vocabulary": "picturebok"}, "did you mean 'picturebook'"),
        ({"concepts": "nowhere"}, "no record in nowhere"),
    ],
)
def test_what_cannot_be_asked_is_refused_at_once(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Insight(**options)


def test_what_does_not_fit_is_refused_before_anything_runs(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="too small to be seen"):
        Insight(watermark=Watermark(size=0.1)).check(Eye(), Skies())
    with pytest.raises(ValueError, match="'eye'"):
        Insight(concepts=concepts_record(tmp_path)).check(nn.Identity(), Skies())


def test_rows_that_do_not_belong_together_are_refused() -> None:
    whole = made()
    with pytest.raises(ValueError, match="every prototype has"):
        Made(whole.targets[:2], whole.classes, whole.copies, whole.images, whole.alpha)
