"""The analysis as a whole agrees with plain loops, hears every kind of layer, and refuses what cannot be meant."""

from __future__ import annotations

import copy
import math
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from rivalry.basis import NetworkDissection
from rivalry.basis.detectors.scores import DETECTOR
from rivalry.data.dataset import Concept, Sample
from rivalry.data.decoding import UnreadableError
from rivalry.lwta.layer import evaluating
from rivalry.numerics.sampling import halves
from rivalry.recording import sweep
from rivalry.recording.analysis import Analysis, Finding
from rivalry.recording.directions import Directions
from rivalry.recording.observation import Listening, Observation
from rivalry.records import Record
from tests.basis.plain_dissection import Called, dissect, dissect_wins, maps_of
from tests.basis.scenes import CONCEPTS, Depths, Red, Scenes, loader
from tests.recording.tiny import hooks_of

LEVEL = 0.1


def dissected(
    layers: Any, dataset: Scenes | None = None, *, network: nn.Module | None = None, others: Any = (), **options: Any
) -> Record:
    """The record of a pass; the other analyses come first."""
    one = NetworkDissection(layers, **{"quantile": LEVEL, **options})
    return sweep(network or Depths(), loader(dataset or Scenes()), [*others, one], progress=False)[-1]


def rows(record: Record, table: str = "units", **where: Any) -> list[dict[str, Any]]:
    return [row for row in record.tables[table].to_pylist() if all(row[name] == value for name, value in where.items())]


def assert_agrees(record: Record, layer: str, expected: list[Called], end: str = "") -> None:
    """Labels alike, numbers to the last digits."""
    found = rows(record, layer=layer)
    assert [row[f"label{end}"] for row in found] == [one.label for one in expected]
    columns = [(f"iou{end}", "iou"), *([("iou_train", "train")] if not end else [])]
    for column, field in [*columns, *([(f"threshold{end}", "threshold")] if end != "_wins" else [])]:
        ours = [math.nan if row[column] is None else row[column] for row in found]
        assert ours == pytest.approx([getattr(one, field) for one in expected], rel=1e-6, abs=1e-9, nan_ok=True)


@pytest.mark.parametrize("share", [1.0, 0.5])
@pytest.mark.parametrize("in_halves", [True, False])
def test_maps_and_tokens_agree_with_plain_loops(share: float, in_halves: bool) -> None:
    dataset = Scenes(share=share)
    record = dissected(["maps", "keen"], dataset, halves=in_halves, seed=3)
    for layer in ("maps", "keen"):
        maps = maps_of(Depths(), layer, dataset)
        assert_agrees(record, layer, dissect(maps, dataset, LEVEL, seed=3, in_halves=in_halves))
        pixels = dissect(maps, dataset, 0.01, of="pixels", seed=3, in_halves=in_halves)
        assert_agrees(record, layer, pixels, "_quantile_2020")


def test_the_variant_of_2020_takes_the_quantile_of_pixels() -> None:
    record = dissected(["maps"], variant=2020, quantile=0.2)
    assert_agrees(record, "maps", dissect(maps_of(Depths(), "maps", Scenes()), Scenes(), 0.2, of="pixels"))
    assert record.settings["policy"] == "quantile_2020"
    assert "label_quantile" in record.tables["units"].column_names


def test_wins_are_masks_without_a_threshold() -> None:
    dataset, network = Scenes(), Depths()
    record = dissected(["rivals.1", "keen", "maps"], dataset)
    for layer, competitors in (("rivals.1", 2), ("keen", 5)):
        kept: list[Tensor] = []
        competing: Any = network.get_submodule(layer)
        hook = competing.winner.register_forward_hook(lambda *heard: kept.append(heard[2]))  # noqa: B023
        with evaluating(network.eval(), "argmax"):
            network(dataset.images / 255)
        hook.remove()
        winners = kept.pop() if layer == "rivals.1" else kept.pop()[:, 1:].mT.reshape(len(dataset), -1, 4, 6)
        assert_agrees(record, layer, dissect_wins(winners, competitors, dataset), "_wins")
        assert rows(record, layer=layer)[0]["threshold_wins"] is None
    assert [row["label_wins"] for row in rows(record, layer="maps")] == [None] * 6
    assert "wins" not in {row["policy"] for row in rows(record, "layers", layer="maps")}


