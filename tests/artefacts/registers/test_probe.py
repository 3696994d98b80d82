"""RegisterProbe on a network in which outliers were planted, and on those that have none."""

import math
from typing import Any

import pytest
import timm
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from rivalry.artefacts import RegisterProbe
from rivalry.artefacts.registers.tables import COLUMNS
from rivalry.lwta.layer import evaluating
from rivalry.recording import Recording, sweep
from rivalry.recording.undisturbed import undisturbed
from rivalry.records import Record
from tests.artefacts.registers.planted import (
    BLOCK,
    PLACES,
    UNIT,
    Scenes,
    compete,
    hooks_of,
    learn_head,
    plant,
    scenes_loader,
    small_vit,
)


def probed(network: nn.Module, length: int = 80, **arguments: Any) -> Record:
    size = network.patch_embed.img_size if isinstance(network, timm.models.VisionTransformer) else (40, 40)
    (record,) = sweep(network, scenes_loader(length, size=size), [RegisterProbe(**arguments)], progress=False)
    return record


def by_layer(record: Record) -> dict[str, dict[str, Any]]:
    return {row["layer"]: row for row in record.tables["layers"].to_pylist()}


@pytest.fixture(scope="module")
def planted() -> Record:
    return probed(learn_head(plant(small_vit())))


@pytest.fixture(scope="module")
def plain() -> Record:
    return probed(learn_head(small_vit(reg_tokens=2)))


def test_planted_outliers_are_found_with_their_layer_and_place(planted: Record) -> None:
    rows = by_layer(planted)
    assert [row["shows_outliers"] for row in rows.values()] == [False, True, True, True]
    assert rows["blocks.0"]["outlier_fraction"] == 0
    for layer in ("blocks.1", "blocks.2", "blocks.3"):
        assert rows[layer]["outlier_fraction"] == pytest.approx(2 / 25)
        assert rows[layer]["images_with_outliers"] == 1
        assert rows[layer]["max_to_median"] > 100
    where = {
        (row["layer"], 5 * row["row"] + row["column"])
        for row in planted.tables["positions"].to_pylist()
        if row["outlier_share"] > 0
    }
    assert where == {(f"blocks.{layer}", place) for layer in (1, 2, 3) for place in PLACES}
    assert set(planted.tables["images"]["outliers"].to_pylist()) == {2}
    assert planted.settings["verdict"] == "outliers from blocks.1 to blocks.3, at most 8 % of the patches"
    assert planted.settings["origin_layer"] == f"blocks.{BLOCK}"
    assert planted.scalars["shows_outliers"] == 1
    assert planted.scalars["layers_with_outliers"] == 3


def test_what_is_said_of_planted_outliers(planted: Record) -> None:
    row = by_layer(planted)["blocks.1"]
    assert row["participation_outlier"] < 1.1 < 5 < row["participation_normal"]
    assert (row["massive_images"], row["massive_channel"]) == (1, 11)
    assert row["position_outlier"] > 0.4 > row["position_normal"] + 0.3  # they lie at two places, and tell which
    assert row["artefact_share"] == pytest.approx(1 / 5)
    assert row["artefact_lift"] == pytest.approx(2.5)
    assert row["artefact_share_permuted"] < 0.15
    assert row["enrichment_permuted"] == pytest.approx(1, abs=0.1)
    assert row["images_with_outliers_random"] == 0
    mass = [row[f"mass_{group}"] for group in ("class", "outlier", "normal")]
    assert sum(mass) == pytest.approx(1)
    assert row["mass_register"] is row["entropy_register"] is None


def test_they_are_one_units_doing_and_go_with_it(planted: Record) -> None:
    first = planted.tables["units"].to_pylist()[0]
    assert (first["layer"], first["unit"]) == (f"blocks.{BLOCK}", UNIT)
    assert first["outlier"] > 50 * first["normal"]
    assert [row["outlier_fraction_edited"] for row in by_layer(planted).values()] == [0, 0, 0, 0]
    assert planted.scalars["accuracy"] > 0.9
    assert planted.scalars["accuracy_edited"] > 0.9


