"""Pages of units: all that records say of one, worked by hand on runs of four units."""

import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rivalry.lens.site import layers, units
from rivalry.lens.site.unit_history import histories
from rivalry.lens.site.units.directions import parts_of
from rivalry.lens.site.units.gather import gather
from rivalry.lens.site.units.samples import samples_of, strongest_of
from rivalry.lens.site.units.story import story_of
from rivalry.lens.site.units.words import answer, effects_said
from tests.lens.site.unit_runs import pages_of, picture, site_of, write, write_names, write_profile


def test_a_unit_knows_its_name_rivals_neighbours_classes_and_pictures(tmp_path: Path) -> None:
    write_names(tmp_path, 1, ["sky", "sea", "wheel", "door"])
    write_profile(tmp_path, 1)
    unit = gather(site_of(tmp_path), "act2", [0])[0]
    assert unit.naming is not None
    assert (unit.naming["label"], unit.naming["runner_up"]) == ("wheel", "second")
    assert (unit.before, unit.after) == (None, 1)
    assert [(one.unit, one.label, one.value, one.own) for one in unit.rivals] == [
        (0, "wheel", 0.3, True), (1, "door", 0.3, False),
    ]  # fmt: skip
    assert [(one.unit, one.label, one.value, one.address) for one in unit.nearest] == [
        (1, "door", 0.9, "unit/act2/1.html")
    ]
    assert [(one.of_class.text, one.value) for one in (*unit.raised, *unit.lowered)] == [("cat", 2.0), ("dog", -1.0)]
    assert [(one.index, one.value, one.quantile) for one in unit.shots.tops] == [(5, 5.0, None), (3, 3.0, None)]
    assert [(one.index, one.quantile) for one in unit.shots.quantiles] == [(2, 0.75)]
    assert [one.size for one in unit.shots.tops] == [None, (8, 4)]
    assert unit.shots.tops[0].crop == "--w:200%;--l:-100%;--t:-100%"
    assert unit.shots.tops[0].picture is None  # the record holds pictures 2 and 3 alone
    assert unit.shots.tops[1].picture is not None


def test_a_page_shows_all_of_it(tmp_path: Path) -> None:
    write_names(tmp_path, 1, ["sky", "sea", "wheel", "door"])
    write_profile(tmp_path, 1)
    page = pages_of(units, site_of(tmp_path))["unit/act2/0.html"]
    for said in (
        "CLIP calls it “wheel”, ahead of “second” by 0.45; the masks agree.", "0.10 by chance", "30.0 %",
        "in 44.4 % of pictures", "runner-up second: 0.05",
        "Strongest pictures", "Picture 5 is not in the record.", "Its block: who wins",
        '<a href="1.html">1 door</a>',
        "Mean contribution to the logit", "Units that answer alike", "winners by: argmax", "CLIP: local-dir:small",
        'href="../../concept/wheel.html"', "data:image/png;base64,",
    ):  # fmt: skip
        assert said in page, said


@pytest.mark.parametrize(
    ("confirmed", "said"),
    [(True, "the masks agree."), (False, "the masks disagree: it goes with “truth” (r = 0.40)."), (None, "by 0.45.")],
)
def test_the_first_sentence_says_whether_the_label_is_true(tmp_path: Path, confirmed: bool | None, said: str) -> None:
    write_names(tmp_path, 1, ["sky", "sea", "wheel", "door"], confirmed=confirmed)
    unit = gather(site_of(tmp_path), "act2", [0])[0]
    assert said in answer(unit)
    assert answer(unit).endswith("It wins at 30.0 % of positions, in 4 pictures.")


def test_a_dead_unit_says_so_and_has_no_name(tmp_path: Path) -> None:
    write_names(tmp_path, 1, ["sky", "sea", "", "door"])
    site = site_of(tmp_path)
    assert answer(gather(site, "act2", [0])[0]) == "It won in no picture: it is dead."
    assert "<h1>dead<span" in pages_of(units, site)["unit/act2/0.html"]