class Offering(Analysis):
    """Offers directions of a layer."""

    offers = True
    name, taps = "mine", ("maps",)

    def __init__(self, directions: Directions) -> None:
        self.offered = directions

    def start(self, listening: Listening) -> None:
        pass

    def observe(self, observation: Observation) -> None:
        pass

    def directions(self) -> dict[str, Directions]:
        return {"maps": self.offered}

    def conclude(self, network: nn.Module) -> Finding:
        return Finding()


def test_directions_are_dissected_like_a_layer(tmp_path: Path) -> None:
    generator = torch.Generator().manual_seed(5)
    weights, bias = torch.randn(6, 4, generator=generator), torch.tensor([0.0, 0.3, -0.2, 0.1])
    save_file({"weights": weights, "bias": bias}, tmp_path / "some.safetensors")
    dataset, file = Scenes(), f"maps@{tmp_path}/some.safetensors"
    record = dissected([file, "maps@mine", "maps"], dataset, others=[Offering(Directions(weights, bias))])
    maps = Directions(weights, bias).of(maps_of(Depths(), "maps", dataset))
    for layer in (file, "maps@mine"):
        assert_agrees(record, layer, dissect(maps, dataset, LEVEL))
        assert_agrees(record, layer, dissect(maps, dataset, LEVEL, of="zero"), "_bias")
    assert {row["policy"] for row in rows(record, "layers", layer="maps")} == {"quantile", "quantile_2020", "chosen"}
    assert len(record.settings["unit_axes"]) == 3


def test_the_units_own_directions_are_the_units() -> None:
    identity = Offering(Directions(torch.eye(6), torch.zeros(6)))
    record = dissected(["maps@mine", "maps"], others=[identity])
    ours, theirs = rows(record, layer="maps@mine"), rows(record, layer="maps")
    for column in ("label", "iou", "auroc", "label_chosen", "iou_chosen", "best_auroc"):
        assert [row[column] for row in ours] == [row[column] for row in theirs], column


def test_a_unit_that_is_a_concept_is_found_at_its_own_threshold() -> None:
    """Red is at least 100/255 in the sky and less than 120/255 elsewhere; a threshold a concept finds it nearly all."""
    dataset = Scenes()
    dataset.images[:, 0] = 0
    dataset.images[:, 0][dataset.masks[:, 1] == 1] = 200
    record = dissected(["red"], dataset, network=Red(), quantile=0.005)
    (unit,) = rows(record)
    assert (unit["label_chosen"], unit["iou_chosen"]) == ("sky", 1.0)
    assert (unit["auroc_label"], unit["best_auroc"]) == ("sky", 1.0)
    (sky,) = rows(record, "concepts", concept="sky")
    assert sky["best_possible_iou"] == pytest.approx(0.005 / sky["area"])
    assert (sky["detectable"], sky["ceiling"], sky["unit_chosen"]) == (False, 0.0, 0)  # above the highest is nothing
    assert (record.scalars["detectors"], record.scalars["detectors_chosen"]) == (0.0, 1.0)
    assert record.scalars["undetectable_concepts"] == record.scalars["concepts"] == 4.0
    assert record.images == {}  # nothing to show


def test_a_concept_absent_from_one_half_is_unknown_there_and_no_label() -> None:
    first, second = (frozenset(half.tolist()) for half in halves(9, seed=0))
    learnt = dissected(["maps"], Scenes(wheels=second))
    assert {row["label"] for row in rows(learnt)} == {"sky", "road", "night"} & {row["label"] for row in rows(learnt)}
    (wheel,) = rows(learnt, "concepts", concept="wheel")
    assert (wheel["images_train"], wheel["images"], wheel["unit"], wheel["iou"]) == (0, len(second), None, None)
    scored = dissected(["maps"], Scenes(wheels=first), categories=["part"])
    assert all(row["label"] == "wheel" and row["iou"] is None and row["iou_train"] is not None for row in rows(scored))
    assert not any(row["detector"] for row in rows(scored))
    assert scored.scalars["unscored_units"] == scored.scalars["units"] == 6.0
    assert math.isnan(scored.scalars["mean_iou"])
    (wheel,) = rows(scored, "concepts")
    assert (wheel["iou"], wheel["auroc"], wheel["detectable"]) == (None, None, None)
    assert wheel["unit"] is not None