def test_none_without(plain: Record) -> None:
    assert plain.settings["verdict"] == "none"
    assert plain.scalars["shows_outliers"] == plain.scalars["outlier_fraction"] == 0
    assert plain.tables["units"].num_rows == 0
    assert set(plain.tables["positions"]["outlier_share"].to_pylist()) == {0.0}
    for row in by_layer(plain).values():
        empty = [name for name in COLUMNS if "outlier" in name and "images" not in name and "fraction" not in name]
        assert {row[name] for name in empty} == {None}
        assert row["artefact_share"] is row["enrichment_permuted"] is row["outlier_fraction_edited"] is None
        assert row["enrichment_register"] > 0
    assert math.isnan(plain.scalars["accuracy_edited"])


def test_registers_are_probed_and_replaced_at_one_layer(plain: Record) -> None:
    rows, at = by_layer(plain), plain.settings["reliance_layer"]
    assert at == "blocks.1"
    for layer, row in rows.items():
        assert row["global_register"] is not None
        assert row["global_gap_register"] == pytest.approx(row["global_register"] - row["global_normal"])
        assert (row["reliance_register_mean"] is not None) == (layer == at)
        assert row["reliance_outlier_mean"] is None
    assert plain.scalars["reliance_register_shuffle"] == rows[at]["reliance_register_shuffle"]


@pytest.mark.parametrize(
    "arguments",
    [
        {"reg_tokens": 3},
        {"class_token": False, "reg_tokens": 4, "global_pool": "avg"},
        {"class_token": False, "global_pool": "avg"},
        {"img_size": (32, 56)},
    ],
)
def test_any_layout_of_tokens(arguments: dict[str, Any]) -> None:
    """With and without class token and registers, and on pictures that are not square."""
    network = plant(small_vit(**arguments))
    record = probed(network, length=48, sample=8)
    height, width = network.patch_embed.grid_size
    assert record.settings["tokens"] == {
        "class_token": arguments.get("class_token", True),
        "registers": arguments.get("reg_tokens", 0),
        "grid": [height, width],
    }
    where = {
        width * row["row"] + row["column"]
        for row in record.tables["positions"].to_pylist()
        if row["layer"] == "blocks.1" and row["outlier_share"] > 0
    }
    assert where == set(PLACES)
    row = by_layer(record)["blocks.1"]
    assert (row["mass_class"] is None) == (not arguments.get("class_token", True))
    assert (row["mass_register"] is None) == ("reg_tokens" not in arguments)
    assert (row["global_class"] is None) == (not arguments.get("class_token", True))


def test_units_that_compete() -> None:
    record = probed(learn_head(compete(plant(small_vit()))))
    assert record.settings["verdict"].startswith("outliers from blocks.1")
    assert by_layer(record)["blocks.1"]["outlier_fraction_edited"] == 0
    assert record.scalars["accuracy_edited"] >= record.scalars["accuracy"] - 0.1


class Normalised(nn.Module):
    """A network whose last block is behind the final LayerNorm, as ``forward_features`` gives it."""

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.network = network
        self.num_prefix_tokens, self.num_reg_tokens = 1, 0

    def forward(self, images: Tensor) -> Tensor:
        return self.network(images)


def test_the_final_norm_hides_norms_and_raw_outputs_show_them() -> None:
    network = Normalised(plant(small_vit()))
    record = probed(network, length=40, sample=8, layers=["network.blocks.3", "network.norm"])
    rows = by_layer(record)
    assert rows["network.blocks.3"]["outlier_fraction"] == pytest.approx(2 / 25)
    assert rows["network.norm"]["outlier_fraction"] == 0
    assert rows["network.norm"]["max_to_median"] < 1.2
    ours = RegisterProbe()
    ours.check(network.network, Scenes(1))
    assert ours.taps == tuple(f"blocks.{number}" for number in range(4))  # never the norm, unless it is named


