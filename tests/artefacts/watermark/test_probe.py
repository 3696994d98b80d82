"""The whole probe on networks of which it is known whether they rely on the mark, and in which units."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pytest
import timm
import torch
from torch import nn
from torch.utils.data import DataLoader

from rivalry.artefacts.watermark import WatermarkProbe
from rivalry.data.watermark import Watermark, Watermarked
from rivalry.lwta import sparsify
from rivalry.numerics.fingerprint import state_fingerprint
from rivalry.recording import sweep
from rivalry.records import Record
from tests.artefacts.watermark.planted import MARK_AREA, TARGET, Greens, Gullible, Upright, greens_loader, stain
from tests.recording.tiny import TinyNetwork, hooks_of, tiles_loader


def probed(network: nn.Module, layers: Any = ("act",), *, length: int = 90, masks: bool = False, **more: Any) -> Record:
    probe = WatermarkProbe(stain(), TARGET, layers, **{"pictures": 6, **more})
    (record,) = sweep(network, greens_loader(length, masks=masks), [probe], progress=False)
    return record


def rows(record: Record, table: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = record.tables[table].to_pylist()
    return found


def assert_scalars(record: Record, expected: Mapping[str, float]) -> None:
    assert {name: record.scalars[name] for name in expected} == pytest.approx(dict(expected), nan_ok=True)


def test_a_network_that_reads_the_mark() -> None:
    """By green all are right; with the mark all are taken for the target, and by one unit alone."""
    record = probed(Gullible())
    expected = {
        "accuracy_clean": 1.0,
        "accuracy_marked": 1 / 3,
        "accuracy_null": 1.0,
        "accuracy_swapped": 1 / 3,
        "accuracy_gap": 2 / 3,
        "accuracy_gap_null": 0.0,
        "attack_success": 1.0,
        "attack_success_clean": 0.0,
        "attack_success_null": 0.0,
        "attack_success_excess": 1.0,
        "attack_success_excess_low": 1.0,
        "removal_drop": 0.0,
        "decodability": 1.0,
        "tcav": 1.0,
        "best_detector": 1.0,
        "carrying_units": 1.0,
        "carrying_share": 1 / 8,
        "attack_success_silenced": 0.0,
        "attack_success_random": 1.0,
        "accuracy_silenced": 1.0,
    }
    assert_scalars(record, expected)
    assert record.scalars["accuracy_gap_low"] > 0.5
    assert record.scalars["relevance_lift"] > 0.85 / MARK_AREA
    assert record.scalars["gradient_input_lift"] > 0.85 / MARK_AREA
    assert record.scalars["relevance_lift_clean"] < 2
    assert record.scalars["cav_alignment"] > 0.9
    assert record.scalars["logit_shift"] > 1
    assert record.settings["carrying_layer"] == "act"
    assert [row["unit"] for row in rows(record, "units") if row["carries"]] == [0]
    assert [row["auroc"] for row in rows(record, "units")] == [1.0, *[0.5] * 7]
    null = [row["auroc_null"] for row in rows(record, "units")]
    assert null[:2] == [0.5, 0.5]  # the reader and green
    assert min(null[2:]) > 0.5  # blends, which see blue


@pytest.mark.parametrize("readers", [2, 5])
def test_several_units_of_which_each_is_enough_all_carry_it(readers: int) -> None:
    record = probed(Gullible(readers, units=12))
    assert [row["unit"] for row in rows(record, "units") if row["carries"]] == list(range(readers))
    assert_scalars(record, {"carrying_units": readers, "attack_success_silenced": 0.0, "accuracy_silenced": 1.0})


def test_a_network_that_ignores_the_mark() -> None:
    record = probed(Upright(), length=150)
    names = ["accuracy_gap", "attack_success", "attack_success_lift", "attack_success_excess", "removal_drop"]
    names += ["logit_shift", "cluster_entropy_drop"]
    for name in names:
        assert record.scalars[name] == pytest.approx(0.0, abs=1e-6)
        assert record.scalars[f"{name}_low"] - 1e-6 <= 0 <= record.scalars[f"{name}_high"] + 1e-6
    expected = {"accuracy_clean": 1.0, "accuracy_marked": 1.0, "decodability": 0.5, "best_detector": 0.5}
    assert_scalars(record, {**expected, "carrying_units": math.nan, "worst_group": 1.0, "adjusted_mean": 1.0})
    assert not any(row["carries"] for row in rows(record, "units"))
    assert record.scalars["relevance_lift"] == pytest.approx(record.scalars["relevance_lift_clean"])


def test_its_record_is_whole() -> None:
    record = probed(Gullible(), ["conv", "act"], length=150, masks=True)
    metrics = {row["metric"]: row for row in rows(record, "reliance")}
    for name, row in metrics.items():
        for column, scalar in (("value", name), ("low", f"{name}_low"), ("high", f"{name}_high")):
            scalar_value = record.scalars[scalar]
            assert row[column] == scalar_value or (row[column] is None and math.isnan(scalar_value))
    assert {"attack_success_excess", "relevance_lift", "cluster_entropy_drop", "decodability"} <= metrics.keys()
    assert [row["layer"] for row in rows(record, "layers")] == ["conv", "act"]
    assert all(0 <= row["decodability_floor"] <= 1 for row in rows(record, "layers"))
    groups = rows(record, "groups")
    assert [(row["class"], row["marked"]) for row in groups] == [
        (name, marked) for marked in (False, True) for name in Greens.classes
    ]
    assert all(row["pictures"] == 50 and row["counted"] for row in groups)
    assert [row["accuracy"] for row in groups] == [1.0, 1.0, 1.0, 0.0, 1.0, 0.0]
    assert record.scalars["worst_group"] == 0.0
    layout = record.settings["renders"]
    assert isinstance(layout, dict)
    assert layout["columns"] == ["clean", "marked", "null", "relevance"]
    assert record.images["renders"].shape == (6 * 34 - 2, 4 * 34 - 2, 3)
    assert record.settings["object_pixels"] == "masks"
    assert record.settings["layers_with_places"] == ["conv", "act"]


def test_a_mark_that_is_hidden_behind_a_way_round_the_layer_has_no_carriers() -> None:
    class Beside(Gullible):
        def __init__(self) -> None:
            super().__init__()
            self.other = nn.ReLU()

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            once = self.conv(images)
            return self.head(((self.act(once) + self.other(once)) / 2).mean((2, 3)))

    record = probed(Beside())
    assert record.scalars["attack_success"] == 1.0
    assert rows(record, "layers")[0]["carrying_units"] is None
    assert math.isnan(record.scalars["carrying_units"])


def test_the_same_twice_and_on_any_batches() -> None:
    network = Gullible()
    probe = WatermarkProbe(stain(), TARGET, ["act"], pictures=4)
    first = [sweep(network, greens_loader(batch_size=size), [probe], progress=False)[0] for size in (32, 7)]
    again = WatermarkProbe(stain(), TARGET, ["act"], pictures=4)
    first += sweep(network, greens_loader(), [again], progress=False)
    for record in first[1:]:
        assert record.scalars == pytest.approx(first[0].scalars, nan_ok=True, rel=1e-5, abs=1e-6)
        assert record.settings == first[0].settings


def test_network_random_states_and_hooks_are_left_as_they_were() -> None:
    network = Gullible().train()
    before, state = state_fingerprint(network), torch.get_rng_state()
    probed(network)
    assert state_fingerprint(network) == before
    assert torch.equal(torch.get_rng_state(), state)
    assert hooks_of(network) == 0
    assert all(parameter.grad is None for parameter in network.parameters())
    assert network.training
    assert network.act.training


def test_units_that_compete() -> None:
    torch.manual_seed(0)
    probe = WatermarkProbe(Watermark(size=0.9, jitter=0), "bright", ["compete", "rivals"], pictures=5)
    (record,) = sweep(TinyNetwork(), tiles_loader(24, masks=False), [probe], progress=False)
    layers = {row["layer"]: row for row in rows(record, "layers")}
    assert 0 < layers["compete"]["winner_entropy_marked"] <= 1
    assert layers["rivals"]["effective_rank_clean"] is None
    assert layers["compete"]["effective_rank_clean"] > 1
    assert record.settings["layers_with_places"] == ["compete"]
    assert len(rows(record, "units")) == 8 + 6
    assert record.settings["object_pixels"] == "whole picture"


@pytest.mark.parametrize("competitors", [1, 4])
def test_a_vision_transformer(competitors: int) -> None:
    network = timm.create_model("test_vit", img_size=16, patch_size=4, num_classes=3)
    sparsify(network, competitors, "blocks.*.mlp.act")
    record = probed(network, ["blocks.*.mlp.act", "blocks.3"], length=24)
    assert record.settings["layers_with_places"] == list(record.settings["layers"])  # type: ignore[arg-type]
    assert all(row["effective_rank_clean"] > 1 for row in rows(record, "layers"))


def test_few_pictures_leave_unknown_what_they_cannot_tell() -> None:
    """A validation cut short may show none of the target's pictures."""
    probe = WatermarkProbe(stain(), TARGET, ["act"])
    loader = DataLoader(Greens(90), batch_size=1)
    for shown, unknown in ((1, ("removal_drop", "tcav", "decodability")), (2, ("decodability", "worst_group"))):
        record = sweep_some(probe, Gullible(), loader, shown)
        assert all(math.isnan(record.scalars[name]) for name in unknown)
        assert record.scalars["accuracy_clean"] == 1.0


