"""The analysis as a whole, on pictures whose activations are known."""

import io
import math
from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.utils.data import DataLoader

from rivalry.data.dataset import Sample
from rivalry.data.decoding import UnreadableError
from rivalry.dissection import UnitProfiles
from rivalry.dissection.profiles.showing import PICTURES
from rivalry.dissection.profiles.tables import SAMPLES, UNITS
from rivalry.lwta import sparsify
from rivalry.recording import sweep
from rivalry.records import Record
from tests.dissection.profiles.painted import (
    CLASSES,
    Bending,
    Painted,
    Reading,
    Rivals,
    assert_alike,
    effects,
    noise,
    profile,
    rows,
    spots,
)
from tests.recording.tiny import TinyNetwork, hooks_of, tiles_loader

RED, GREEN, BLUE = range(3)


def test_the_tables_have_their_columns(tmp_path: Path) -> None:
    record = profile(Painted(noise(7)))
    assert {name: table.schema for name, table in record.tables.items()} == {
        "units": UNITS,
        "samples": SAMPLES,
        "pictures": PICTURES,
    }
    assert Record.load(record.save(tmp_path)).tables == record.tables


def test_figures_of_a_unit_by_hand() -> None:
    """Red at one of 16 places: 0, 51, 110, 150 and 255 of 255."""
    record = profile(Painted(spots([(0, 9, 0), (255, 9, 0), (51, 9, 0), (150, 9, 0), (110, 9, 0)])))
    (red,) = rows(record, unit=RED)
    pooled = np.array([0, 255, 51, 150, 110]) / 255 / 16
    assert (red["layer"], red["pictures"], red["wins"], red["sampled"], red["dead"]) == ("act", 5, 4, 5, False)
    assert red["density"] == 0.8
    assert red["win_rate"] == pytest.approx(4 / 5 / 16)
    assert red["mean"] == pytest.approx(pooled.mean())
    assert red["standard_deviation"] == pytest.approx(pooled.std())
    assert (red["lowest"], red["highest"]) == pytest.approx((0, 1 / 16))
    assert np.allclose(red["edges"], np.linspace(0.2 / 16, 1 / 16, 21))
    assert [place for place, count in enumerate(red["counts"]) if count] == [0, 5, 9, 19]
    assert sum(red["counts"]) == 4
    (green,) = rows(record, unit=GREEN)
    assert green["standard_deviation"] == 0.0
    assert sum(green["counts"]) == 5
    assert green["edges"][0] < green["mean"] < green["edges"][-1]


def test_top_pictures_and_quantiles_by_hand() -> None:
    levels = [10, 80, 30, 0, 50, 70, 20, 60, 40]  # the picture at which red wins nowhere is number 3
    record = profile(Painted(spots([(level, 0, 0) for level in levels])), top=3, quantiles=4)
    shown = rows(record, "samples", unit=RED)
    assert [(row["kind"], row["rank"]) for row in shown] == [
        *(("top", rank) for rank in range(3)),
        *(("quantile", rank) for rank in range(4)),
    ]
    assert [row["index"] for row in shown[:3]] == [1, 5, 7]
    assert [row["quantile"] for row in shown] == [None] * 3 + [0.875, 0.625, 0.375, 0.125]
    assert [levels[row["index"]] for row in shown[3:]] == [80, 60, 40, 20]  # of 10, 20 … 80 the places 7, 5, 3, 1
    assert [row["value"] for row in shown] == pytest.approx([levels[row["index"]] / 255 / 16 for row in shown])
    assert [row["class"] for row in shown] == [CLASSES[row["index"] % 3] for row in shown]


def test_fewer_wins_give_fewer_samples_and_none_twice() -> None:
    record = profile(Painted(spots([(9, 0, 0), (0, 0, 0), (5, 0, 0)])))
    shown = rows(record, "samples", unit=RED)
    assert [(row["kind"], row["index"], row["quantile"]) for row in shown] == [
        ("top", 0, None),
        ("top", 2, None),
        ("quantile", 0, 0.75),
        ("quantile", 2, 0.25),
    ]


