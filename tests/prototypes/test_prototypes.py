"""The analysis as a whole: what it finds, what it leaves behind, how it goes on, and what it refuses."""

from __future__ import annotations

import copy
import io
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from rivalry.concepts import ConceptExtraction
from rivalry.lens.prototype_sheet import shows_prototypes
from rivalry.prototypes import Examples, Prototypes
from rivalry.prototypes import study as study_module
from rivalry.prototypes.images import Pixels
from rivalry.prototypes.naturalness import NATURALNESS_LAYERS
from rivalry.prototypes.objectives.ground import Natural
from rivalry.prototypes.optimisation import Recipe
from rivalry.prototypes.record.schemas import TABLES
from rivalry.recording import sweep
from rivalry.records import Record
from tests.concepts.planted import CLASSES, Colourist, Colours, colours_loader
from tests.prototypes.made import FEW, prototypes, rows_of, study
from tests.recording.tiny import hooks_of

pytestmark = pytest.mark.usefixtures("cache")


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RIVALRY_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "prototypes"


@pytest.fixture(scope="module")
def planted() -> Record:
    recipe = Recipe(Pixels(), rate=0.2, steps=30)
    return prototypes(recipe=recipe, steps=30, targets=["class:red", "class:2", "unit:act:1", "class:green"])


def picture(file: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(file)))


def test_tables_are_those_of_the_schemas(planted: Record) -> None:
    assert planted.tables.keys() == {*TABLES, "naturalness_layers"}
    assert all(planted.tables[name].schema == schema for name, schema in TABLES.items())
    assert planted.tables["naturalness_layers"].schema == NATURALNESS_LAYERS
    assert shows_prototypes(planted)
    assert planted.settings["path"] == ["pool", "mix", "act"]
    assert planted.settings["targets"] == ["class:red", "class:blue", "unit:act:1", "class:green"]


def test_a_prototype_has_the_colour_of_its_class(planted: Record) -> None:
    for number, name in enumerate(CLASSES):
        (row,) = rows_of(planted, "prototypes", target=f"class:{name}", method="prototype")
        colours = picture(row["picture"]).mean((0, 1))
        assert colours.argmax() == number
        assert row["probability"] > 1 / 3
        assert (row["kind"], row["class"], row["unit"], row["layer"]) == ("class", name, None, None)
    (row,) = rows_of(planted, "prototypes", target="unit:act:1", method="prototype")
    assert picture(row["picture"]).mean((0, 1)).argmax() == 1
    assert (row["layer"], row["unit"], row["class"], row["probability"]) == ("act", 1, None, None)
    assert row["value"] > row["natural_value"]


def test_a_unit_that_is_silent_on_grey_starts_where_it_answers(planted: Record) -> None:
    starts = {row["target"]: row["start"] for row in rows_of(planted, "prototypes")}
    assert starts == {"class:red": "canvas", "class:blue": "canvas", "class:green": "canvas", "unit:act:1": "noise"}


def test_what_is_said_of_a_prototype_is_said_of_its_picture(planted: Record) -> None:
    network = Colourist().eval()
    for row in rows_of(planted, "prototypes", kind="class"):
        shown = torch.from_numpy(picture(row["picture"]).copy()).permute(2, 0, 1)[None].float() / 255
        logits = network(shown)[0]
        number = CLASSES.index(row["class"])
        assert row["value"] == pytest.approx(logits[number].item(), rel=1e-5)
        assert row["probability"] == pytest.approx(logits.softmax(0)[number].item(), rel=1e-5)


def test_natural_pictures_beside_are_what_the_network_says_of_them(planted: Record) -> None:
    network = Colourist().eval()
    images = torch.stack([Colours()[place]["image"] for place in range(60)])
    logits = network(images.float() / 255)
    for number, name in enumerate(CLASSES):
        top = rows_of(planted, "examples", target=f"class:{name}", kind="top")
        assert [row["index"] for row in top] == logits[:, number].topk(3).indices.tolist()
        (row,) = rows_of(planted, "prototypes", target=f"class:{name}", method="prototype")
        assert row["natural_top"] == pytest.approx(top[0]["value"])
        assert row["natural_value"] == pytest.approx(logits[number::3, number].mean().item(), rel=1e-5)
        assert np.array_equal(picture(top[0]["picture"]), images[top[0]["index"]].permute(1, 2, 0).numpy())
    assert [row["quantile"] for row in rows_of(planted, "examples", target="unit:act:1", kind="quantile")] == [0.9, 0.5]