def test_history_follows_labels_over_epochs_and_fills_in_who_else_counted_wins(tmp_path: Path) -> None:
    for epoch, label in ((1, "sea"), (3, "sky"), (5, "sky")):
        write_names(tmp_path, epoch, ["x", "y", label, "z"])
    write(tmp_path, "activity", 2, units={"layer": ["act2"], "unit": [0], "win_rate": [0.75], "dead": [False]},
          layers={"layer": ["act2"], "competitors": [2], "active_fraction": [0.5]})  # fmt: skip
    site = site_of(tmp_path)
    found = histories(site.shelf, "act2", [0])[0]
    assert [(one.epoch, one.label, one.win_rate) for one in found] == [
        (1, "sea", 0.3), (2, "", 0.75), (3, "sky", 0.3), (5, "sky", 0.3),
    ]  # fmt: skip
    page = pages_of(units, site)["unit/act2/0.html"]
    assert "Its label changed in 1 of 2 steps between epochs; it has been “sky” since epoch 3." in page
    assert 'data-epochs="1 2 3 5"' in page
    assert "Epoch 1: sea, 0.45 ahead, wins 30.0 %. All else on this page is of epoch 5." in page
    assert re.findall(r'<tr data-epoch="(\d)">', page) == ["5", "3", "2", "1"]


def test_of_the_same_epoch_the_record_made_afterwards_counts_in_history(tmp_path: Path) -> None:
    write_names(tmp_path, 1, ["x", "y", "first", "z"])
    write_names(tmp_path / "analyses", 1, ["x", "y", "second", "z"])
    assert [one.label for one in histories(site_of(tmp_path).shelf, "act2", [0])[0]] == ["second"]


def test_samples_of_scattered_units_are_read_from_any_group_of_rows(tmp_path: Path) -> None:
    folder = write_profile(tmp_path, 1, units=9)
    file = folder / "samples.parquet"
    table = pq.read_table(file)
    pq.write_table(table.take(pa.array(list(range(len(table)))[::-1])), file, row_group_size=4)
    volume = site_of(tmp_path).shelf.volumes[0]
    found = samples_of(volume, "act2", [7, 0, 100])
    assert {unit: sorted(row["index"] for row in rows) for unit, rows in found.items()} == {
        7: [2, 3, 5], 0: [2, 3, 5], 100: [],
    }  # fmt: skip
    for maps in (True, False):
        best = strongest_of(volume, "act2", [3, 8, 100], maps=maps)
        assert {unit: row["index"] for unit, row in best.items()} == {3: 5, 8: 5}
        assert ("map" in best[3]) is maps
    assert samples_of(volume, "no such layer", [0]) == {0: []}


def test_directions_are_taken_apart_into_units_and_units_find_their_directions(tmp_path: Path) -> None:
    write(
        tmp_path, "basis", 1,
        bases={"layer": ["act2"], "basis": ["natural"], "s1": [1.0], "s2": [1.0]},
        units={"layer": ["act2@basis"] * 2, "unit": [0, 1], "label": ["roof", "wall"]},
        directions={"layer": ["act2"] * 2, "unit": [0, 1], "weights": [[3.0, 4.0], [0.0, -2.0]]},
    )  # fmt: skip
    write_names(tmp_path, 1, ["sky", "sea", "wheel", "door"])
    site = site_of(tmp_path)
    unit = parts_of(site, story_of(site.shelf, "act2"), [1])[1]
    assert [(one.name.text, one.note and one.note.text, one.weight) for one in unit] == [
        ("basis 1", "wall", -1.0), ("basis 0", "roof", pytest.approx(0.8)),
    ]  # fmt: skip
    direction = parts_of(site, story_of(site.shelf, "act2@basis"), [0])[0]
    assert [(one.name.text, one.note and one.note.text, one.weight) for one in direction] == [
        ("unit 1", "door", pytest.approx(0.8)), ("unit 0", "wheel", pytest.approx(0.6)),
    ]  # fmt: skip
    assert direction[0].name.address == "unit/act2/1.html"


