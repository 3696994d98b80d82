"""The analysis as a whole: what it finds, what it must not look at, and what it leaves behind."""

from __future__ import annotations

import copy
import math
from typing import Any

import numpy as np
import pytest
import timm
import torch
from torch import nn
from torch.utils.data import DataLoader

from rivalry.clusters import ActivationClusters
from rivalry.data.picturebook import PictureBook
from rivalry.recording import sweep
from rivalry.records import Record
from tests.clusters.pictures import Colours, Patches, patches_loader
from tests.recording.tiny import hooks_of

LAYERS = {"fine": 1, "mix": 1}


def clustered(network: nn.Module | None = None, loader: DataLoader[Any] | None = None, **options: Any) -> Record:
    analysis = ActivationClusters(options.pop("layers", LAYERS), options.pop("clusters", 3), **options)
    (record,) = sweep(network or Colours(), loader or patches_loader(), [analysis], progress=False)
    return record


def labels_of(record: Record, layer: str = "all") -> np.ndarray:
    rows = [row["labels"] for row in record.tables["maps"].to_pylist() if row["layer"] == layer]
    return np.stack([np.frombuffer(row, np.uint8).reshape(record.settings["grid"]) for row in rows])


@pytest.mark.parametrize("joint", [False, True])
def test_patches_of_colour_are_found_in_pictures_that_are_not_square(joint: bool) -> None:
    record = clustered(joint=joint, layers={"fine": 1})
    assert record.settings["grid"] == [8, 12]
    expected = torch.stack([Patches().parts(index)[::4, ::4] for index in range(6)]).numpy()
    assert np.array_equal(labels_of(record), expected)  # the largest first: ground, box, lid
    for name in ("miou", "ari", "majority_accuracy", "corloc_oracle"):
        assert record.scalars[name] == 1.0
        assert name in record.tables["images"].column_names
    assert record.settings["truth"] == ["part+object+scene"]


def test_the_silhouette_finds_the_number_of_patches() -> None:
    for joint in (False, True):
        record = clustered(clusters="auto", joint=joint, layers={"fine": 1})
        assert record.tables["images"]["clusters"].to_pylist() == [3] * 6
        assert record.scalars["clusters"] == 3.0


@pytest.mark.parametrize("joint", [False, True])
def test_no_truth_leaks_into_clusters_or_their_number(joint: bool) -> None:
    records = [
        clustered(loader=loader, clusters="auto", joint=joint)
        for loader in (patches_loader(), patches_loader(lie=True), patches_loader(masks=False))
    ]
    assert records[0].scalars["miou"] != records[1].scalars["miou"]  # the masks did differ
    for other in records[1:]:
        assert other.tables["maps"].equals(records[0].tables["maps"])


def test_without_masks_there_are_no_scores() -> None:
    record = clustered(loader=patches_loader(masks=False))
    assert record.scalars.keys() == {"clusters", "silhouette"}
    assert record.tables.keys() == {"maps", "images", "depths"}


def test_each_depth_is_clustered_alone() -> None:
    record = clustered()
    depths = {row["layer"]: row for row in record.tables["depths"].to_pylist()}
    assert list(depths) == ["fine", "mix"]
    assert depths["fine"]["miou"] == 1.0
    assert depths["mix"]["miou"] < 1.0  # a place there is as large as half a box
    assert depths["mix"]["ari_next"] is None
    assert 0 < depths["fine"]["ari_next"] < 1
    assert len(record.tables["maps"]) == 6 * 3


def test_floors_stand_beside_the_clusters_and_are_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    import rivalry.clusters.activation_clusters as module

    made: list[int] = []
    source = module.twin_source
    monkeypatch.setattr(module, "twin_source", lambda *given: made.append(1) or source(*given))
    analysis = ActivationClusters(LAYERS, 3)
    records = [sweep(Colours(), patches_loader(), [analysis], progress=False)[0] for _ in range(2)]
    assert len(made) == 1
    for record in records:
        scores = {row["method"]: row for row in record.tables["scores"].to_pylist()}
        assert list(scores) == ["clusters", "slic", "random"]
        assert scores["slic"]["miou"] == record.scalars["miou_slic"]
        assert scores["random"]["ari"] == record.scalars["ari_random"]
        assert all(0 <= record.scalars[f"miou_{floor}"] <= 1 for floor in ("slic", "random"))
    sweep(Colours(), patches_loader(7), [analysis], progress=False)
    assert len(made) == 2  # other pictures


def test_names_stay_from_epoch_to_epoch() -> None:
    first = clustered(seed=0)
    shuffled = Record(**{**first.__dict__, "tables": dict(first.tables)})
    names = np.array([2, 0, 1], np.uint8)
    rows = first.tables["maps"].to_pylist()
    for row in rows:
        row["labels"] = names[np.frombuffer(row["labels"], np.uint8)].tobytes()
    shuffled.tables["maps"] = type(first.tables["maps"]).from_pylist(rows, schema=first.tables["maps"].schema)
    analysis = ActivationClusters(LAYERS, 3)
    (second,) = sweep(Colours(), patches_loader(), [analysis], previous={"clusters": shuffled}, progress=False)
    assert np.array_equal(labels_of(second), names[labels_of(first)])
    assert second.scalars["drift_ari"] == 1.0
    assert "drift_ari" not in first.scalars
    (other,) = sweep(Colours(), patches_loader(5), [analysis], previous={"clusters": shuffled}, progress=False)
    assert "drift_ari" not in other.scalars  # of another data set


