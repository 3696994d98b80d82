"""Pages of concepts: all that bears a name, since when, and who is best at it."""

import json
import re
from pathlib import Path

from rivalry.lens.site import concepts
from rivalry.lens.site.addresses import concept_address
from rivalry.lens.site.concepts import found, known_concepts
from rivalry.lens.site.concepts.gather import gather_concept
from rivalry.lens.site.concepts.list import list_of
from rivalry.lens.site.concepts.words import answer
from tests.lens.site.unit_runs import pages_of, picture, site_of, write, write_names, write_profile


def write_extraction(root: Path, epoch: int) -> None:
    write(
        root, "concepts", epoch,
        classes={"layer": ["act2"], "class": ["car"], "unexplained": [0.1]},
        concepts={
            "layer": ["act2"] * 2, "class": ["car"] * 2, "concept": [0, 1], "name": ["wheel", "window"],
            "importance": [2.0, 1.0], "share": [0.4, 0.2], "prevalence": [0.9, 0.1],
        },
        crops={"layer": ["act2"] * 6, "class": ["car"] * 6, "concept": [0] * 6, "rank": [5, 4, 3, 2, 1, 0],
               "picture": [picture()] * 6},
    )  # fmt: skip


def test_a_concept_is_all_that_bears_its_name(tmp_path: Path) -> None:
    write_names(tmp_path, 1, ["sky", "sea", "wheel", "wheel"])
    write_extraction(tmp_path, 1)
    write(
        tmp_path, "detectors", 1,
        units={"layer": ["act2"], "unit": [1], "iou": [0.2], "detector": [True], "label": ["hub"]},
        categories={"layer": ["act2"], "policy": ["quantile"], "category": ["part"]},
        concepts={"layer": ["act2"], "concept": ["wheel"], "unit": [1], "iou": [0.2], "auroc_unit": [77],
                  "auroc": [0.9], "detectable": [False]},
    )  # fmt: skip
    site = site_of(tmp_path)
    wheel = gather_concept(site, "wheel")
    assert [(unit.layer, unit.unit, unit.address) for unit in wheel.units] == [
        ("act2", 1, "unit/act2/1.html"), ("act2", 0, "unit/act2/0.html"),
    ]  # fmt: skip
    assert [(one.of_class.text, one.concept, one.share, len(one.crops)) for one in wheel.classes] == [
        ("car", 0, 0.4, 4)
    ]
    assert [place.rsplit("/", 1)[1] for place in wheel.classes[0].crops] == [f"0-{rank}.png" for rank in range(4)]
    assert [(one.unit, one.value, one.address) for one in wheel.best] == [
        (1, 0.2, "unit/act2/1.html"), (77, 0.9, None),
    ]  # fmt: skip
    assert "too small or too large" in wheel.best[0].note
    assert answer(wheel).startswith(
        "2 units of 1 layer and 1 concept of classes bear this name. The masks confirm 2 of 2 units."
    )
    assert known_concepts(site) == {"sky", "sea", "wheel", "window", "hub"}


def test_since_when_it_is_there_and_until_when_it_was(tmp_path: Path) -> None:
    for epoch, labels in ((1, ["a", "a", "b", "b"]), (3, ["a", "c", "b", "c"]), (5, ["a", "c", "c", "c"])):
        write_names(tmp_path, epoch, labels)
    site = site_of(tmp_path)
    assert gather_concept(site, "c").history == [(1, 0), (3, 2), (5, 3)]
    assert (gather_concept(site, "c").first, gather_concept(site, "c").gone) == (3, None)
    assert (gather_concept(site, "b").first, gather_concept(site, "b").gone) == (1, 3)
    page = pages_of(concepts, site)["concept/c.html"]
    assert "It first came in epoch 3." in page
    told = json.loads(re.findall(r'id="history">(.*?)</script>', page)[0])
    assert told == {
        "1": {"said": "Epoch 1: no unit is called so"}, "3": {"said": "Epoch 3: 2 units called so"},
        "5": {"said": ""},
    }  # fmt: skip