def test_attention_that_cannot_be_heard_is_null_and_said() -> None:
    network = plant(small_vit())
    network.blocks[2].attn = Unheard()
    record = probed(network, length=40, sample=8)
    assert record.settings["attention_unknown"] == ["blocks.2"]
    rows = by_layer(record)
    assert rows["blocks.2"]["mass_class"] is rows["blocks.2"]["entropy_normal"] is None
    assert rows["blocks.2"]["outlier_fraction"] > 0
    assert rows["blocks.3"]["mass_class"] is not None


class Unheard(nn.Module):
    """Attention of another kind."""

    def forward(self, tokens: Tensor, attn_mask: Tensor | None = None, is_causal: bool = False) -> Tensor:
        return tokens.mean(1, keepdim=True).expand_as(tokens) * 0.1


def test_layers_within_blocks_are_replaced_too() -> None:
    """What comes before such a layer has other widths, and is not skipped."""
    layers = [f"blocks.{number}.mlp.fc1" for number in (1, 2, 3)]
    record = probed(learn_head(small_vit(reg_tokens=2)), length=40, sample=8, layers=layers)
    assert by_layer(record)[str(record.settings["reliance_layer"])]["reliance_register_mean"] is not None


def test_another_network_of_the_same_tokens_has_a_twin_of_its_own() -> None:
    probe, dense = RegisterProbe(sample=8), small_vit()
    found = []
    for network in (dense, compete(small_vit())):
        (record,) = sweep(network, scenes_loader(40), [probe], progress=False)
        found.append(record.tables["layers"]["max_to_median_random"].to_pylist())
    assert found[0] != found[1]


def test_a_transformer_with_batch_statistics_has_a_calibrated_twin() -> None:
    network = nn.Sequential(nn.BatchNorm2d(3), small_vit()).eval()
    record = probed(network, length=40, sample=8, layers=[f"1.blocks.{number}" for number in range(4)])
    assert min(row["max_to_median_random"] for row in record.tables["layers"].to_pylist()) > 1


def test_autocast_reaches_only_the_networks_own_work() -> None:
    def forward(heard: nn.Module, images: Tensor) -> Tensor:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return heard(images.float() / 255)

    network = plant(small_vit())
    (record,) = sweep(network, scenes_loader(40), [RegisterProbe(sample=8)], forward=forward, progress=False)
    row = record.tables["units"].to_pylist()[0]
    assert (row["layer"], row["unit"]) == (f"blocks.{BLOCK}", UNIT)
    assert row["normal"] != torch.tensor(row["normal"]).bfloat16().item()  # a mean of many, not rounded to 8 bits


def test_a_pass_that_draws_winners_gives_the_same_again() -> None:
    """Drawn winners at the end are drawn aside: every change of the network is judged by the same draws."""
    network = learn_head(compete(small_vit(reg_tokens=2)))
    recording = Recording(network, [RegisterProbe(sample=8), RegisterProbe(sample=8, name="again")], Scenes(40))
    with undisturbed(network), evaluating(network, "sample", seed=3), recording:
        for batch in scenes_loader(40):
            recording.observe(batch, network(batch["image"] / 255))
        first, second = recording.conclude(epoch=0, step=0)
    assert second.scalars == pytest.approx(first.scalars, nan_ok=True)


def test_a_cnn_is_refused_before_anything_runs() -> None:
    network = timm.create_model("test_resnet", num_classes=2)
    with pytest.raises(ValueError, match="registers are tokens of a vision transformer, and ResNet"):
        Recording(network, [RegisterProbe()], Scenes(4))
    with pytest.raises(ValueError, match="gives maps, as a CNN's layers do"):
        Recording(network, [RegisterProbe(["layer4"])], Scenes(4))
    with pytest.raises(ValueError, match=r"no layer of VisionTransformer is called 'block\.1'"):
        Recording(small_vit(), [RegisterProbe(["block.1"])], Scenes(4))


@pytest.mark.parametrize("arguments", [{"sample": 0}, {"images": 10, "sample": 11}, {"units": 0}])
def test_numbers_that_cannot_be_are_refused(arguments: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="wanted 1 ≤ sample ≤ images"):
        RegisterProbe(**arguments)


