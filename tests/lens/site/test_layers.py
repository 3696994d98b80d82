"""Pages of layers: a table and a grid of their units at every epoch, and one of all layers."""

import json
import re
from pathlib import Path

import pytest

from rivalry.lens.site import layers
from rivalry.lens.site.layers import epochs_of, found, known_layers
from rivalry.lens.site.layers.table import layer_table
from rivalry.lens.site.layers.view import summary
from rivalry.lens.site.units.story import story_at, story_of
from tests.lens.site.unit_runs import pages_of, site_of, write, write_names, write_profile


def test_layers_come_in_the_networks_order_with_what_is_heard_of_them_behind(tmp_path: Path) -> None:
    write(tmp_path, "activity", 1,
          units={"layer": ["stem", "act1", "act2"], "unit": [0, 0, 3], "win_rate": [0.5] * 3, "dead": [False] * 3},
          layers={"layer": ["stem"], "competitors": [2], "active_fraction": [0.5]})  # fmt: skip
    names = {"layer": ["act1", "act1@basis", "fc"], "unit": [5, 2, 0], "label": ["x"] * 3, "runner_up": ["y"] * 3,
             "margin": [0.1] * 3}  # fmt: skip
    write(tmp_path, "neurons", 1, units=names)
    assert list(known_layers(site_of(tmp_path)).items()) == [
        ("stem", 1), ("act1", 6), ("act1@basis", 3), ("fc", 1), ("act2", 4),
    ]  # fmt: skip


def test_a_table_takes_each_column_from_the_first_record_that_knows(tmp_path: Path) -> None:
    write_names(tmp_path, 1, ["sky", "sea", "wheel", ""], confirmed=None)
    write(tmp_path, "detectors", 1,
          units={"layer": ["act2", "act2"], "unit": [0, 1], "iou": [0.1, 0.2], "detector": [True, False],
                 "label": ["hub", "rim"]},
          categories={"layer": ["act2"], "policy": ["quantile"], "category": ["part"]})  # fmt: skip
    site = site_of(tmp_path)
    table = layer_table(story_of(site.shelf, "act2"))
    names = [column.name for column in table.columns]
    assert names[0] == "unit"
    assert names[-1] == "page"
    assert "masks" not in names  # nothing was judged
    rows = [dict(zip(names, row, strict=True)) for row in table.rows("act2")]
    assert [(row["unit"], row["label"], row["win rate"], row["by masks"], row["IoU"]) for row in rows] == [
        (0, "wheel", 0.3, "hub", 0.1), (1, None, 0.0, "rim", 0.2),
    ]  # fmt: skip
    assert rows[1]["page"] == "unit/act2/1.html"


def test_a_layer_in_numbers(tmp_path: Path) -> None:
    write_names(tmp_path, 1, ["sky", "sea", "wheel", "wheel", "door", ""])
    site = site_of(tmp_path)
    story = story_of(site.shelf, "act2")
    told = summary(site, story)
    assert (told.units, told.competitors, told.dead, told.labels) == (4, 2, 1, 2)
    assert [(label.text, number) for label, number in told.commonest] == [("wheel", 2), ("door", 1)]
    assert told.confirmed == 1.0
    assert told.win_rate == pytest.approx(0.3 * 3 / 4)


def test_every_epoch_has_its_own_body_by_the_records_until_then(tmp_path: Path) -> None:
    write_names(tmp_path, 1, ["sky", "sea", "early", "door"])
    write_names(tmp_path, 3, ["sky", "sea", "late", "door"])
    write_profile(tmp_path, 2)
    site = site_of(tmp_path)
    assert epochs_of(site.shelf) == [1, 2, 3]
    assert [str(story_at(site.shelf, "act2", epoch).labels[0]) for epoch in (1, 2, 3)] == ["early", "early", "late"]
    files = pages_of(layers, site)
    first, second = (files[f"data/layers/act2/epoch=000{epoch}.js"] for epoch in (1, 2))
    assert "early" in first
    assert "No pictures, values or neighbours yet: later epochs have them." in first
    assert "add rivalry.dissection.UnitProfiles" not in second
    page = files["layers/act2.html"]
    assert "late" in page
    assert "early" not in page
    assert 'data-epochs="1 2 3"' in page


def test_long_tables_have_their_rows_in_a_chunk(tmp_path: Path) -> None:
    write_names(tmp_path, 1, ["sky", "sea", *(f"label {unit}" for unit in range(250))])
    files = pages_of(layers, site_of(tmp_path))
    page, chunk = files["layers/act2.html"], files["data/layers/act2/rows=0001.js"]
    assert page.count('<th scope="row">') == layers.FIRST
    assert 'data-rows="data/layers/act2/rows=0001.js" data-count="250"' in page
    address, columns, rows = json.loads("[" + re.fullmatch(r"lens\.rows\((.*)\);\n", chunk)[1] + "]")
    assert address == "data/layers/act2/rows=0001.js"
    heads = re.findall(r'<th scope="col" data-type="\w+">(.*?)</th>', page)
    assert [column["name"] for column in columns if not column.get("hidden")] == [
        head.replace("&#39;", "'") for head in heads
    ]
    assert len(rows) == 250
    assert rows[249][columns[0]["href"]] == "unit/act2/249.html"
    assert "data/layers/act1/rows=0001.js" not in files


def test_the_grid_begins_with_the_clearest_label_and_leads_to_its_page(tmp_path: Path) -> None:
    write_names(tmp_path, 1, ["sky", "sea", "wheel", "door"])
    write_profile(tmp_path, 1)
    page = pages_of(layers, site_of(tmp_path))["layers/act2.html"]
    grid = page[page.index('id="grid"') : page.index('id="table"')]
    assert re.findall(r"<b>(.*?)</b>", grid) == ["door", "wheel"]  # margins of 0.55 and 0.45
    assert re.findall(r'href="([^"]*unit[^"]*)"', grid) == ["../unit/act2/1.html", "../unit/act2/0.html"]


def test_without_any_units_the_page_says_what_to_add(tmp_path: Path) -> None:
    write(tmp_path, "mine", 1, {"x": 1.0})
    files = pages_of(layers, site_of(tmp_path))
    assert list(files) == ["layers/index.html"]
    assert "add rivalry.recording.Activity" in files["layers/index.html"]


def test_what_can_be_found_are_layers_and_units_by_their_labels(tmp_path: Path) -> None:
    write_names(tmp_path, 1, ["sky", "", "wheel", "door"])
    entries = [(entry.title, entry.kind, entry.note, entry.address) for entry in found(site_of(tmp_path))]
    assert entries == [
        ("act1", "layer", "2 units", "layers/act1.html"), ("sky", "unit", "act1 0", "unit/act1/0.html"),
        ("act2", "layer", "2 units", "layers/act2.html"), ("wheel", "unit", "act2 0", "unit/act2/0.html"),
        ("door", "unit", "act2 1", "unit/act2/1.html"),
    ]  # fmt: skip


def test_names_from_outside_are_words_and_nothing_else(tmp_path: Path) -> None:
    evil = "</script><img src=x onerror=alert(1)>"
    names = {"layer": [evil, evil], "unit": [0, 1], "label": [evil, "{{ 7 * 7 }}"], "runner_up": [evil] * 2,
             "margin": [0.1] * 2}  # fmt: skip
    write(tmp_path, "neurons", 1, units=names)
    write(tmp_path, "neurons", 2, units=names)
    for content in pages_of(layers, site_of(tmp_path)).values():
        assert "<img src=x" not in content