def test_a_concept_that_emerged_and_went_keeps_its_page(tmp_path: Path) -> None:
    write_names(tmp_path, 3, ["a", "c", "c", "c"])
    write(tmp_path, "emergence", 3, epochs={"epoch": [1, 3], "distinct_concepts": [2, 2]},
          streams={"epoch": [1, 1, 3, 3], "concept": ["a", "b", "a", "c"], "units": [1, 3, 1, 3]},
          concepts={"concept": ["a", "b", "c"]})  # fmt: skip
    site = site_of(tmp_path)
    files = pages_of(concepts, site)
    assert (
        "No living unit is called so now. It first came in epoch 1 and was last there in epoch 1."
        in (files["concept/b.html"])
    )
    assert [(row.name, row.units, row.first, list(row.past)) for row in list_of(site)] == [
        ("c", 3, 3, [0, 3]), ("a", 1, 1, [1, 1]), ("b", 0, 1, [3, 0]),
    ]  # fmt: skip


def test_the_list_counts_living_units_and_confirmed_ones(tmp_path: Path) -> None:
    write_names(tmp_path, 1, ["sky", "sky", "wheel", ""], confirmed=False)
    write_extraction(tmp_path, 1)
    site = site_of(tmp_path)
    assert [(row.name, row.units, row.confirmed, row.classes) for row in list_of(site)] == [
        ("sky", 2, 0, 0), ("wheel", 1, 0, 1), ("window", 0, None, 1),
    ]  # fmt: skip
    page = pages_of(concepts, site)["concepts/index.html"]
    assert "3 words for what units, directions and concepts of classes stand for; 2 of them are labels" in page
    assert [(entry.title, entry.note) for entry in found(site)] == [
        ("sky", "2 units"), ("wheel", "1 unit"), ("window", "0 units"),
    ]  # fmt: skip


def test_clearest_units_show_their_pictures_where_the_record_has_them(tmp_path: Path) -> None:
    write_names(tmp_path, 1, ["sky", "sea", "wheel", "wheel"])
    write_profile(tmp_path / "without", 1)
    write_names(tmp_path / "without", 1, ["sky", "sea", "wheel", "wheel"])
    assert gather_concept(site_of(tmp_path / "without"), "wheel").seen == []
    write_profile(tmp_path, 1, shown=(2, 3, 5))
    site = site_of(tmp_path)
    seen = gather_concept(site, "wheel").seen
    assert [(one.said, one.address, one.best.index) for one in seen] == [
        ("act2 1", "unit/act2/1.html", 5), ("act2 0", "unit/act2/0.html", 5),
    ]  # fmt: skip
    listed = pages_of(concepts, site)["concepts/index.html"]
    assert re.findall(r"<b>(.*?)</b></a> (\d+)", listed) == [("wheel", "2"), ("sea", "1"), ("sky", "1")]


def test_long_lists_have_their_rows_in_a_chunk(tmp_path: Path) -> None:
    write_names(tmp_path, 1, [f"word{unit:03}" for unit in range(260)])
    write_names(tmp_path, 3, ["many"] * 260)
    write_names(tmp_path, 5, [*(f"word{unit:03}" for unit in range(230)), *["many"] * 250])
    files = pages_of(concepts, site_of(tmp_path))
    assert 'data-rows="data/concepts/index/rows.js" data-count="231"' in files["concepts/index.html"]
    assert files["data/concepts/index/rows.js"].count("concept/") == 231
    assert 'data-count="250"' in files["concept/many.html"]
    assert files["data/concept/many/rows.js"].count("unit/act2/") == 250


def test_without_any_names_the_page_says_what_to_add(tmp_path: Path) -> None:
    write(tmp_path, "mine", 1, {"x": 1.0})
    files = pages_of(concepts, site_of(tmp_path))
    assert list(files) == ["concepts/index.html"]
    assert "add rivalry.dissection.NeuronDissection" in files["concepts/index.html"]


def test_names_from_outside_are_words_and_nothing_else(tmp_path: Path) -> None:
    evil = "<script>alert(1)</script>"
    write_names(tmp_path, 1, [evil, "../../../etc/passwd", "__proto__", " "])
    site = site_of(tmp_path)
    files = pages_of(concepts, site)
    assert concept_address(evil) in files
    assert all(".." not in address for address in files)
    for content in files.values():
        assert "<script>alert" not in content
    assert "<h1>(no name)</h1>" in files[concept_address(" ")]