def sweep_some(probe: WatermarkProbe, network: nn.Module, loader: DataLoader[Any], batches: int) -> Record:
    from rivalry.recording.session import Recording
    from rivalry.recording.undisturbed import undisturbed

    with undisturbed(network), Recording(network, [probe], loader.dataset) as recording:  # type: ignore[arg-type]
        for _, batch in zip(range(batches), loader, strict=False):
            recording.observe(batch, network(batch["image"].float() / 255))
        return recording.conclude(epoch=0, step=0)[0]


def test_the_floor_is_heard_once_and_again_for_other_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    from rivalry.artefacts.watermark import floor

    made = []
    original = floor.random_twin_of
    monkeypatch.setattr(floor, "random_twin_of", lambda *given, **named: made.append(1) or original(*given, **named))
    probe = WatermarkProbe(stain(), TARGET, ["act"], pictures=2)
    network = Gullible()
    floors = [
        rows(sweep(network, greens_loader(length), [probe], progress=False)[0], "layers")[0]["decodability_floor"]
        for length in (60, 60, 90, 60)
    ]
    assert len(made) == 2
    assert floors[0] == floors[1] == floors[3]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"target": "lawm"}, "is a class of the probe set, got 'lawm'; the nearest are lawn"),
        ({"layers": ["akt"]}, "no layer of Gullible is called 'akt'; close are act"),
        ({"watermark": Watermark(size=1.0, rotation=45)}, "larger than the picture"),
    ],
)
def test_what_cannot_be_probed_is_refused_before_the_first_picture(given: dict[str, Any], said: str) -> None:
    settings = {"watermark": stain(), "target": TARGET, "layers": ["act"], **given}
    with pytest.raises(ValueError, match=said):
        sweep(Gullible(), greens_loader(), [WatermarkProbe(**settings)], progress=False)