def test_a_prototype_stands_with_its_image_and_its_curve(tmp_path: Path) -> None:
    write_names(tmp_path, 1, ["sky", "sea", "wheel", "door"])
    write(
        tmp_path, "prototypes", 1,
        prototypes={
            "target": ["unit:act2:0"] * 2, "kind": ["unit"] * 2, "layer": ["act2"] * 2, "unit": [0, 0],
            "copy": [0, 0], "method": ["fourier", "prototype"], "value": [9.0, 4.0], "natural_top": [3.0, 3.0],
            "picture": [picture(), picture()], "alpha": [None, b"<svg onload=alert(1)>"],
        },
        naturalness={
            "target": ["unit:act2:0"] * 2, "method": ["prototype"] * 2, "copy": [0, 0], "layer": ["act1", "act2"],
            "depth": [0, 1], "normalised": [None, 0.5], "low": [None, 0.4], "high": [None, 0.6],
        },
    )  # fmt: skip
    files = pages_of(units, site_of(tmp_path))
    images = [address for address in files if address.startswith("media/units/act2/0-")]
    assert len(images) == 2
    assert "prototype, worth 4.00; the strongest picture 3.00" in files["unit/act2/0.html"]
    assert files["unit/act2/0.html"].index("worth 4.00") < files["unit/act2/0.html"].index("worth 9.00")
    assert "Naturalness of its path" in files["unit/act2/0.html"]
    assert "What was made for it" not in files["unit/act2/1.html"]


def test_names_from_outside_are_words_and_nothing_else(tmp_path: Path) -> None:
    evil = '"><script>alert(1)</script>{{ 7 * 7 }}'
    write_names(tmp_path, 1, ["sky", "sea", evil, evil])
    write_profile(tmp_path, 1, classes=(evil, f"{evil}2"))
    page = pages_of(units, site_of(tmp_path))["unit/act2/0.html"]
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "{{ 7 * 7 }}" in page


def test_a_name_that_turns_the_direction_of_writing_turns_no_sentence(tmp_path: Path) -> None:
    write_names(tmp_path, 1, ["sky", "sea", "gnp\u202eexe", "door"])
    page = pages_of(units, site_of(tmp_path))["unit/act2/0.html"]
    assert "\u202e" not in page
    assert "CLIP calls it “gnpexe”, ahead of" in page


def test_records_that_hold_little_still_make_pages_that_say_what_is_missing(tmp_path: Path) -> None:
    write(tmp_path, "activity", 1, units={"layer": ["act2"], "unit": [0], "win_rate": [float("nan")], "dead": [None]},
          layers={"layer": ["act2"], "competitors": [None], "active_fraction": [None]})  # fmt: skip
    page = pages_of(units, site_of(tmp_path))["unit/act2/0.html"]
    assert '<th scope="col">label' not in page, "nothing ever named it"
    assert "add rivalry.dissection.UnitProfiles" in page
    assert "add rivalry.dissection.NeuronDissection" in page
    assert "nan" not in page


def test_a_layer_that_an_analysis_left_out_is_to_be_named_in_it(tmp_path: Path) -> None:
    write_profile(tmp_path, 1)
    write_names(tmp_path, 1, ["sky", "sea"])
    site = site_of(tmp_path)
    pictures = (
        "No pictures, values or neighbours: name this layer among the `layers` of rivalry.dissection.UnitProfiles"
    )
    for page in (pages_of(units, site)["unit/act1/0.html"], pages_of(layers, site)["layers/act1.html"]):
        assert f"{pictures} in `analyses:`." in page
        assert "No labels" not in page