def test_categories_may_be_chosen() -> None:
    record = dissected(["maps"], categories=["part", "scene"])
    assert record.settings["categories"] == ["part", "scene"]
    assert [row["concept"] for row in rows(record, "concepts")] == ["wheel", "night"]
    whole = dissected(["maps"])
    for concept in ("wheel", "night"):
        assert rows(record, "concepts", concept=concept) == rows(whole, "concepts", concept=concept)
    assert {row["category"] for row in rows(record, "categories")} == {"part", "scene"}


def test_thresholds_of_a_sample_say_what_they_reach() -> None:
    dataset = Scenes(40)
    whole, some = (dissected(["maps"], dataset, sample=sample) for sample in (40, 10))
    exact = [row["reached"] for row in rows(whole)]
    assert exact == pytest.approx([LEVEL] * 6, abs=1 / 960)
    near = [row["reached"] for row in rows(some)]
    assert near != exact
    assert all(0.7 * LEVEL < share <= LEVEL + 1e-6 for share in near)
    assert some.settings["sampled_pictures"] == 10
    (layer,) = rows(some, "layers", policy="quantile")
    assert (layer["lowest_reached"], layer["highest_reached"]) == (min(near), max(near))


def test_the_numbers_add_up() -> None:
    record = dissected(["maps", "rivals.1"])
    for policy, end in (("quantile", ""), ("chosen", "_chosen")):
        units = [row for row in rows(record) if (row[f"iou{end}"] or 0) > DETECTOR]
        assert record.scalars[f"detectors{end}"] == len(units)
        assert record.scalars[f"unique_detectors{end}"] == len({row[f"label{end}"] for row in units})
        for layer in ("maps", "rivals.1"):
            counted = rows(record, "categories", layer=layer, policy=policy)
            (total,) = rows(record, "layers", layer=layer, policy=policy)
            for name in ("detectors", "unique_detectors", "unique_beyond_area"):
                assert sum(row[name] for row in counted) == total[name]
            assert total["unique_beyond_area"] <= total["unique_detectors"] <= total["detectors"]
    assert record.scalars["units"] == 14.0


def test_the_sheet_shows_the_best_units_of_the_table() -> None:
    record = dissected(["maps", "rivals.1"])
    layout: Any = record.settings["detectors"]
    listed = [rows(record, layer=one["layer"], unit=one["unit"])[0] for one in layout["rows"]]
    assert [row["iou"] for row in listed] == sorted((row["iou"] for row in listed), reverse=True)
    assert len({row["label"] for row in listed}) == len(listed) > 1
    assert listed[0]["iou"] == max(row["iou"] for row in rows(record) if row["iou"] is not None)
    high, wide = (len(layout["rows"]), layout["height"]), (layout["columns"], layout["width"])
    assert record.images["detectors"].shape[:2] == tuple(n * (side + 4) - 4 for n, side in (high, wide))


def test_it_leaves_the_network_as_it_was_and_is_the_same_again() -> None:
    network = Depths().train()
    before = copy.deepcopy(network.state_dict())
    first, second = (dissected(["maps", "keen"], network=network) for _ in range(2))
    assert all(torch.equal(before[name], tensor) for name, tensor in network.state_dict().items())
    assert network.training
    assert not hooks_of(network)
    assert all(first.tables[name].equals(table) for name, table in second.tables.items())
    assert first.scalars == pytest.approx(second.scalars, nan_ok=True)


class Broken(Scenes):
    """A mask in the midst of the pass is of another kind."""

    def __getitem__(self, index: int) -> Sample:
        sample = super().__getitem__(index)
        if index == 5:
            sample["masks"] = sample["masks"] + 7
        return sample