def test_the_path_of_every_prototype_is_measured_beside_the_plain_one(planted: Record) -> None:
    rows = rows_of(planted, "naturalness", target="class:red")
    assert [(row["method"], row["layer"]) for row in rows] == [
        (method, layer) for method in ("prototype", "fourier") for layer in ("pool", "mix", "act")
    ]
    assert {row["pictures"] for row in rows} == {6}
    assert planted.scalars["targets"] == 4
    assert planted.scalars["without"] == 0
    layers = planted.tables["naturalness_layers"].to_pylist()
    assert {(row["method"], row["targets"]) for row in layers} == {("prototype", 4), ("fourier", 4)}
    assert "layers_with_scale" in planted.scalars


def test_history_has_the_first_step_and_the_last(planted: Record) -> None:
    rows = rows_of(planted, "history", target="class:red", method="prototype")
    (row,) = rows_of(planted, "prototypes", target="class:red", method="prototype")
    assert [one["step"] for one in rows] == list(range(row["steps"]))
    assert rows[-1]["value"] > rows[0]["value"]
    long = prototypes(targets=["class:red"], steps=70, plain=None)
    steps = [one["step"] for one in rows_of(long, "history")]
    assert (steps[0], steps[-1], len(steps)) == (0, rows_of(long, "prototypes")[0]["steps"] - 1, 50)


def test_without_targets_the_first_classes_are_taken_and_copies_differ() -> None:
    record = prototypes(copies=2, plain=None)
    keys = [(row["target"], row["copy"], row["method"]) for row in rows_of(record, "prototypes")]
    assert keys == [(f"class:{name}", copy, "prototype") for name in CLASSES for copy in range(2)]
    first, second = (picture(row["picture"]) for row in rows_of(record, "prototypes", target="class:red"))
    assert not np.array_equal(first, second)
    assert {row["method"] for row in rows_of(record, "naturalness")} == {"prototype"}
    assert record.images["prototypes"].shape == (3 * 18 - 2, 2 * 18 - 2, 3)


def test_a_dead_unit_is_said_and_skipped() -> None:
    network = Colourist()
    with torch.no_grad():
        network.mix.weight[4], network.mix.bias[4] = 0.0, -1.0
    record = prototypes(network, targets=["unit:act:4", "class:red"])
    rows = rows_of(record, "prototypes")
    assert [row["target"] for row in rows] == ["unit:act:4", "class:red", "class:red"]
    assert "dead" in rows[0]["reason"]
    assert rows[0]["picture"] is None
    assert (record.scalars["targets"], record.scalars["without"]) == (1, 1)
    assert shows_prototypes(record)


def test_where_all_are_dead_there_is_a_record_of_it() -> None:
    network = Colourist()
    with torch.no_grad():
        network.mix.weight[4], network.mix.bias[4] = 0.0, -1.0
    record = prototypes(network, targets=["unit:act:4"])
    assert (record.scalars["targets"], record.scalars["without"]) == (0, 1)
    assert record.images == {}
    assert not shows_prototypes(record)


def test_own_pictures_are_predicted_ones_where_labels_are_of_other_classes() -> None:
    loader = colours_loader(classes=("red", "green"), wrong=1)  # names of two, and a network of three
    record = prototypes(loader=loader, targets=["class:1"])
    assert record.settings["labelled"] is False
    (row,) = rows_of(record, "prototypes", method="prototype")
    logits = Colourist().eval()(torch.stack([Colours()[place]["image"] for place in range(60)]).float() / 255)
    own = logits.argmax(1) == 1
    assert row["natural_value"] == pytest.approx(logits[own, 1].mean().item(), rel=1e-5)


def test_a_direction_and_a_concept_are_targets(tmp_path: Path) -> None:
    (found,) = sweep(Colourist(), colours_loader(), [ConceptExtraction(["act"], concepts=2)], progress=False)
    folder = found.save(tmp_path)
    targets = ["concept:red:1", f"direction:act@{folder}:3"]
    record = prototypes(targets=targets, concepts=str(folder))
    rows = rows_of(record, "prototypes", method="prototype")
    assert [row["target"] for row in rows] == ["concept:act:red:1", targets[1]]
    assert [(row["kind"], row["class"], row["concept"]) for row in rows] == [
        ("concept", "red", 1),
        ("direction", None, None),
    ]
    units = {(row["class"], row["concept"]): row["unit"] for row in found.tables["concepts"].to_pylist()}
    assert [row["unit"] for row in rows] == [units["red", 1], 3]
    assert all(row["value"] is not None and row["natural_top"] > 0 for row in rows)


def test_units_that_compete_are_targets_by_argmax_and_by_draws() -> None:
    for options in ({}, {"mode": "sample", "draws": 3}):
        record = prototypes(Colourist(compete=True), targets=["unit:act:0", "class:red"], **options)
        assert record.scalars["targets"] == 2
        assert all(math.isfinite(row["value"]) for row in rows_of(record, "prototypes"))


