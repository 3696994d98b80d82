"""Pages of classes: concepts, strategies, units that speak for one, and what is missing in words."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from rivalry.lens.site import classes
from rivalry.lens.site.classes import found, known_classes
from rivalry.records import Record
from tests.lens.class_record import class_rows
from tests.lens.site.class_runs import indexed, write_concepts
from tests.lens.site.unit_runs import pages_of, picture, site_of, write, write_names, write_profile


def test_every_record_that_names_classes_gives_them_pages(tmp_path: Path) -> None:
    write_concepts(tmp_path, 3)
    write_profile(tmp_path, 3, classes=("cat", "dog"))
    write(
        tmp_path, "watermark", 3, reliance={"metric": ["a"], "value": [1.0], "low": [0.0], "high": [2.0]},
        groups={"class": ["cat", "fox"], "marked": [False, False], "accuracy": [0.5, 0.25], "pictures": [8, 4]},
    )  # fmt: skip
    site = site_of(tmp_path)
    assert known_classes(site) == ("tree", "cat", "fox")
    pages = pages_of(classes, site)
    assert {"class/tree.html", "class/cat.html", "class/fox.html", "classes/index.html"} <= pages.keys()
    assert "25 % of its 4 pictures are told rightly" in pages["class/fox.html"]
    assert [entry.title for entry in found(site)] == ["tree", "cat", "fox"]


def test_the_page_says_by_what_it_is_the_class(tmp_path: Path) -> None:
    write_concepts(tmp_path, 3)
    page = pages_of(classes, site_of(tmp_path))["class/tree.html"]
    assert "44 pictures were taken for it, by 2 strategies; 75 % of them are of the class." in page
    assert "50 % of the logit is concept 0 · thing0." in page
    assert "All concepts together are 65 % of it." in page
    assert "50.0 %" in page
    assert "−10.0 %" in page  # a share may be negative
    assert page.count('class="one') == 44
    assert page.count('<img src="../media/crops/') == 30
    assert "add rivalry.prototypes.Prototypes" in page
    assert "add rivalry.dissection.UnitProfiles" in page
    assert "is like" in page
    assert '<a href="class/' not in page  # "car" has no page: no link


def test_every_picture_that_a_page_shows_is_there(tmp_path: Path) -> None:
    write_concepts(tmp_path, 3)
    pages = pages_of(classes, site_of(tmp_path))
    page = pages["class/tree.html"]
    wanted = {part.split('"')[0] for part in page.split('src="../')[1:] if part.startswith("media/")}
    wanted |= {part.split('"')[0] for part in page.split('data-hover="../')[1:]}
    assert len(wanted) == 74  # 44 pictures and 30 crops
    assert wanted <= pages.keys()


def test_crops_whose_numbers_are_words_lead_nowhere(tmp_path: Path) -> None:
    record = indexed(class_rows("tree"))
    crops = record.tables["crops"]
    words = pa.array(["../../../../../../out"] * len(crops))
    record.tables["crops"] = crops.set_column(crops.column_names.index("concept"), "concept", words)
    Record("concepts", 3, 60, {"unexplained": 0.35}, record.tables).save(tmp_path / "run" / "records")
    pages = pages_of(classes, site_of(tmp_path / "run"))
    assert not [address for address in pages if ".." in address]
    assert "../../../.." not in pages["class/tree.html"]


def test_an_earlier_epoch_is_a_chunk_with_fewer_crops(tmp_path: Path) -> None:
    write_concepts(tmp_path, 1)
    write_concepts(tmp_path, 3)
    pages = pages_of(classes, site_of(tmp_path))
    body = json.loads(pages["data/class/tree/epoch=0001.js"].removeprefix('lens.receive("class/tree.html",1,')[:-3])
    assert body.count('<img src="../media/crops/') == 9
    assert body.count('src="../media/crops/concepts/1/') == 9
    assert sum(address.startswith("media/crops/concepts/1/") for address in pages) == 9
    assert sum(address.startswith("media/crops/concepts/3/") for address in pages) == 30
    assert sum(address.startswith("media/classes/") for address in pages) == 88  # no data set is named: not shared


def test_units_speak_for_a_class_and_against_it(tmp_path: Path) -> None:
    write_names(tmp_path, 3, ["a", "b", "paw", "tail"])
    write_profile(tmp_path, 3, classes=("cat", "cat"))
    page = pages_of(classes, site_of(tmp_path))["class/cat.html"]
    assert "Units that raise it most, by what they add to its logit on average" in page
    assert "Units that lower it most, by what they add to its logit on average" in page
    assert page.count('href="../unit/act2/0.html"') == 2
    assert "tail" in page
    assert ">−1<" in page


def test_directions_of_a_layer_are_no_units_of_it(tmp_path: Path) -> None:
    folder = write_profile(tmp_path, 3, classes=("cat", "cat"))
    table = pq.read_table(folder / "units.parquet")
    both = table.set_column(0, "layer", pa.array(["act2", "act2@basis"]))
    pq.write_table(both, folder / "units.parquet")
    page = pages_of(classes, site_of(tmp_path))["class/cat.html"]
    assert 'href="../unit/act2/0.html"' in page
    assert "@basis" not in page


def test_a_prototype_stands_beside_natural_pictures(tmp_path: Path) -> None:
    write(
        tmp_path, "prototypes", 3,
        prototypes={"target": ["class:cat"] * 2, "class": ["cat"] * 2, "kind": ["class"] * 2, "copy": [0, 0],
                    "method": ["fourier", "prototype"], "value": [9.0, 3.5], "picture": [picture()] * 2},
        examples={"target": ["class:cat"], "kind": ["top"], "rank": [0], "index": [4], "value": [2.5],
                  "picture": [picture()]},
        naturalness={"target": ["class:cat"] * 2, "method": ["prototype"] * 2, "copy": [0, 0], "layer": ["a", "b"],
                     "depth": [0, 1], "normalised": [0.5, 0.75], "low": [0.4, 0.6], "high": [0.6, 0.9]},
    )  # fmt: skip
    pages = pages_of(classes, site_of(tmp_path))
    page = pages["class/cat.html"]
    assert page.index("logit 3.5") < page.index("logit 9.0")  # ours first
    assert "logit 2.5" in page
    assert "How natural the path" in page
    assert sum(address.startswith("media/classes/prototypes-3/cat/") for address in pages) == 3


def test_hostile_and_broken_records_leave_pages(tmp_path: Path) -> None:
    hostile = "<script>alert(1)</script>"
    write(
        tmp_path, "concepts", 3,
        classes={"layer": ["a", "a", None], "class": [hostile, " ", "x"], "unexplained": [float("nan"), 0.1, 0.2],
                 "reason": ["no <b>picture</b>", None, None]},
        concepts={"layer": ["a", "a"], "class": [" ", " "], "concept": [0, None], "importance": ["many", "few"]},
        pictures={"layer": ["a"], "class": [" "], "index": [1], "x": [float("inf")]},
    )  # fmt: skip
    site = site_of(tmp_path)
    pages = pages_of(classes, site)
    every = "".join(page for address, page in pages.items() if address.endswith(".html"))
    assert "<script>alert" not in every
    assert "<b>picture" not in every
    assert "&lt;script&gt;alert(1)" in pages["classes/index.html"]
    assert "(no name)" in pages["classes/index.html"]


def test_many_classes_are_a_chunk(tmp_path: Path) -> None:
    names = [f"class {number}" for number in range(230)]
    write(tmp_path, "concepts", 3, classes={"layer": ["a"] * 230, "class": names, "unexplained": [0.1] * 230},
          concepts={"layer": ["a"], "class": ["class 0"], "concept": [0], "importance": [1.0]})  # fmt: skip
    pages = pages_of(classes, site_of(tmp_path))
    assert pages["data/classes/index/rows=0003.js"].count("class 2") > 30
    assert 'data-count="230"' in pages["classes/index.html"]
    assert pages["classes/index.html"].count('<th scope="row">') == 200
    assert sum(address.startswith("class/") for address in pages) == 230


def test_without_any_class_the_list_says_what_would_give_some(tmp_path: Path) -> None:
    Record("own", 1, 1, {}, {"rows": pa.table({"number": [1]})}).save(tmp_path / "records")
    assert "ConceptExtraction" in pages_of(classes, site_of(tmp_path))["classes/index.html"]