def test_maps_share_the_scale_of_their_unit() -> None:
    images = torch.zeros(2, 3, 4, 4, dtype=torch.uint8)
    images[0, RED, 1, 2], images[0, RED, 3, 0] = 200, 50
    images[1, RED, 0, 0] = 100
    shown = rows(profile(Painted(images), quantiles=0), "samples", unit=RED)
    first, second = (np.frombuffer(row["map"], dtype=np.uint8).reshape(4, 4) for row in shown)
    assert [(row["height"], row["width"]) for row in shown] == [(4, 4), (4, 4)]
    assert first[1, 2] == 255
    assert first[3, 0] == 64  # a quarter of 255
    assert second[0, 0] == 128  # half of it
    assert np.count_nonzero(first) == 2
    assert np.count_nonzero(second) == 1
    assert [[row[side] for side in ("left", "top", "right", "bottom")] for row in shown] == [
        [0.5, 0.25, 0.75, 0.5],
        [0.0, 0.0, 0.25, 0.25],
    ]


def test_only_winners_are_mapped_and_negative_ones_by_their_size() -> None:
    """Red wins at the left, green at the right, both below zero."""
    images = torch.zeros(1, 3, 2, 2, dtype=torch.uint8)
    images[0, RED, :, 0], images[0, GREEN, 0, 1], images[0, GREEN, 1, 1] = 51, 51, 102
    record = profile(Painted(images), Rivals(less=1.0), layers=["compete"], quantiles=0)
    red, green = rows(record, "samples")
    assert list(red["map"]) == [255, 0, 255, 0]
    assert list(green["map"]) == [0, 255, 0, 191]  # −0.8 and −0.6
    assert red["value"] == pytest.approx(-0.4)
    assert [row["win_rate"] for row in rows(record)] == [0.5, 0.5]


def test_effects_on_classes_are_mean_activation_times_weight() -> None:
    images = noise(6)
    for bias in (0.0, 1000.0):
        record = profile(Painted(images), Reading(bias=bias), classes=2)
        mean = images.double().mean((0, 2, 3)) / 255
        red, green, blue = rows(record)
        assert {row["effects_by"] for row in rows(record)} == {"weight"}
        assert red["raised_classes"] == ["sea", "<b>land</b>"]
        assert red["raised_effects"] == pytest.approx([float(mean[RED]), float(mean[RED]) / 2], rel=1e-6)
        assert (red["lowered_classes"], red["lowered_effects"]) == (["sky"], pytest.approx([-4 * float(mean[RED])]))
        assert (green["raised_classes"], green["lowered_classes"]) == (["<b>land</b>"], ["sea"])
        assert (blue["raised_classes"], blue["lowered_classes"]) == (["sky"], ["<b>land</b>"])


def test_elsewhere_effects_on_classes_are_correlations() -> None:
    images, network = noise(9), Bending()
    record = profile(Painted(images), network)
    with torch.no_grad():
        logits = network(images / 255).numpy()
    pooled = images.double().mean((2, 3)).numpy()
    for unit, row in enumerate(rows(record)):
        expected = {name: np.corrcoef(pooled[:, unit], logits[:, place])[0, 1] for place, name in enumerate(CLASSES)}
        assert row["effects_by"] == "correlation"
        assert effects(row) == pytest.approx(expected, abs=1e-5)
        assert row["raised_effects"] == sorted(row["raised_effects"], reverse=True)
        assert row["lowered_effects"] == sorted(row["lowered_effects"])


def test_nearest_units_by_numpy() -> None:
    images = noise(12)
    images[:, BLUE] = 255 - images[:, RED]
    cosines = np.corrcoef(images.double().mean((2, 3)).numpy().T)
    for unit, row in enumerate(rows(profile(Painted(images)))):
        others = sorted((one for one in range(3) if one != unit), key=lambda one: -cosines[unit, one])
        assert row["nearest_units"] == others
        assert row["nearest_cosines"] == pytest.approx([cosines[unit, one] for one in others], abs=1e-5)


