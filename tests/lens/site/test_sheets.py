"""From what a page shows to files: the last epoch whole, the others as chunks, all of it escaped."""

import json
import re

import pytest

from rivalry.lens.site.sheets import Column, Page, files_of, in_script, rows_address, rows_file

TOLD = {"run": "<b>run</b>", "beside": None, "problems": ()}
PAGE = Page("probe/x.html", "</title><script>alert(1)</script>", "problems.html", (("Probes", "probes/index.html"),))


def test_the_last_epoch_is_the_page_and_the_others_are_chunks() -> None:
    files = dict(files_of(PAGE, {1: {}, 3: {}, 5: {}}, TOLD))
    assert list(files) == ["data/probe/x/epoch=0001.js", "data/probe/x/epoch=0003.js", "probe/x.html"]
    assert 'data-epochs="1 3 5"' in files["probe/x.html"]
    assert 'id="epoch"' in files["probe/x.html"]


def test_one_epoch_has_no_slider() -> None:
    for shown in ({None: {}}, {4: {}}):
        assert 'id="epoch"' not in dict(files_of(PAGE, shown, TOLD))["probe/x.html"]


def test_a_page_with_a_history_has_a_slider_and_no_chunks() -> None:
    history = {3: {"label": "</script><b>"}, 12: {"label": "car"}}
    files = dict(files_of(PAGE, {None: {"history": history}}, TOLD))
    assert list(files) == ["probe/x.html"]
    inline = re.search(r'<script type="application/json" id="history">(.*?)</script>', files["probe/x.html"])
    assert json.loads(inline[1]) == {"3": {"label": "</script><b>"}, "12": {"label": "car"}}
    assert 'data-epochs="3 12"' in files["probe/x.html"]


def test_a_chunk_gives_the_body_and_nothing_ends_its_script() -> None:
    chunk = dict(files_of(PAGE, {1: {}, 2: {}}, TOLD))["data/probe/x/epoch=0001.js"]
    address, epoch, body = json.loads("[" + chunk.removeprefix("lens.receive(").removesuffix(");\n") + "]")
    assert (address, epoch) == ("probe/x.html", 1)
    assert "&lt;script&gt;alert(1)" in body
    assert "<html" not in body
    assert "<" not in chunk


def test_outside_words_are_escaped() -> None:
    page = dict(files_of(PAGE, {None: {}}, {**TOLD, "beside": '"><img>'}))["probe/x.html"]
    assert "<script>alert" not in page
    assert "<b>run" not in page
    assert "&lt;b&gt;run&lt;/b&gt;" in page


def test_the_policy_lets_nothing_from_outside_in() -> None:
    page = dict(files_of(PAGE, {None: {}}, TOLD))["probe/x.html"]
    assert 'http-equiv="Content-Security-Policy"' in page
    assert not re.search(r"""(src|href)=["']?(https?:)?//""", page)


def test_every_page_leads_to_the_others_from_where_it_lies() -> None:
    page = dict(files_of(PAGE, {None: {}}, {**TOLD, "beside": "twin"}))["probe/x.html"]
    for address in ("../index.html", "../layers/index.html", "../compare.html", "../problems.html"):
        assert f'href="{address}"' in page
    assert 'href="../probes/index.html" aria-current="true"' in page
    assert "compare.html" not in dict(files_of(PAGE, {None: {}}, TOLD))["probe/x.html"]


def test_rows_of_a_long_table_are_plain_values() -> None:
    columns = [Column("unit", "number", digits=0, href=2, head=True), Column("label"), Column("page", hidden=True)]
    rows = [[0, "</script>", "unit/a/0.html"], [float("nan"), None, None]]
    address, chunk = rows_file(rows_address("layers/a.html", 5), columns, rows)
    assert address == "data/layers/a/rows=0005.js"
    assert "</script>" not in chunk
    given = json.loads("[" + chunk.removeprefix("lens.rows(").removesuffix(");\n") + "]")
    assert given[0] == address
    assert given[1][0] == {"name": "unit", "type": "number", "digits": 0, "href": 2, "head": True}
    assert given[2] == [[0, "</script>", "unit/a/0.html"], [None, None, None]]


@pytest.mark.parametrize("value", ["<!--", "\u2028", "\u2029", "é", {"a": [1, None, True]}])
def test_values_come_through_a_script_as_they_were(value: object) -> None:
    assert json.loads(in_script(value)) == value
    assert not {"<", "\u2028", "\u2029"} & set(in_script(value))