def test_hooks_are_gone_after_a_mask_of_no_concept() -> None:
    network = Depths()
    for options in ({}, {"categories": ["part"]}):
        with pytest.raises(RuntimeError, match=r"'detectors' failed to observe: masks hold .* 4 concepts|1 to 4"):
            dissected(["maps"], Broken(), network=network, **options)
        assert not hooks_of(network)


class Torn(Scenes):
    """A picture that is not the first cannot be read."""

    def __getitem__(self, index: int) -> Sample:
        if index == 5:
            raise UnreadableError("5.jpg is not there")
        return super().__getitem__(index)


def test_no_analysis_is_blamed_for_a_picture_that_cannot_be_read() -> None:
    network = Depths()
    with pytest.raises(UnreadableError, match=r"^5\.jpg is not there"):
        dissected(["maps"], Torn(), network=network)
    assert not hooks_of(network)


class Twisted(Scenes):
    """Masks that stand upright on pictures that lie."""

    def __getitem__(self, index: int) -> Sample:
        sample = super().__getitem__(index)
        sample["masks"] = sample["masks"].mT
        return sample


class Silent(Scenes):
    """Speaks of concepts, and gives no mask."""

    def __getitem__(self, index: int) -> Sample:
        sample = super().__getitem__(index)
        del sample["masks"]
        return sample


@pytest.mark.parametrize(
    ("dataset", "options", "message"),
    [
        (Scenes(masks=False), {}, "needs masks, which samples of Scenes lack"),
        (Silent(), {}, "pictures of Silent come without masks"),
        (Twisted(), {}, "masks of 24 × 16 pixels do not lie on pictures of 16 × 24; wanted the same"),
        (Scenes(), {"categories": ["parts"]}, "categories names 'parts', nearest: part"),
        (Scenes(), {"categories": ["texture"]}, "has concepts of object, part, scene; categories names 'texture'"),
        (Scenes(), {"categories": []}, "categories names none"),
        (
            Scenes(),
            {"layers": ["head"]},
            "layer 'head' does not lie on the pictures: .* tap a layer that still has places",
        ),
        (Scenes(), {"layers": ["map"]}, "no layer of Depths is called 'map'; close are maps"),
        (Scenes(), {"layers": ["maps@his"]}, "'his' is neither an analysis that offers directions"),
        (Scenes(1), {}, "two halves take two pictures at least"),
        (Scenes(), {"quantile": 1.5}, "between 0 and ½; got 1.5$"),
        (Scenes(), {"quantile": 0.995}, r"got 0.995; did you mean 0.005\?"),
        (Scenes(), {"variant": 2018}, "variant is 2017 .* or 2020, got 2018"),
        (Scenes(), {"sample": 0}, "1 or more; got 0"),
        (Scenes(), {"seed": -1}, "seed is 0 or more, got -1"),
        (Scenes(), {"layers": {"maps": 0}}, "'maps' was given 0"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_the_pass(
    dataset: Scenes, options: dict[str, Any], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(NetworkDissection, "start", lambda *_: pytest.fail("the pass has begun"))
    with pytest.raises(ValueError, match=message):
        dissected(options.pop("layers", ["maps"]), dataset, **options)


def test_one_picture_will_do_where_all_choose_and_score() -> None:
    record = dissected(["maps"], Scenes(1), halves=False)
    assert record.scalars["units"] == 6.0
    assert all(row["iou"] == row["iou_train"] for row in rows(record))


def test_concepts_of_one_name_in_two_categories_stay_apart() -> None:
    dataset = Scenes()
    dataset.concepts = (*CONCEPTS[:3], Concept("sky", "scene"))
    record = dissected(["maps"], dataset)
    assert [row["category"] for row in rows(record, "concepts", concept="sky")] == ["object", "scene"]


def test_a_layer_that_gives_no_number_is_named() -> None:
    network = Red()
    nn.init.constant_(network.red.weight, torch.inf)
    with pytest.raises(ValueError, match="'detectors' cannot start: layer 'red': some activations are not finite"):
        dissected(["red"], network=network)
    assert not hooks_of(network)