def test_the_network_and_its_logits_are_left_to_the_bit() -> None:
    network = plant(small_vit(reg_tokens=1))
    network.train()
    network.blocks[0].eval()
    state = {name: value.clone() for name, value in network.state_dict().items()}
    flags = [module.training for module in network.modules()]
    random, logits = torch.get_rng_state(), []

    def forward(heard: nn.Module, images: Tensor) -> Tensor:
        logits.append(heard(images.float() / 255))
        return logits[-1]

    sweep(network, scenes_loader(20), [RegisterProbe(sample=8)], forward=forward, progress=False)
    assert torch.equal(torch.get_rng_state(), random)
    assert [module.training for module in network.modules()] == flags
    assert all(torch.equal(value, state[name]) for name, value in network.state_dict().items())
    assert hooks_of(network) == 0
    assert all(block.attn.fused_attn for block in network.blocks)
    network.eval()
    with torch.no_grad():
        for batch, heard in zip(scenes_loader(20), logits[:2], strict=False):
            assert torch.equal(network(batch["image"].float() / 255), heard)


def test_hooks_are_gone_after_an_exception_at_the_end() -> None:
    network, calls = plant(small_vit()), 0

    def forward(heard: nn.Module, images: Tensor) -> Tensor:
        nonlocal calls
        calls += 1
        if calls > 4:  # two batches of the pass, then the sample
            raise RuntimeError("out of memory")
        return heard(images.float() / 255)

    with pytest.raises(RuntimeError, match="'registers' failed to conclude: out of memory"):
        sweep(network, scenes_loader(32), [RegisterProbe(images=32, sample=32)], forward=forward, progress=False)
    assert hooks_of(network) == 0


def test_the_random_twin_is_run_once_and_the_second_record_is_the_first() -> None:
    network, probe, twins = plant(small_vit()), RegisterProbe(sample=16), []

    def forward(heard: nn.Module, images: Tensor) -> Tensor:
        twins.append(heard is not network)
        return heard(images.float() / 255)

    def go() -> Record:
        (record,) = sweep(network, scenes_loader(32), [probe], forward=forward, progress=False)
        return record

    first, once = go(), sum(twins)
    second = go()
    assert once == sum(twins) == 1
    assert second.settings == first.settings
    assert second.scalars == pytest.approx(first.scalars, nan_ok=True)
    assert all(second.tables[name].equals(table) for name, table in first.tables.items())


def test_neither_batches_nor_order_matter() -> None:
    network = learn_head(plant(small_vit(reg_tokens=1)))
    records = []
    for loader in (
        DataLoader(Scenes(50), batch_size=7),
        DataLoader(Scenes(50), batch_size=50, shuffle=True, generator=torch.Generator().manual_seed(1)),
    ):
        (record,) = sweep(network, loader, [RegisterProbe(images=45, sample=20)], progress=False)
        records.append(record)
    first, second = records
    assert second.settings == first.settings
    assert second.scalars == pytest.approx(first.scalars, rel=1e-4, abs=1e-6, nan_ok=True)
    assert first.settings["images"] == 45
    assert len(first.settings["index"]) == 20  # type: ignore[arg-type]


def test_a_pass_that_is_cut_short() -> None:
    network, dataset = plant(small_vit()), Scenes(60)
    recording = Recording(network, [RegisterProbe(sample=10)], dataset)
    with torch.no_grad(), recording:
        for batch in (next(iter(DataLoader(dataset, batch_size=8))),):
            recording.observe(batch, network(batch["image"] / 255))
        (record,) = recording.conclude(epoch=0, step=0)
    assert record.settings["images"] == 8
    assert sorted(record.settings["index"]) == list(range(8))  # type: ignore[arg-type,type-var]


def test_labels_of_other_classes_leave_accuracies_unknown() -> None:
    record = probed(plant(small_vit(num_classes=5)), length=48, sample=8)
    assert math.isnan(record.scalars["accuracy"])
    assert by_layer(record)["blocks.1"]["global_outlier"] is not None