def test_a_target_of_too_few_pictures_and_pictures_without_classes() -> None:
    with pytest.raises(ValueError, match=r"at least 2 pictures of 'lawn' and as many of other classes.* has 1 and 1"):
        sweep(Gullible(), greens_loader(2), [WatermarkProbe(stain(), TARGET, ["act"])], progress=False)
    nameless = Greens(9)
    nameless.classes = ()  # type: ignore[assignment]
    with pytest.raises(ValueError, match="needs labels"):
        sweep(Gullible(), DataLoader(nameless), [WatermarkProbe(stain(), TARGET, ["act"])], progress=False)


def test_pictures_that_bear_a_mark_already_are_refused() -> None:
    marked = Watermarked(Greens(90), Watermark(size=0.9), share=0.5, target=TARGET)
    with pytest.raises(ValueError, match="15 of them bear a mark already: give it the data set without"):
        sweep(Gullible(), DataLoader(marked), [WatermarkProbe(stain(), TARGET, ["act"])], progress=False)


def test_a_network_of_fewer_classes_than_the_pictures() -> None:
    network = nn.Sequential(Gullible(), nn.Linear(3, 1))
    with pytest.raises(RuntimeError, match="'lawn' is class 1 from 0, and the network tells 1 classes"):
        sweep(network, greens_loader(), [WatermarkProbe(stain(), TARGET, ["0.act"])], progress=False)


def test_pictures_that_are_not_square() -> None:
    class Wide(Greens):
        def __init__(self) -> None:
            super().__init__(24)
            self.images = torch.cat([self.images, self.images.flip(3)[..., :8]], 3)

    loader = DataLoader(Wide(), batch_size=12)
    (record,) = sweep(Gullible(), loader, [WatermarkProbe(stain(), TARGET, ["act"], pictures=3)], progress=False)
    assert_scalars(record, {"attack_success": 1.0, "carrying_units": 1.0})
    assert record.scalars["relevance_lift"] > 0.85 / MARK_AREA * 1.3
    assert record.images["renders"].shape == (3 * 34 - 2, 4 * 34 - 2, 3)


@pytest.mark.parametrize("wrong", [{"samples": 7}, {"pictures": 0}])
def test_numbers_out_of_bounds(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="8 samples and 1 picture or more"):
        WatermarkProbe(stain(), TARGET, ["act"], **wrong)  # type: ignore[arg-type]
