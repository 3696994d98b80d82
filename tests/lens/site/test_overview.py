"""The overview, and the sentences that say what probes found."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from rivalry.lens.site import overview
from rivalry.lens.site.building import open_site
from rivalry.lens.site.kinds import TELLING, Kind
from rivalry.lens.site.overview import answer, clearest_units
from rivalry.lens.site.shelf import Shelf, Volume
from rivalry.lens.site.verdicts import Verdict, verdicts
from rivalry.records import Record
from tests.lens.site.small_runs import WEBP, write_neurons, write_profiles, write_scalars

NAN = math.nan


def volume_of(
    run: Path, kind: Kind, scalars: dict[str, float], name: str | None = None, epoch: int = 1, **settings: Any
) -> Volume:
    """A record of a kind with empty tables."""
    tables = {table: pa.table({column: [] for column in columns}) for table, columns in TELLING[kind].items()}
    record = Record(name or kind, epoch, 0, scalars, tables, settings=settings)
    return Volume.open(record.save(run / "records"))


def said(run: Path, kind: Kind, scalars: dict[str, float], **settings: Any) -> list[tuple[str, str]]:
    volume = volume_of(run, kind, scalars, **settings)
    assert volume.kind == kind
    return [(one.tone, one.text) for one in verdicts(volume, Shelf.open(run))]


@pytest.mark.parametrize(
    ("kind", "scalars", "told"),
    [
        ("registers", {"layers_with_outliers": 0.0},
         [("good", "No register outliers: in no layer do patches serve as registers")]),
        ("registers", {"layers_with_outliers": 1.0, "outlier_fraction": 0.031},
         [("bad", "Patches serve as registers in 1 layer: 3.1 % of the patches where they are most")]),
        ("neurons", {"confirmed": 0.78, "confirmed_floor": 0.1, "units": 40.0, "dead_units": 2.0},
         [("good", "Labels of units: 78 % confirmed by masks, 10 % if they were shuffled"),
          ("bad", "2 units of 40 never win")]),
        ("neurons", {"confirmed": 0.1, "confirmed_floor": 0.1, "dead_units": 0.0},
         [("bad", "Labels of units: 10 % confirmed by masks, 10 % if they were shuffled")]),
        ("activity", {"active_fraction": 0.25, "dead_units": 0.0},
         [("plain", "25.0 % of the units are active at a place"),
          ("good", "No dead units: every unit wins somewhere")]),
        ("clusters", {"miou": 0.4, "miou_slic": 0.3, "miou_random": 0.2},
         [("good", "Clusters meet the masks with a mean IoU of 0.40 (superpixels 0.30, an untrained network 0.20)")]),
        ("clusters", {"miou": 0.25, "miou_slic": 0.3},
         [("bad", "Clusters meet the masks no better than superpixels, with a mean IoU of 0.25 (superpixels 0.30)")]),
        ("detectors", {"detectors": 68.0, "unique_detectors": 1.0, "units": 288.0},
         [("plain", "68 of 288 units detect a concept by IoU, of 1 concept")]),
        ("basis", {"s1_unsupervised": 28.0, "s1_natural": 20.0, "s1_random": 19.0},
         [("good", "The basis found without labels is more interpretable than the units: S¹ 28.0 against 20.0, 19.0 of "
           "a random basis")]),
        ("prototypes", {"layers_above_plain": 0.25},
         [("bad", "Prototypes take more natural paths than plain feature visualisation in 25 % of the layers")]),
        ("emergence", {"distinct_concepts": 66.0, "new_concepts": 66.0, "lost_concepts": 0.0, "labels_unchanged": NAN},
         [("plain", "Units bear 66 names")]),
        ("emergence", {"distinct_concepts": 66.0, "new_concepts": 4.0, "lost_concepts": 2.0, "labels_unchanged": 0.81},
         [("plain", "Units bear 66 names, 4 new and 2 lost since the record before; 81 % of the labels stayed")]),
        ("concepts", {"unexplained": 0.123, "strategies": 2.4},
         [("plain", "Concepts add up to 87.7 % of the classes' logits"),
          ("plain", "A class is recognised by 2.4 strategies on average")]),
    ],
)  # fmt: skip
def test_what_a_probe_found(tmp_path: Path, kind: Kind, scalars: dict[str, float], told: list[tuple[str, str]]) -> None:
    assert said(tmp_path, kind, scalars) == told


def test_a_mark_is_leant_on_where_more_follow_it_than_a_null_mark(tmp_path: Path) -> None:
    lift = {"attack_success_lift": 0.41, "attack_success_lift_null": 0.02}
    assert said(tmp_path, "watermark", {**lift, "attack_success_excess_low": 0.3}, target="boat") == [
        ("bad", "Class boat leans on the mark: attack success +41 points (null mark +2)")
    ]
    less = {"attack_success_lift": 0.084, "attack_success_lift_null": 0.108, "attack_success_excess_low": -0.04}
    assert said(tmp_path, "watermark", less, target="boat") == [
        ("good", "Class boat does not lean on the mark more than on a null mark: attack success +8 points "
         "(null mark +11)")
    ]  # fmt: skip
    assert said(tmp_path, "watermark", {"carrying_units": 1.0}, target=3) == [("plain", "1 unit carries the mark")]
    ((_, told),) = said(tmp_path, "watermark", {**lift, "carrying_units": 12.0}, target="boat")
    assert told.endswith("+41 points (null mark +2); 12 units carry it")


@pytest.mark.parametrize("kind", TELLING)
@pytest.mark.parametrize("value", [None, NAN])
def test_a_probe_that_found_no_numbers_says_nothing(tmp_path: Path, kind: Kind, value: float | None) -> None:
    names = ("confirmed", "active_fraction", "layers_with_outliers", "miou", "detectors", "s1_unsupervised",
             "dead_units", "unexplained", "layers_above_plain", "distinct_concepts", "attack_success_lift",
             "units")  # fmt: skip
    assert said(tmp_path, kind, {} if value is None else dict.fromkeys(names, value)) == []


def test_dead_units_are_told_of_once(tmp_path: Path) -> None:
    neurons = volume_of(tmp_path, "neurons", {"dead_units": 2.0})
    assert [one.text for one in verdicts(neurons, Shelf.open(tmp_path))] == ["2 units never win"]
    activity = volume_of(tmp_path, "activity", {"dead_units": 2.0})
    shelf = Shelf.open(tmp_path)
    assert [one.text for volume in (neurons, activity) for one in verdicts(volume, shelf)] == ["2 units never win"]


def test_a_long_name_is_cut_in_a_sentence(tmp_path: Path) -> None:
    ((_, text),) = said(tmp_path, "watermark", {"attack_success_lift": 0.4}, target="a" * 300)
    assert len(text) < 160


def test_of_several_of_a_kind_each_says_its_name(tmp_path: Path) -> None:
    volume_of(tmp_path, "registers", {"layers_with_outliers": 0.0}, name="early")
    late = volume_of(tmp_path, "registers", {"layers_with_outliers": 0.0}, name="late")
    (told,) = verdicts(late, Shelf.open(tmp_path))
    assert told == Verdict(
        "good", "late: no register outliers: in no layer do patches serve as registers", "probe/late.html"
    )
    (own,) = verdicts(late, Shelf.open(tmp_path), named=False)
    assert own.text == "No register outliers: in no layer do patches serve as registers"


def test_the_answer_is_of_the_epoch_that_is_asked_for(tmp_path: Path) -> None:
    write_neurons(tmp_path, 1, distinct_concepts=2.0)
    write_neurons(tmp_path, 3, distinct_concepts=4.0)
    (tmp_path / "metrics.csv").write_text("epoch,val/top1\n1,0.5\n3,0.75\n")
    shelf = Shelf.open(tmp_path)
    named = "3 of 3 units that were looked at are named with {} concepts."
    assert answer(shelf, 1) == f"At epoch 1 it classifies 50.0 % rightly, and {named.format(2)}"
    assert answer(shelf, 3) == f"At epoch 3 it classifies 75.0 % rightly, and {named.format(4)}"


def test_where_nothing_is_known_it_says_so(tmp_path: Path) -> None:
    write_scalars(tmp_path, 2, "mine", {"x": NAN})
    assert answer(Shelf.open(tmp_path), 2).startswith("At epoch 2 there is nothing yet")


def test_the_clearest_units_are_one_a_label_with_their_pictures(tmp_path: Path) -> None:
    write_neurons(tmp_path, 1, labels=("car", "car", None, "boat"))
    write_profiles(tmp_path, 1, {7: WEBP, 8: WEBP, 9: b"no picture"})
    units = clearest_units(Shelf.open(tmp_path), None)
    assert [(one.label, one.unit) for one in units] == [("car", 0), ("boat", 3)]
    assert [Path(file).name for file in units[0].pictures] == ["7.webp", "8.webp"]
    assert units[1].pictures == []


def test_the_page_tells_of_every_epoch_and_of_problems(tmp_path: Path) -> None:
    write_neurons(tmp_path, 1, labels=("<script>alert(1)</script>",), confirmed=0.5, confirmed_floor=0.1)
    write_neurons(tmp_path, 3, confirmed=0.7, confirmed_floor=0.1)
    (write_neurons(tmp_path, 4) / "record.json").write_text("{")
    write_scalars(tmp_path, 3, "mine", {"x": 1.0})
    site = open_site(tmp_path, None)
    (job,) = overview.plan(site)
    files = {address: str(content) for address, content in overview.make(site, job)}
    page, earlier = files["index.html"], files["data/index/epoch=0001.js"]
    assert "70\u00a0% confirmed by masks" in page
    assert "50\\u00a0% confirmed by masks" in earlier
    assert "1 record could not be read" in page
    assert 'href="probe/mine.html"' in page
    assert "<script>alert" not in page + earlier


def test_a_run_beside_is_drawn_with_dashes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_neurons(tmp_path / name, 1, clarity=0.5)
    volume_of(tmp_path / "two", "registers", {"outlier_fraction": 0.5})
    (tmp_path / "two" / "metrics.csv").write_text("epoch,val/top1\n1,0.5\n")
    site = open_site(tmp_path / "one", tmp_path / "two")
    page = str(dict(overview.make(site, overview.plan(site)[0]))["index.html"])
    assert 'class="key beside hue-1">two' in page
    assert 'href="compare.html"' in page
    assert "Layers</b>1 layer, " in page
    assert page.count('class="chartbox"') == 1, "only what the run has itself is drawn"


def test_numbers_alone_are_a_page_too(tmp_path: Path) -> None:
    write_scalars(tmp_path, 1, "mine", {})
    site = open_site(tmp_path, None)
    page = str(dict(overview.make(site, overview.plan(site)[0]))["index.html"])
    assert "No numbers over epochs" in page