def test_the_same_seed_gives_the_same_record_and_nothing_else_changes() -> None:
    network = Colourist(compete=True).train()
    before, state = copy.deepcopy(network.state_dict()), torch.get_rng_state()
    numbers = np.random.get_state()[1].copy()
    first, second = (prototypes(network, mode="sample", draws=2) for _ in range(2))
    assert all(first.tables[name].equals(second.tables[name]) for name in first.tables)
    assert all(torch.equal(before[name], after) for name, after in network.state_dict().items())
    assert network.training
    assert all(weight.requires_grad for weight in network.parameters())
    assert torch.equal(state, torch.get_rng_state())
    assert np.array_equal(numbers, np.random.get_state()[1])
    other = prototypes(network, mode="sample", draws=2, seed=1)
    assert not other.tables["prototypes"].equals(first.tables["prototypes"])


class Counting(nn.Module):
    """A network that counts its runs, and may fail at one of them."""

    def __init__(self, error: type[BaseException] | None = None, at: int = 0) -> None:
        super().__init__()
        self.inner, self.error, self.at, self.runs = Colourist(), error, at, 0

    def forward(self, images: Tensor) -> Tensor:
        self.runs += 1
        if self.error is not None and self.runs == self.at:
            raise self.error("stop")
        logits: Tensor = self.inner(images)
        return logits