def test_dead_units_have_rows_and_nothing_to_show() -> None:
    record = profile(Painted(noise(5)), Reading(shift=(0.0, -2.0, 0.0)))
    (dead,) = rows(record, dead=True)
    assert (dead["unit"], dead["wins"], dead["density"], dead["win_rate"]) == (GREEN, 0, 0.0, 0.0)
    for column in ("edges", "counts", "nearest_units", "raised_classes", "lowered_classes"):
        assert dead[column] == []
    assert rows(record, "samples", unit=GREEN) == []
    assert all(GREEN not in row["nearest_units"] for row in rows(record))
    assert record.scalars["dead_units"] == 1
    assert record.scalars["mean_density"] == pytest.approx(2 / 3)


def test_where_all_are_dead_no_picture_is_shown() -> None:
    record = profile(Painted(noise(5)), Reading(shift=(-2.0, -2.0, -2.0)))
    assert {name: table.num_rows for name, table in record.tables.items()} == {"units": 3, "samples": 0, "pictures": 0}
    assert record.scalars["pictures"] == 0


def test_without_classes_nothing_is_said_of_them() -> None:
    record = profile(Painted(noise(5), classes=()))
    assert {row["class"] for table in ("samples", "pictures") for row in rows(record, table)} == {None}
    for row in rows(record):
        assert (row["raised_classes"], row["lowered_effects"], row["effects_by"]) == ([], [], None)


def test_logits_of_other_classes_are_no_classes() -> None:
    record = profile(Painted(noise(5), classes=("one", "two")))
    assert {row["effects_by"] for row in rows(record)} == {None}
    assert {row["class"] for row in rows(record, "pictures")} == {"one", "two"}


def test_the_size_of_batches_does_not_matter() -> None:
    layers, records = ["compete", "rivals", "act"], []
    for batch_size in (1, 4, 9):
        analysis = UnitProfiles(layers, top=3, quantiles=3, classes=0)  # its two classes are each other's mirror
        (record,) = sweep(TinyNetwork(), tiles_loader(9, batch_size=batch_size), [analysis], progress=False)
        records.append(record)
    for record in records[1:]:
        assert_alike(records[0], record)
    assert_alike(*(profile(Painted(noise(9)), Bending(), batch_size=size) for size in (2, 9)))


def test_a_sample_of_the_pictures_and_the_tops_of_all() -> None:
    images = noise(40)
    record = profile(Painted(images), sample=10, top=2, quantiles=20)
    red = images[:, RED].double().mean((1, 2))
    assert record.settings["sampled_pictures"] == {"act": 10}
    assert {row["sampled"] for row in rows(record)} == {10}
    assert [sum(row["counts"]) for row in rows(record)] == [10, 10, 10]
    tops = [row["index"] for row in rows(record, "samples", unit=RED, kind="top")]
    assert tops == red.sort(descending=True).indices[:2].tolist()
    levels = [row["index"] for row in rows(record, "samples", unit=RED, kind="quantile")]
    assert levels == sorted(set(levels), key=lambda index: -red[index])
    assert len(levels) == 10


def test_pictures_are_those_of_the_samples_by_index() -> None:
    dataset = Painted(noise(30, side=6))
    record = profile(dataset, top=1, quantiles=2)
    pictures = rows(record, "pictures")
    assert [row["index"] for row in pictures] == sorted({row["index"] for row in rows(record, "samples")})
    assert record.scalars["pictures"] == len(pictures) < 30
    for row in pictures:
        assert (row["width"], row["height"], row["class"]) == (6, 6, CLASSES[row["index"] % 3])
        with Image.open(io.BytesIO(row["thumbnail"])) as opened:
            assert (opened.format, opened.size, opened.mode) == ("WEBP", (6, 6), "RGB")


def test_a_vector_is_a_map_of_one_place_and_shows_the_whole_picture() -> None:
    record = profile(Painted(noise(5)), layers=["head"])
    for row in rows(record, "samples"):
        assert (row["height"], row["width"], len(row["map"])) == (1, 1, 1)
        assert [row[side] for side in ("left", "top", "right", "bottom")] == [0, 0, 1, 1]


