"""Search: small chunks by the first two letters, and never all units of one label."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from rivalry.lens.site import search, working
from rivalry.lens.site.building import open_site
from rivalry.lens.site.search import Entry
from rivalry.lens.site.section import Job, Site
from tests.lens.site.small_runs import write_neurons

JOB = Job("search", (), "", "", "")


def chunk(files: dict[str, str], address: str) -> list[object]:
    """What a chunk calls its function with."""
    return json.loads("[" + files[address].split("(", 1)[1].removesuffix(");\n") + "]")


@pytest.fixture
def site(tmp_path: Path) -> Site:
    write_neurons(tmp_path, 1)
    return open_site(tmp_path, None)


@pytest.fixture
def holding(monkeypatch: pytest.MonkeyPatch) -> list[Entry]:
    """What the sections find."""
    entries: list[Entry] = []
    layers = SimpleNamespace(found=lambda site: [], known_layers=lambda site: {"layer4": 3, "<b>": 1})
    others = SimpleNamespace(found=lambda site: entries)
    nothing = SimpleNamespace(found=lambda site: ())
    sections = {"layers": layers, "concepts": others}
    monkeypatch.setattr(working, "section", lambda name: sections.get(name, nothing))
    return entries


def test_entries_lie_under_each_of_their_words(site: Site, holding: list[Entry]) -> None:
    holding.append(Entry("traffic light", "concept", "3 units", "concept/x.html", 3))
    files = dict(search.make(site, JOB))
    row = ["traffic light", "concept", "3 units", "concept/x.html", 3]
    assert chunk(files, "data/search/tr.js") == ["tr", [row]]
    assert chunk(files, "data/search/li.js") == ["li", [row]]
    assert chunk(files, "data/search/index.js")[0]["keys"] == ["li", "tr"]


def test_the_index_knows_layers_and_where_they_lie(site: Site, holding: list[Entry]) -> None:
    told = chunk(dict(search.make(site, JOB)), "data/search/index.js")[0]
    assert told["layers"][0] == ["layer4", "layer4", 3]
    assert told["layers"][1][0] == "<b>"
    assert told["layers"][1][1] != "<b>"


def test_of_many_units_of_one_label_the_heaviest_are_found(site: Site, holding: list[Entry]) -> None:
    holding += [Entry("car", "unit", f"layer4 {unit}", f"unit/{unit}.html", unit % 100) for unit in range(1000)]
    rows = chunk(dict(search.make(site, JOB)), "data/search/ca.js")[1]
    assert len(rows) == search.UNITS
    assert [row[4] for row in rows] == sorted((row[4] for row in rows), reverse=True)
    assert min(row[4] for row in rows) == 95


@pytest.mark.parametrize("title", ["", "…", "日本 car", "É", "<script>alert(1)</script>", "a" * 500, "../x", "con"])
def test_hostile_titles_lie_in_plain_files(site: Site, holding: list[Entry], title: str) -> None:
    holding.append(Entry(title, "class", "", "class/x.html"))
    files = dict(search.make(site, JOB))
    for address, content in files.items():
        assert address.isascii()
        assert set(address) <= set("abcdefghijklmnopqrstuvwxyz0123456789/.-")
        assert "<" not in content
    assert all(len(row[0]) <= 121 for address in files if "index" not in address for row in chunk(files, address)[1])


def test_accents_and_case_do_not_count(site: Site, holding: list[Entry]) -> None:
    holding.append(Entry("ÉCLAIR", "concept", "", "x.html"))
    assert "data/search/ec.js" in dict(search.make(site, JOB))


def test_a_section_that_fails_leaves_the_others_to_be_found(
    site: Site, holding: list[Entry], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    holding.append(Entry("car", "concept", "", "x.html"))
    known = working.section

    def found(site: Site) -> Iterator[Entry]:
        yield Entry("boat", "class", "", "y.html")
        raise KeyError("class")

    broken = SimpleNamespace(found=found)
    sections = {"search": search, "classes": broken}
    monkeypatch.setattr(working, "section", lambda name: sections.get(name) or known(name))
    outcome = working.run_job(site, JOB, tmp_path / "out")
    assert outcome.problem is not None
    assert "not all can be searched" in outcome.problem.what
    assert {"data/search/ca.js", "data/search/bo.js", "data/search/index.js"} <= set(outcome.files)
