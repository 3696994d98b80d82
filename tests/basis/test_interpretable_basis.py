"""The analysis as a whole: what it finds, what it offers, what it leaves behind, and what it refuses."""

from __future__ import annotations

import copy
import math
from pathlib import Path
from typing import Any

import pytest
import timm
import torch
from torch import nn
from torch.utils.data import DataLoader

from rivalry.basis import InterpretableBasis, NetworkDissection
from rivalry.basis.rotation import Recipe
from rivalry.recording import Activity, sweep
from rivalry.records import Record
from tests.basis.mixtures import TONES, Fields, Mixing, fields_loader
from tests.recording.tiny import hooks_of

BASES = ["natural", "pca", "random", "unsupervised", "supervised"]
QUICK = Recipe(epochs=5)


def found(
    network: nn.Module | None = None,
    loader: DataLoader[Any] | None = None,
    previous: Record | None = None,
    **options: Any,
) -> Record:
    analysis = InterpretableBasis(options.pop("layers", {"mix": 1}), **{"recipe": QUICK} | options)
    earlier = {} if previous is None else {"basis": previous}
    (record,) = sweep(network or Mixing(), loader or fields_loader(), [analysis], previous=earlier, progress=False)
    return record


def rows_of(record: Record, policy: str | None = "beyond") -> dict[str, dict[str, Any]]:
    return {row["basis"]: row for row in record.tables["bases"].to_pylist() if row["policy"] == policy}


@pytest.fixture(scope="module")
def planted() -> Record:
    return found(recipe=Recipe(), categories=["colour"])


def test_tones_that_units_mix_are_found_without_labels(planted: Record) -> None:
    rows = rows_of(planted)
    assert list(rows) == BASES
    for score in ("s1_per_direction", "s2", "mean_best_auroc"):
        others = [rows[name][score] for name in ("natural", "pca", "random")]
        assert rows["unsupervised"][score] > max(others)
    assert rows["unsupervised"]["s1"] > rows["unsupervised"]["s1_shuffled"]
    for name, row in rows_of(planted, "chosen").items():  # each tone covers about an eighth of the pixels
        beyond = (row["s1"] - row["directions"] / TONES) / (1 - 1 / TONES)
        assert rows[name]["s1"] == pytest.approx(beyond, abs=0.4)
    assert rows["supervised"]["directions"] == TONES
    assert rows["supervised"]["s1"] == rows["supervised"]["s2"] > rows["unsupervised"]["s2"]  # one direction a concept
    assert planted.scalars["s1_unsupervised"] == rows["unsupervised"]["s1"]
    labels = planted.tables["units"]["label"].to_pylist()
    assert sorted(labels) == [f"tone {tone}" for tone in range(TONES)]
    assert planted.tables["units"]["layer"].to_pylist() == ["mix@basis"] * TONES


def test_policies_are_those_that_a_basis_has(planted: Record) -> None:
    policies: dict[str, list[str]] = {}
    for row in planted.tables["bases"].to_pylist():
        policies.setdefault(row["basis"], []).append(row["policy"])
    common = ["quantile", "quantile_2020", "chosen"]
    learned = {name: ["bias"] if name in ("unsupervised", "supervised") else [] for name in BASES}
    assert policies == {name: [*common, *own, "beyond"] for name, own in learned.items()}
    competing = found(Mixing(compete=True), layers=["act"])
    assert [row["policy"] for row in competing.tables["bases"].to_pylist() if row["basis"] == "natural"] == [
        *common, "wins", "beyond",
    ]  # fmt: skip


def test_concepts_tell_which_basis_finds_them(planted: Record) -> None:
    rows = {row["concept"]: row for row in planted.tables["concepts"].to_pylist()}
    s2 = {name: row["s2"] for name, row in rows_of(planted).items()}
    for name in BASES:
        assert sum(row[name] or 0 for row in rows.values()) == pytest.approx(s2[name])


def test_classes_are_decomposed_where_the_classifier_reads_the_mean_of_the_layer(planted: Record) -> None:
    rows = planted.tables["classes"].to_pylist()
    assert {row["class"] for row in rows} <= {"one", "other"}
    assert all(0 < row["explained"] <= 1 for row in rows)
    assert "classes" not in found(layers={"act": 1}).tables


