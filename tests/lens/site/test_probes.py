"""Pages of probes: charts by kind, curves over epochs, tables, and an analysis of the user's own."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from rivalry.lens.site import probes
from rivalry.lens.site.probes import found, known_probes
from rivalry.records import Record
from tests.lens.site.unit_runs import pages_of, site_of, write


def test_a_watermark_is_shown_with_its_intervals(tmp_path: Path) -> None:
    for epoch, lift in ((1, 0.25), (3, 0.5)):
        write(
            tmp_path, "mark", epoch, {"attack_success_lift": lift, "steady": 1.0},
            reliance={"metric": ["accuracy_clean", "attack_success"], "value": [0.875, lift], "low": [0.8, 0.1],
                      "high": [0.9, 0.6]},
            groups={"class": ["cat"], "marked": [True], "accuracy": [0.5], "pictures": [8]},
            layers={"layer": ["act1", "act2"], "carrying_units": [3, None], "attack_success": [0.5, 0.5],
                    "attack_success_silenced": [0.0, None], "accuracy_silenced": [0.125, None],
                    "decodability": [0.75, None], "decodability_floor": [0.625, None]},
        )  # fmt: skip
    pages = pages_of(probes, site_of(tmp_path))
    page = pages["probe/mark.html"]
    assert "87.5 %" in page
    assert "80 % to 90 %" in page
    assert "attack success lift" in page
    assert "act1: 3 units of it carry the mark" in page
    assert "12.5 %" in page, "what silencing them costs stands beside what it mends"
    assert "0.62 with random weights" in page
    assert "act2: " not in page, "no unit of it is known to carry the mark"
    assert "Over the epochs" in page
    assert ">steady</div>" not in page  # what never changes has no curve
    assert "data/probe/mark/epoch=0001.js" in pages
    assert "mark" in pages["probes/index.html"]


def test_an_analysis_of_ones_own_has_numbers_tables_and_pictures(tmp_path: Path) -> None:
    rows = pa.table({"word": ["<script>x</script>"] * 60, "number": list(range(60)), "raw": [b"abc"] * 60})
    for epoch in (1, 2):
        Record(
            "own", epoch, epoch, {"depth": epoch / 4, "same": 0.5 + epoch / 1e6, "broken": float("nan")},
            {"things": rows}, {"sketch": np.zeros((8, 12, 3), np.uint8)}, {"note": "<i>"},
        ).save(tmp_path / "records")  # fmt: skip
    site = site_of(tmp_path)
    pages = pages_of(probes, site)
    page = pages["probe/own.html"]
    assert "<script>x" not in page
    assert "&lt;script&gt;x" in page
    assert "&lt;i&gt;" in page
    assert "the first 50 of 60 rows" in page
    assert "3 bytes" in page
    assert "0.500" in page
    assert 'src="../media/probes/own/2-sketch.webp"' in page
    assert "media/probes/own/1-sketch.webp" in pages
    assert page.count('class="chartbox"') == 1, "what stays the same is no curve"
    assert 'class="marked"' not in page, "the last epoch is where curves end"
    assert "marked" in str(pages["data/probe/own/epoch=0001.js"])
    assert known_probes(site) == ["own"]
    assert [(entry.title, entry.note) for entry in found(site)] == [("own", "an analysis of your own")]


def test_bases_and_registers_are_drawn_by_layer(tmp_path: Path) -> None:
    write(tmp_path, "basis", 1, bases={
        "layer": ["a"] * 2, "basis": ["natural", "pca"], "policy": ["beyond"] * 2, "s1": [2.5, 1.25], "s2": [1.0, 0.5],
        "s1_shuffled": [0.5, 0.25],
    })  # fmt: skip
    write(tmp_path, "registers", 1, layers={
        "layer": ["blocks.0", "blocks.1"], "outlier_fraction": [0.0, 0.1], "max_to_median": [2.0, 7.5],
    }, positions={"layer": ["blocks.0"], "row": [0], "column": [0]})  # fmt: skip
    pages = pages_of(probes, site_of(tmp_path))
    assert "principal components" in pages["probe/basis.html"]
    assert "0.5 with labels dealt anew" in pages["probe/basis.html"]
    assert "0 blocks.0, 1 blocks.1" in pages["probe/registers.html"]
    assert "7.5" in pages["probe/registers.html"]


def test_a_record_that_cannot_be_drawn_keeps_its_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(record: Record) -> None:
        raise TypeError(f"no width in {record.name}")

    monkeypatch.setattr("rivalry.lens.pictures.picture_of", refuse)
    write(tmp_path, "own", 1, {"depth": 0.5}, things={"number": [1]})
    page = pages_of(probes, site_of(tmp_path))["probe/own.html"]
    assert "The record at a glance could not be drawn: TypeError: no width in own" in page
    assert "0.500" in page


def test_columns_of_other_types_break_nothing(tmp_path: Path) -> None:
    write(tmp_path, "clusters", 1, scores={"method": [1, 2], "miou": ["a", "b"]}, maps={"x": [1]},
          depths={"depth": [1], "layer": [None]})  # fmt: skip
    write(tmp_path, "streams", 1, epochs={"epoch": [1], "distinct_concepts": [2]},
          streams={"epoch": ["one"], "concept": ["sky"], "units": [None]})  # fmt: skip
    pages = pages_of(probes, site_of(tmp_path))
    assert {"probe/clusters.html", "probe/streams.html", "probes/index.html"} <= pages.keys()
