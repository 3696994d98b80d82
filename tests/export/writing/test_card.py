"""The model card: front matter that the hub reads, and tables of what the folder holds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from huggingface_hub import ModelCard
from PIL import Image

from rivalry.export.writing.card import draw_pictures, model_card
from rivalry.export.writing.contents import Contents, gather
from rivalry.records import Record
from tests.export.writing.labelled import dissection
from tests.export.writing.sources import source_of

EVIL = "<script>|x|`"


@pytest.fixture(scope="module")
def contents(tmp_path_factory: pytest.TempPathFactory) -> Contents:
    root = tmp_path_factory.mktemp("run")
    rows: Any = [{"layer": "act1", "unit": 2, "label": EVIL}]
    record = dissection(1, {"act1": "ab..." + "c" * 27}, top_images={"rows": rows}, clip="a-clip", words=76)
    labels = record.tables["units"]["label"].to_pylist()
    labels[0] = EVIL
    table = record.tables["units"].set_column(2, "label", [labels])
    scalars = {"units": 32.0, "dead_units": 3.0, "distinct_concepts": 3.0}
    rows[0]["unit"] = 0
    sheet = np.zeros((48, 48, 3), np.uint8)
    settings: Any = {**record.settings, "top_images": {"rows": rows, "columns": 1, "side": 48, "gap": 0}}
    Record("neurons", 1, 20, scalars, {"units": table}, {"top_images": sheet}, settings).save(root / "records")
    Record("activity", 0, 10).save(root / "records")
    return gather(source_of(root))


def with_scores(contents: Contents, **scores: float) -> Contents:
    configuration: Any = {"data": {"validation": {"class_path": "rivalry.data.PictureBook"}}}
    told = replace(contents.provenance, scores=scores, configuration=configuration)
    return replace(contents, provenance=told)


def test_the_hub_reads_the_front_matter(contents: Contents) -> None:
    card = ModelCard(model_card(with_scores(contents, **{"val/top1": 0.75}), {}, "mit"))
    assert (card.data.license, card.data.library_name, card.data.pipeline_tag) == (
        "mit",
        "rivalry",
        "image-classification",
    )
    assert "local-winner-takes-all" in card.data.tags
    (result,) = card.data.eval_results
    assert (result.dataset_name, result.metric_type, result.metric_value) == ("PictureBook", "accuracy", 0.75)


def test_without_scores_or_licence_the_front_matter_claims_neither(contents: Contents) -> None:
    data = ModelCard(model_card(contents, {})).data
    assert data.license is None
    assert data.eval_results is None


def test_tables_say_what_the_folder_holds(contents: Contents) -> None:
    card = model_card(with_scores(contents, **{"val/top1": 0.75, "val/loss": 3.0}), {})
    assert "| accuracy, strongest wins | 75.0 % |" in card
    assert "loss" not in card
    assert "| `act1` | 32 | 2 | 3 | 3 |\n" in card  # no column of masks, nor of epochs: there was nothing to fill them
    assert r"| `act1` | 0 | &lt;script&gt;\|x\|\` | other | 0.25 | 3 pictures |" in card
    assert "as it was logged in training" in card
    assert "validated on (`PictureBook`)" in card
    assert "| neurons | 1 | of this step | `records/epoch=0001/neurons/` |" in card
    assert "| activity | 0 | no, those of step 10 | `records/epoch=0000/activity/` |" in card
    assert "| CLIP of neurons | `a-clip`, `c` |" in card
    assert "In 12 of its layers units compete in blocks of 2" in card


def test_parts_of_the_same_pictures_share_a_line(contents: Contents) -> None:
    data = {"train": "tiles-16-0", "validation": "tiles-7-1", "probe": "tiles-7-1"}
    card = model_card(replace(contents, provenance=replace(contents.provenance, data=data)), {})
    assert "| pictures of train | `tiles-16-0` |\n| pictures of validation, probe | `tiles-7-1` |" in card


def test_what_no_folder_holds_is_said(contents: Contents) -> None:
    assert "Pictures of the run" not in model_card(contents, {})
    card = model_card(replace(contents, changed="Grayscale(num_output_channels=3)"), {})
    assert "**Pictures of the run were also changed by Grayscale\\(num\\_output\\_channels=3\\), which is code" in card


def test_of_many_classes_the_card_names_some(contents: Contents) -> None:
    assert "\nClasses: plain, bright.\n" in model_card(contents, {})
    dissection = replace(contents.configuration.dissection, classes=tuple(f"class {n}" for n in range(1000)))
    many = replace(contents.configuration, num_classes=1000, dissection=dissection)
    card = model_card(replace(contents, configuration=many), {})
    assert "class 18, class 19 … and 980 more, all in `config.json`." in card


def test_no_word_from_outside_is_markup(contents: Contents) -> None:
    card = model_card(contents, {})
    assert "<script" not in card
    assert EVIL in contents.neurons["label"].to_pylist()


def test_a_network_without_labels_or_competition_says_so(tmp_path: Path) -> None:
    card = model_card(gather(source_of(tmp_path, competitors=1)), {})
    assert "Its units do not compete. Its units have no labels" in card
    assert "## Layers" not in card
    assert "after `import rivalry`" not in card
    assert ModelCard(card).data.library_name == "timm"


def test_pictures_of_records_that_can_be_drawn_stand_in_the_card(contents: Contents, tmp_path: Path) -> None:
    drawn = draw_pictures(contents.drawn, tmp_path)
    assert drawn == {"neurons": "pictures/neurons.png"}
    with Image.open(tmp_path / drawn["neurons"]) as picture:
        assert min(picture.size) > 100
    assert "![neurons](pictures/neurons.png)" in model_card(contents, drawn)