def test_only_patches_of_a_vision_transformer_are_mapped() -> None:
    """A class token stands before 16 patches; its activation counts towards the mean and is no place of the map."""
    vit = timm.create_model("test_vit", img_size=64, num_classes=3)
    assert sparsify(vit, 4, ["blocks.*.mlp.act"])
    record = profile(Painted(noise(6, side=64)), vit, layers=["*.mlp.act"], top=2, quantiles=2)
    assert {(row["height"], row["width"]) for row in rows(record, "samples")} == {(4, 4)}
    shown = next(row for row in rows(record, "samples") if max(row["map"]) == 255)
    heard: list[Tensor] = []
    handle = vit.get_submodule(shown["layer"]).register_forward_hook(lambda *told: heard.append(told[2]))
    with torch.no_grad():
        vit.eval()(noise(6, side=64)[shown["index"]][None] / 255)
    handle.remove()
    tokens = heard[0][0, :, shown["unit"]]
    assert len(tokens) == 17
    assert shown["value"] == pytest.approx(float(tokens.mean()), abs=1e-5)
    patches = tokens[1:].clamp(min=0) if float(tokens[1:].amax()) > 0 else tokens[1:].abs()
    assert list(shown["map"]) == pytest.approx((255 * patches / patches.amax()).round().tolist(), abs=1)


def test_directions_of_a_layer_are_profiled_as_units(tmp_path: Path) -> None:
    """Sums of two colours in turn: the classifier that reads the colours has weights of these too."""
    weights = torch.tensor([[1.0, 0.0, 1.0], [1.0, 1.0, 0.0], [0.0, 1.0, 2.0]])
    save_file({"weights": weights, "bias": torch.tensor([0.5, 0.0, 0.0])}, tmp_path / "some.safetensors")
    images, network = noise(6), Reading(bias=2.0)
    layer = f"act@{tmp_path / 'some.safetensors'}"
    record = profile(Painted(images), network, layers=[layer, "act"])
    found = rows(record, layer=layer)
    answers = (images / 255).double().mean((2, 3)) @ weights.double() - torch.tensor([0.5, 0.0, 0.0])
    assert [row["mean"] for row in found] == pytest.approx(answers.mean(0).tolist(), abs=1e-6)
    read = network.head.weight.detach().double() @ torch.linalg.inv(weights.double()).T
    with torch.no_grad():
        logits = network(images / 255).double()
    shifted = answers + torch.tensor([0.5, 0.0, 0.0])
    assert torch.allclose(shifted @ read.T + network.head.bias.double(), logits, atol=1e-5)
    for unit, row in enumerate(found):
        assert row["effects_by"] == "weight"
        wanted = (answers.mean(0)[unit] * read[:, unit]).tolist()
        known = {name: effect for name, effect in zip(CLASSES, wanted, strict=True) if abs(effect) > 1e-9}
        assert effects(row) == pytest.approx(known, abs=1e-6)
    assert record.settings["unit_axes"] == {"act": 1, layer: 1}


def test_too_few_directions_say_nothing_of_weights(tmp_path: Path) -> None:
    save_file({"weights": torch.tensor([[1.0], [0.0], [0.0]])}, tmp_path / "red.safetensors")
    record = profile(Painted(noise(6)), layers=[f"act@{tmp_path / 'red.safetensors'}"])
    assert [row["effects_by"] for row in rows(record)] == ["correlation"]
    assert rows(record)[0]["nearest_units"] == []


@pytest.mark.parametrize("mode", ["sample", "mean"])
def test_layers_that_draw_are_heard_too_and_nothing_moves(mode: str) -> None:
    network = TinyNetwork()
    before, state = {name: one.clone() for name, one in network.state_dict().items()}, torch.get_rng_state()
    analysis = UnitProfiles(["compete", "rivals"])
    first, again = (
        sweep(network, tiles_loader(7), [analysis], mode=mode, seed=5, progress=False)[0].tables for _ in range(2)
    )
    assert first == again
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(one, before[name]) for name, one in network.state_dict().items())
    assert network.training
    assert hooks_of(network) == 0