@pytest.fixture
def small_groups(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every target is a group of its own."""
    for name in ("FEWEST", "MOST"):
        monkeypatch.setattr(study_module, name, 1)
    return iter(())


@pytest.mark.usefixtures("small_groups")
def test_a_study_that_was_stopped_goes_on_behind_what_is_done(cache: Path) -> None:
    whole = Counting()
    expected = prototypes(whole, steps=12)
    assert not list(cache.rglob("*.*"))  # nothing is kept of what is whole
    last = whole.runs - 12  # in the last group
    stopped = Counting(KeyboardInterrupt, last)
    with pytest.raises(KeyboardInterrupt):
        prototypes(stopped, steps=12)
    assert not hooks_of(stopped)
    assert all(weight.requires_grad for weight in stopped.parameters())
    assert list(cache.rglob("*.parquet"))
    assert list(cache.glob("*.safetensors"))  # the state of what was being made
    again = Counting()
    record = prototypes(again, steps=12)
    assert record.scalars == expected.scalars
    assert all(record.tables[name].equals(table) for name, table in expected.tables.items())
    assert again.runs < whole.runs / 2
    assert not list(cache.rglob("*.*"))


def test_hooks_are_gone_after_an_exception() -> None:
    network = Counting(ArithmeticError, 20)
    with pytest.raises(RuntimeError, match="analysis 'prototypes' failed to conclude: stop"):
        prototypes(network, steps=20)
    assert not hooks_of(network)
    assert not any(weight.grad is not None for weight in network.parameters())


def test_a_later_epoch_goes_on_from_the_prototypes_of_the_one_before() -> None:
    network = Counting()
    first = prototypes(network, steps=30, warm_steps=3, plain=None)
    runs, network.runs = network.runs, 0
    warm = prototypes(network, steps=30, warm_steps=3, plain=None, previous={"prototypes": first}, epoch=1)
    assert network.runs < runs - 20
    assert [row["steps"] for row in rows_of(warm, "prototypes")] == [3, 3, 3]
    assert warm.settings["started_from"] == 0
    for before, after in zip(rows_of(first, "prototypes"), rows_of(warm, "prototypes"), strict=True):
        apart = np.abs(picture(before["picture"]).astype(int) - picture(after["picture"])).mean()
        assert 0 < apart < 40
    anew = prototypes(network, steps=30, warm_steps=None, plain=None, previous={"prototypes": first}, epoch=1)
    assert anew.tables["prototypes"].equals(first.tables["prototypes"])


@pytest.mark.parametrize("changed", [{"targets": ["class:red", "unit:act:1"]}, {"copies": 2}])
def test_what_has_no_earlier_prototype_starts_anew(changed: dict[str, Any]) -> None:
    first = prototypes(plain=None)
    other = prototypes(plain=None, warm_steps=2, previous={"prototypes": first}, epoch=1, **changed)
    assert {row["steps"] for row in rows_of(other, "prototypes")} == {4}


def test_a_rate_that_was_searched_is_gone_on_with() -> None:
    recipe = Recipe(rate=None, steps=6)
    first = prototypes(recipe=recipe, steps=None, plain=None, targets=["class:red"])
    warm = prototypes(recipe=recipe, steps=None, plain=None, targets=["class:red"], previous={"prototypes": first})
    assert rows_of(warm, "prototypes")[0]["rate"] == pytest.approx(rows_of(first, "prototypes")[0]["rate"])


@pytest.mark.parametrize("network", [Colourist(), Colourist(compete=True)], ids=["relu", "lwta"])
def test_a_recipe_may_hold_images_to_natural_pictures(network: nn.Module) -> None:
    plain = Recipe(steps=30, natural=Natural())
    targets = ["class:red", "unit:act:1"]
    free, held = (
        prototypes(network, recipe=recipe, steps=None, plain=None, targets=targets)
        for recipe in (plain, Recipe(steps=30, natural=Natural(path=20.0, colours=5.0)))
    )
    pixels = torch.stack([Colours()[place]["image"] for place in range(60)]).float() / 255
    for name in targets:
        apart = []
        for record in (free, held):
            (row,) = rows_of(record, "prototypes", target=name)
            made = picture(row["picture"]) / 255
            apart.append(np.abs(made.mean((0, 1)) - pixels.mean((0, 2, 3)).numpy()).sum())
        assert apart[1] < apart[0]


def test_values_on_natural_ground_are_between_the_mean_and_the_strongest() -> None:
    analysis = study(recipe="fourier")
    sweep(Colourist(), colours_loader(), [analysis], progress=False)
    assert analysis._stream.compute().ground is None  # nothing asks for it
    analysis = study(recipe=Recipe(natural=Natural(path=1.0)), layers=["mix", "act"])
    sweep(Colourist(), colours_loader(), [analysis], progress=False)
    ground = analysis._stream.compute().ground
    assert ground is not None
    assert {layer: ground.axes[layer] for layer in ground.heard(Natural(path=1.0))} == {"mix": 1, "act": 1}
    logits = Colourist().eval()(torch.stack([Colours()[place]["image"] for place in range(60)]).float() / 255)
    for number, name in enumerate(CLASSES):
        mean, best = ground.scales[f"class:{name}"]
        assert mean == pytest.approx(logits[:, number].mean().item(), rel=1e-5)
        assert best == pytest.approx(logits[:, number].topk(3).values.mean().item(), rel=1e-5)


def test_layers_of_the_path_may_be_chosen() -> None:
    record = prototypes(layers=["act"], targets=["class:red"])
    assert record.settings["path"] == ["act"]
    assert {row["layer"] for row in rows_of(record, "naturalness")} == {"act"}


@pytest.mark.parametrize(("options", "said"), [
    ({"targets": []}, "one target at least"),
    ({"copies": 0}, "copies is 1 or more, got 0"),
    ({"steps": 0}, "steps is 1 or more, got 0"),
    ({"warm_steps": 0}, "warm_steps is 1 or more, got 0"),
    ({"own": "labeled"}, "'labeled'; nearest: labelled"),
    ({"reading": "center"}, "'center'; nearest: centre"),
    ({"recipe": "marco"}, "'marco'; nearest: maco"),
    ({"layers": {"act": 0}}, "axis 1, 2, 3 or -1"),
])  # fmt: skip
def test_arguments_out_of_bounds_are_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Prototypes(**options)


@pytest.mark.parametrize(("target", "said"), [
    ("class:rad", "'rad' is none of the 3 classes; nearest: red"),
    ("unit:akt:0", "close are act"),
    ("unit:act:6", "act has 6 units, 0 to 5"),
    ("concept:red:0", "no record of a ConceptExtraction was given"),
    ("unti:act:0", "nearest kind: unit"),
])  # fmt: skip
def test_unknown_targets_are_refused_before_anything_runs(target: str, said: str) -> None:
    network = Counting()
    with pytest.raises(ValueError, match=said):
        prototypes(network.inner, targets=[target])


def test_a_direction_that_its_layer_does_not_have_is_refused_at_the_start(tmp_path: Path) -> None:
    (found,) = sweep(Colourist(), colours_loader(), [ConceptExtraction(["act"], concepts=2)], progress=False)
    target = f"direction:act@{found.save(tmp_path)}:6"
    with pytest.raises(ValueError, match="has 6 directions, 0 to 5"):
        prototypes(targets=[target])


def test_a_network_of_a_fixed_size_is_told_by_what_it_takes() -> None:
    class Fixed(Colourist):
        def forward(self, images: Tensor) -> Tensor:
            if images.shape[-1] != 32:
                raise AssertionError("pictures are 32 wide")
            return super().forward(images)

    with pytest.raises(ValueError, match="cannot take pictures of 16 × 16 pixels: pictures are 32 wide"):
        prototypes(Fixed())


def test_many_draws_of_a_network_that_draws_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match="give draws=1"):
        prototypes(draws=2)


def test_memory_is_bounded_by_targets_and_the_reservoir() -> None:
    analysis = study(examples=Examples(own=5, others=5, reservoir=20))
    sweep(Colourist(), colours_loader(60), [analysis], progress=False)
    kept = analysis._stream._pictures
    assert kept._reservoir.compute().values.shape == (20, 3)
    assert kept._others.keys.shape == (3, 10)
    assert FEW.reservoir == 40