def test_where_nothing_competes_a_unit_is_above_zero_and_wins_nothing(tmp_path: Path) -> None:
    folder = write_profile(tmp_path, 1)
    table = pq.read_table(folder / "units.parquet")
    pq.write_table(table.set_column(table.column_names.index("mean"), "mean", pa.array([-2.0, 2.0])),
                   folder / "units.parquet")  # fmt: skip
    record = folder / "record.json"
    record.write_text(record.read_text().replace('"act2": 2', '"act2": 1'))
    first, second = gather(site_of(tmp_path), "act2", [0, 1])
    assert answer(first).endswith("It is above zero at 40.0 % of positions, in 4 of 9 pictures.")
    assert "speaks for the lower ones" in effects_said(first)
    assert effects_said(second) == "Mean contribution to the logit: activation × weight"
    pages = pages_of(units, site_of(tmp_path)) | pages_of(layers, site_of(tmp_path))
    assert "of the pictures in which it was above zero anywhere" in pages["unit/act2/0.html"]
    assert "2 units that do not compete" in pages["layers/act2.html"]


@pytest.mark.parametrize(("carries", "said"), [(True, "one of the units"), (False, "none of the units")])
def test_what_tells_the_mark_apart_need_not_carry_it(tmp_path: Path, carries: bool, said: str) -> None:
    write(
        tmp_path, "watermark", 1, reliance={"metric": ["a"], "value": [1.0], "low": [0.0], "high": [2.0]},
        groups={"class": ["cat"], "marked": [True], "accuracy": [0.5], "pictures": [8]},
        units={"layer": ["act2"], "unit": [0], "auroc": [0.58], "auroc_null": [0.66], "carries": [carries]},
    )  # fmt: skip
    page = pages_of(units, site_of(tmp_path))["unit/act2/0.html"]
    assert f"It is {said} that carry the mark" in page
    assert "with an AUROC of 0.58, and the null mark with 0.66" in page


def test_values_that_are_broken_break_no_page(tmp_path: Path) -> None:
    folder = write_profile(tmp_path, 1)
    table = pq.read_table(folder / "units.parquet")
    for name, column in {
        "edges": [[2.0, 1.0, 0.0], None], "counts": [[1], [float("inf")]], "raised_effects": [[None], []],
        "nearest_units": [[99, None], None], "win_rate": ["often", "never"],
    }.items():  # fmt: skip
        table = table.set_column(table.column_names.index(name), name, pa.array(column))
    pq.write_table(table, folder / "units.parquet")
    samples = pq.read_table(folder / "samples.parquet").drop_columns(["map", "left"])
    pq.write_table(samples, folder / "samples.parquet")
    pages = pages_of(units, site_of(tmp_path))
    assert {"unit/act2/0.html", "unit/act2/1.html"} <= pages.keys()
    assert "Strongest pictures" in pages["unit/act2/0.html"]


def test_a_layer_that_a_record_names_without_units_is_left_to_the_others(tmp_path: Path) -> None:
    write(tmp_path, "activity", 1, units={"layer": ["act2"], "unit": [0], "win_rate": [0.5], "dead": [False]},
          layers={"layer": ["act2"], "competitors": [2], "active_fraction": [0.5]})  # fmt: skip
    names = {"layer": ["act2", "act2"], "unit": [None, -1], "label": ["x", "y"], "runner_up": ["z"] * 2,
             "margin": [0.1] * 2}  # fmt: skip
    write(tmp_path, "neurons", 1, units=names)
    pages = pages_of(units, site_of(tmp_path)) | pages_of(layers, site_of(tmp_path))
    assert {"unit/act2/0.html", "layers/act2.html"} <= pages.keys()
    assert "It wins at 50.0 % of positions." in pages["unit/act2/0.html"]


def test_batches_hold_all_units_once_and_change_with_their_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(units, "BATCH", 2)
    write_profile(tmp_path, 1, units=5)
    before = list(units.plan(site_of(tmp_path)))
    assert [job.key for job in before] == [("act2", 0), ("act2", 2), ("act2", 4)]
    assert sorted(pages_of(units, site_of(tmp_path))) == [f"unit/act2/{unit}.html" for unit in range(5)]
    assert [job.inputs for job in units.plan(site_of(tmp_path))] == [job.inputs for job in before]
    write_names(tmp_path, 1, ["sky", "sea", "wheel"])
    assert not {job.inputs for job in before} & {job.inputs for job in units.plan(site_of(tmp_path))}