@pytest.mark.gpu
@pytest.mark.parametrize(("network", "layer"), [(Reading, "act"), (Bending, "act"), (Rivals, "compete")])
def test_a_gpu_finds_the_same(network: type[nn.Module], layer: str) -> None:
    here, there = (profile(Painted(noise(9)), one, layers=[layer]) for one in (network(), network().cuda()))
    assert_alike(here, there)


@pytest.mark.parametrize("wrong", [math.nan, math.inf])
def test_activations_without_a_mean_are_refused_by_name(wrong: float) -> None:
    network = Reading(shift=(0.0, wrong, 0.0))
    with pytest.raises(RuntimeError, match=r"'profiles' failed to conclude: layer 'act': .* 1 units held NaN.*unit 1 "):
        profile(Painted(noise(5)), network)


def test_a_picture_that_cannot_be_shown_again_is_named() -> None:
    class Fading(Painted):
        """Every picture can be read twice (once by the check), the third only once more."""

        reads = 0

        def __getitem__(self, index: int) -> Sample:
            self.reads += index == 2
            if self.reads > 1:
                raise UnreadableError("painting 2 is no picture that can be decoded: it has faded")
            return super().__getitem__(index)

    with pytest.raises(UnreadableError, match="painting 2"):
        profile(Fading(noise(5)))


def test_layers_that_do_not_lie_on_pictures_are_refused_before_the_pass() -> None:
    class Odd(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.five = nn.Identity()
            self.num_prefix_tokens = 0

        def forward(self, images: Tensor) -> Tensor:
            return self.five(images.flatten(2)[:, :, :5].mT).mean(1)

    with pytest.raises(ValueError, match=r"layer 'five' does not lie on the pictures: 5 tokens"):
        profile(Painted(noise(5, side=8)), Odd(), layers={"five": 2})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"top": 0}, "top is the number of a unit's top pictures, 1 or more; got 0"),
        ({"quantiles": -1}, "quantiles is .* 0 or more; got -1"),
        ({"classes": -1}, "classes is .* got -1"),
        ({"nearest": -2}, "nearest is .* got -2"),
        ({"thumbnail": 7}, "thumbnail is the pixels .* 8 or more; got 7"),
        ({"sample": 0}, "sample is the number of pictures to sample, 1 or more; got 0"),
        ({"layers": {"act": 0}}, "'act' was given 0"),
    ],
)
def test_what_cannot_work_is_refused_at_once(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        UnitProfiles(**{"layers": ["act"], **options})


def test_the_record_says_how_it_was_made() -> None:
    settings = profile(Painted(noise(5)), top=2).settings
    wanted = {"pooling": "mean", "top": 2, "quantiles": 8, "classes": 5, "nearest": 5, "thumbnail": 96, "sample": 2000}
    assert {key: settings[key] for key in wanted} == wanted
    assert (settings["sample_seed"], settings["bins"], settings["effects_by"]) == (0, 20, {"act": "weight"})
    assert (settings["layers"], settings["unit_axes"]) == (["act"], {"act": 1})


def test_top_pictures_are_those_of_a_plain_ranking() -> None:
    loader = DataLoader(Painted(noise(20, side=8)), batch_size=6)
    (record,) = sweep(TinyNetwork(), loader, [UnitProfiles(["compete"], top=5)], progress=False)
    network = TinyNetwork().eval()
    with torch.no_grad():
        maps = network.compete.eval()(network.norm(network.conv(noise(20, side=8) / 255)))
    pooled = maps.mean((2, 3)).masked_fill(~(maps != 0).any(3).any(2), -math.inf)
    for unit in range(8):
        best = pooled[:, unit].sort(descending=True).indices[: min(5, int((pooled[:, unit] > -math.inf).sum()))]
        assert [row["index"] for row in rows(record, "samples", unit=unit, kind="top")] == best.tolist()