def test_the_rotation_is_orthonormal_and_what_was_offered(planted: Record) -> None:
    (row,) = planted.tables["rotations"].to_pylist()
    assert row["orthogonality_error"] <= 1e-5
    assert (row["channels"], row["directions"], row["warm"]) == (TONES, TONES, False)
    assert len(planted.tables["losses"]) == row["epochs"]
    assert row["loss_margin"] == pytest.approx(1 / row["margin"], rel=1e-4)
    assert len(planted.tables["directions"]) == TONES


def test_other_analyses_hear_the_directions_as_a_layer(tmp_path: Path) -> None:
    analyses = [
        NetworkDissection({"mix@basis": None}), Activity({"mix@basis": None}),
        InterpretableBasis({"mix": 1}, 3, recipe=QUICK),
    ]  # fmt: skip
    records = {record.name: record for record in sweep(Mixing(), fields_loader(), analyses, progress=False)}
    ours = records["basis"].tables["units"].to_pylist()
    theirs = records["detectors"].tables["units"].to_pylist()
    assert [row["layer"] for row in theirs] == ["mix@basis"] * 3
    assert [row["label_bias"] for row in ours] == [row["label_bias"] for row in theirs]
    assert [row["iou_bias"] for row in ours] == [row["iou_bias"] for row in theirs]
    assert len(records["activity"].tables["units"]) == 3
    folder = records["basis"].save(tmp_path)
    later = NetworkDissection({f"mix@{folder}": None})
    (again,) = sweep(Mixing(), fields_loader(), [later], progress=False)
    assert [row["iou_bias"] for row in again.tables["units"].to_pylist()] == [row["iou_bias"] for row in theirs]


def test_without_masks_there_is_a_basis_without_labels() -> None:
    record = found(loader=fields_loader(masks=False))
    assert list(rows_of(record, None)) == BASES[:4]
    assert record.tables.keys() == {"bases", "units", "directions", "rotations", "losses"}
    assert record.tables["units"]["label"].to_pylist() == [None] * TONES
    assert not any(name.startswith(("s1", "s2")) for name in record.scalars)
    masked = found()
    assert record.tables["directions"].equals(masked.tables["directions"])  # no label has touched it


def test_it_goes_on_from_the_epoch_before(tmp_path: Path) -> None:
    first = found()
    loaded = Record.load(first.save(tmp_path))
    second = found(previous=loaded)
    assert second.settings["warm"] == ["mix"]
    assert second.tables["rotations"]["warm"].to_pylist() == [True]
    assert second.scalars["stability"] > 0.9
    assert "stability" not in first.scalars
    assert None not in second.tables["units"]["stability"].to_pylist()
    assert found(previous=first).tables["directions"].equals(second.tables["directions"])
    for changed in ({"directions": 5}, {"layers": {"act": 1}}):
        assert found(previous=first, **changed).settings["warm"] == []


def test_batches_change_nothing() -> None:
    records = [found(loader=fields_loader(batch_size=size)) for size in (3, 40)]
    for name, table in records[0].tables.items():
        assert table.equals(records[1].tables[name]), name


def test_units_of_directions_are_scored_as_units_of_the_layer() -> None:
    record = found()
    (other,) = sweep(Mixing(), fields_loader(), [NetworkDissection({"mix": 1})], progress=False)
    natural = {row["policy"]: row for row in record.tables["bases"].to_pylist() if row["basis"] == "natural"}
    ious = [row["iou"] for row in other.tables["units"].to_pylist()]
    assert natural["quantile"]["s1"] == pytest.approx(sum(iou or 0 for iou in ious), abs=0.02)