def test_batches_change_nothing() -> None:
    records = [clustered(loader=patches_loader(batch_size=size), clusters=4) for size in (1, 6)]
    assert records[0].tables["maps"].equals(records[1].tables["maps"])


def test_more_pictures_than_one_batch_of_theirs() -> None:
    record = clustered(loader=patches_loader(35), layers={"fine": 1})  # 32 are shown at once
    assert record.tables["images"]["miou"].to_pylist() == [1.0] * 35


def test_a_bounded_number_of_pictures_is_clustered() -> None:
    record = clustered(images=3, seed=1)
    index = record.tables["images"]["index"].to_pylist()
    assert len(index) == record.settings["pictures"] == 3
    assert index == sorted(torch.randperm(6, generator=torch.Generator().manual_seed(1))[:3].tolist())


@pytest.mark.parametrize("registers", [0, 4])
@pytest.mark.parametrize("class_token", [True, False])
def test_tokens_before_the_patches_are_no_places(registers: int, class_token: bool) -> None:
    network = timm.create_model(
        "vit_tiny_patch16_224", img_size=(64, 96), depth=3, reg_tokens=registers, class_token=class_token,
        global_pool="token" if class_token else "avg",
    )  # fmt: skip
    book = PictureBook(3, cache=False)
    pictures = [{**book[index], "image": torch.nn.functional.pad(book[index]["image"], (0, 32))} for index in range(3)]

    class Wide(Patches):
        def __getitem__(self, index: int) -> Any:
            return pictures[index]

    record = clustered(network, DataLoader(Wide(3, masks=False), batch_size=2), layers=None)
    assert record.settings["layers"] == ["blocks.0", "blocks.1", "blocks.2"]
    assert record.settings["grid"] == [4, 6]


def test_a_competing_network_with_batch_statistics_is_heard() -> None:
    book = PictureBook(4, masks=True, cache=False)
    record = clustered(timm.create_model("test_resnet", num_classes=16), DataLoader(book, batch_size=4), layers=None)
    assert record.settings["layers"] == ["layer2", "layer3", "layer4"]
    assert not math.isnan(record.scalars["miou_random"])


def test_the_network_stays_as_it_was() -> None:
    network = timm.create_model("test_resnet", num_classes=16).train()
    before = copy.deepcopy(network.state_dict())
    random = torch.get_rng_state()
    clustered(network, DataLoader(PictureBook(4, masks=True, cache=False), batch_size=2), layers=None)
    assert hooks_of(network) == 0
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert network.training
    assert torch.equal(torch.get_rng_state(), random)


def test_hooks_are_gone_after_an_exception(monkeypatch: pytest.MonkeyPatch) -> None:
    import rivalry.clusters.activation_clusters as module

    network = Colours()
    monkeypatch.setattr(module, "overlay_sheet", lambda *_: 1 / 0)
    with pytest.raises(RuntimeError, match="failed to conclude: division by zero"):
        clustered(network)
    assert hooks_of(network) == 0


def test_k_is_chosen_among_what_there_are_places_for() -> None:
    network = nn.Sequential(nn.AvgPool2d(16), nn.Conv2d(3, 4, 1), nn.Flatten(), nn.Linear(24, 2))
    record = clustered(network, layers={"1": 1}, clusters="auto", truth=["part+scene"])
    assert record.settings["grid"] == [2, 3]
    assert record.settings["candidates"] == [2, 3, 4, 5, 6]
    assert clustered(network, layers={"1": 1}, clusters=36, joint=True).settings["candidates"] == [36]
    with pytest.raises(ValueError, match=r"6 places \(2 × 3 a picture\) cannot be parted into 7 clusters"):
        clustered(network, layers={"1": 1}, clusters=7)
    with pytest.raises(ValueError, match=r"36 places \(2 × 3 a picture\) cannot be parted into 37 clusters"):
        clustered(network, layers={"1": 1}, clusters=37, joint=True)


def test_more_label_maps_than_can_be_kept_are_refused_before_the_pass() -> None:
    class Endless(Patches):
        def __len__(self) -> int:
            return 10**8

    with pytest.raises(ValueError, match=r"the limit is 2\.0 GiB"):
        clustered(loader=DataLoader(Endless(), batch_size=2), images=10**8)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"clusters": 1}, "clusters is a number from 2 to 255, or 'auto'; got 1"),
        ({"clusters": "many"}, "got 'many'"),
        ({"images": 0}, "images is 1 or more, got 0"),
        ({"seed": -1}, "seed is 0 or more, got -1"),
        ({"truth": "part"}, "truth is a list"),
        ({"truth": ["part", "scene", "part"]}, "every truth is named once"),
        ({"clusters": 97}, r"96 places \(8 × 12 a picture\) cannot be parted into 97 clusters"),
        ({"truth": ["part+colour"]}, "names 'colour', of which the masks tell nothing"),
        ({"layers": ["fin"]}, "fine"),
        (
            {"layers": ["fine", "head"]},
            r"layer 'head' cannot be clustered: .* got shape \(1, 2\): tap a layer that still has places",
        ),
        ({"layers": None}, "Colours does not say what its stages are"),
    ],
)
def test_what_cannot_be_is_refused_before_the_pass(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        clustered(**options)


def test_masks_that_are_asked_for_must_be_there() -> None:
    with pytest.raises(ValueError, match="needs masks"):
        clustered(loader=patches_loader(masks=False), truth=["part+scene"])