@pytest.mark.parametrize("class_token", [True, False])
def test_tokens_have_a_basis_too(class_token: bool) -> None:
    network = timm.create_model(
        "vit_tiny_patch16_224", img_size=(32, 48), patch_size=8, depth=1, embed_dim=12, num_heads=1, num_classes=2,
        class_token=class_token, global_pool="token" if class_token else "avg",
    )  # fmt: skip
    record = found(network, layers=["blocks.0"])
    (row,) = record.tables["rotations"].to_pylist()
    assert (row["channels"], record.settings["places"]) == (12, {"blocks.0": 20 * 24})
    assert list(rows_of(record)) == BASES


def test_a_concept_that_one_half_lacks_is_not_known_and_counts_as_nothing() -> None:
    record = found(loader=DataLoader(Fields(40, rare=True), batch_size=16))
    lit = next(row for row in record.tables["concepts"].to_pylist() if row["concept"] == "lit")
    assert all(lit[name] is None for name in BASES)
    unscored = {name: row["unscored"] for name, row in rows_of(record).items()}
    assert max(unscored.values()) <= 1
    assert all(math.isfinite(row["s1"]) for row in rows_of(record).values())


def test_monosemanticity_is_told_where_a_clip_is_given() -> None:
    record = found(clip="local-dir:checkpoints/picturebook-clip")
    assert all(-1 <= row["monosemanticity"] <= 1 for row in rows_of(record).values())
    assert None not in record.tables["units"]["monosemanticity"].to_pylist()
    assert record.settings["clip_pictures"] == 20
    assert found().tables["units"]["monosemanticity"].to_pylist() == [None] * TONES


def test_the_network_stays_as_it_was() -> None:
    network = timm.create_model("test_resnet", num_classes=2).train()
    before, random = copy.deepcopy(network.state_dict()), torch.get_rng_state()
    found(network, layers=["layer4"], directions=16)
    assert hooks_of(network) == 0
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert network.training
    assert torch.equal(torch.get_rng_state(), random)


def test_hooks_are_gone_after_an_exception(monkeypatch: pytest.MonkeyPatch) -> None:
    import rivalry.basis.interpretable_basis as module

    network = Mixing()
    monkeypatch.setattr(module, "fit_rotation", lambda *_, **__: 1 / 0)
    with pytest.raises(RuntimeError, match="'basis' failed to start: division by zero"):
        found(network)
    assert hooks_of(network) == 0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"directions": 0}, "directions is 1 or more, got 0"),
        ({"pixels": 0}, "pixels is 1 or more, got 0"),
        ({"seed": -1}, "seed is 0 or more, got -1"),
        ({"directions": 9}, "'mix' has 8 units, and no more directions; asked for 9"),
        ({"layers": ["pool"], "loader": fields_loader(1)}, "two pictures, got 1"),
        ({"layers": {"head": None}}, "'head' does not lie on the pictures: .*tap a layer that still has places"),
        ({"layers": ["mixer"]}, "mix"),
        ({"layers": ["mix@basis"]}, "'basis' hears layers of the network, not directions of one: 'mix@basis'"),
        ({"categories": ["color"]}, "nearest: colour"),
        ({"categories": ["colour"], "loader": fields_loader(masks=False)}, "needs masks"),
        ({"clip": "no-such/clip"}, "is neither a folder nor"),
        (
            {"loader": DataLoader(Fields(6, mask_size=(32, 32)), batch_size=2)},
            "masks of 32 × 32 pixels do not lie on pictures of 32 × 48",
        ),
    ],
)
def test_what_cannot_be_is_refused_before_the_pass(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        found(**options)


def test_fewer_places_than_directions_are_refused_before_the_pass() -> None:
    network = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(3, 64, 1), nn.Flatten(), nn.Linear(64, 2))
    with pytest.raises(
        ValueError, match=r"keeps 20 places \(it has 1 × 1 a picture\), .* more pictures \(half of 40 now"
    ):
        found(network, layers={"1": 1}, directions=None)
    with pytest.raises(ValueError, match=r"fewer of them, or more pixels \(7 now\)"):
        found(network, layers={"1": 1}, directions=8, pixels=7)


def test_coarser_masks_of_the_same_shape_are_taken() -> None:
    record = found(loader=DataLoader(Fields(40, mask_size=(16, 24)), batch_size=16))
    assert record.scalars["s1_unsupervised"] > 0
