"""Explanations: repeatable, of what was asked, with labels and clusters, and the network as it was."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from PIL import Image
from torch import nn
from torch.utils.data import DataLoader

from rivalry.clusters import ActivationClusters
from rivalry.clusters.tables import ALL, unpack_labels
from rivalry.data.dataset import ImageDataset, Sample
from rivalry.export.explaining import explain
from rivalry.lwta.layer import competitions, evaluating
from rivalry.recording import sweep
from tests.export.explaining.stand_in import CLASSES, Pictured, checkpoint, noise, pictured


class Given(ImageDataset):
    """One picture as a data set."""

    classes = ()

    def __init__(self, picture: torch.Tensor) -> None:
        self.picture = picture

    @property
    def fingerprint(self) -> str:
        return "one picture"

    def __len__(self) -> int:
        return 1

    def __getitem__(self, index: int) -> Sample:
        return Sample(image=self.picture, index=index)


def test_the_same_picture_has_the_same_explanation_whatever_was_drawn_or_stands_beside() -> None:
    pictures = noise(3)
    made = pictured()
    first = explain(made, pictures)
    torch.manual_seed(99)
    again = explain(made, pictures[1:])
    assert [one.to_json()["layers"] for one in first[1:]] == [one.to_json()["layers"] for one in again]
    assert [one.clusters for one in first[1:]] == [one.clusters for one in again]


def test_winners_are_those_of_argmax_also_where_the_network_would_draw_them() -> None:
    made = pictured()
    wanted = explain(made, noise())[0].to_json()
    with evaluating(made.network, "sample"):
        assert explain(made, noise())[0].to_json() == wanted
        assert {layer.evaluation_mode for layer in competitions(made.network).values()} == {"sample"}


def test_the_network_and_random_numbers_are_left_as_they_were() -> None:
    made = pictured()
    made.network.train()
    state = torch.get_rng_state()
    explain(made, noise())
    with pytest.raises(ValueError, match="is taken for just that"):
        explain(made, noise(), against=explain(made, noise())[0].predicted.number)
    assert torch.equal(state, torch.get_rng_state())
    assert made.network.training
    assert all(weight.requires_grad and weight.grad is None for weight in made.network.parameters())
    hooked = [name for name, module in made.network.named_modules() if module._forward_hooks]
    assert hooked == []


def test_it_explains_within_inference_mode() -> None:
    made = pictured()
    wanted = explain(made, noise())[0].to_json()
    with torch.inference_mode():
        assert explain(made, noise())[0].to_json() == wanted


def test_the_answer_is_the_networks() -> None:
    made, (picture,) = pictured(), noise()
    told = explain(made, [picture])[0]
    logits = made.logits(picture[None])[0]
    assert told.predicted.number == int(logits.argmax())
    assert told.predicted.name == CLASSES[told.predicted.number] == told.asked.why
    assert [one.logit for one in told.answers] == pytest.approx(sorted(logits.tolist(), reverse=True))
    assert sum(one.probability for one in told.answers) == pytest.approx(1.0)
    assert told.predicted.probability == pytest.approx(float(logits.softmax(0).max()))


def test_units_bear_their_labels_and_maps_show_where_they_won() -> None:
    (told,) = explain(pictured(), noise(), units=None)
    early, late = told.layers
    assert (early.layer, early.competitors, early.width) == ("early", 2, 8)
    assert (late.layer, late.competitors, late.width) == ("late", 3, 12)
    assert {one.unit: one.label for one in late.units if one.label} == {4: "wheel"}
    assert {one.label for one in early.units} == {""}
    drawn = [one for one in late.units if one.map is not None]
    assert [one.unit for one in drawn] == [one.unit for one in late.units[:4]]
    for one in drawn:
        assert one.map is not None
        assert one.map.shape == (4, 4)
        assert (one.map != 0).mean() == pytest.approx(one.win_share)
        assert one.map[one.map != 0].mean() == pytest.approx(one.strength, rel=1e-5)
    assert late.won == len(late.units)
    assert sum(one.win_share for one in late.units) == pytest.approx(12 / 3)  # a winner in every block at every place


def test_a_layer_that_was_not_dissected_has_no_names() -> None:
    (told,) = explain(checkpoint(Pictured()), noise(), ["late"])
    assert {one.label for one in told.layers[0].units} == {None}


def test_layers_are_those_dissected_or_those_that_compete_or_those_named() -> None:
    assert [one.layer for one in explain(pictured(), noise())[0].layers] == ["early", "late"]
    assert [one.layer for one in explain(checkpoint(Pictured()), noise())[0].layers] == ["early", "late"]
    assert [one.layer for one in explain(pictured(), noise(), ["l*", "conv1"])[0].layers] == ["conv1", "late"]
    dense = checkpoint(nn.Sequential(nn.Conv2d(3, 3, 8), nn.Flatten()))
    with pytest.raises(ValueError, match=r"was dissected, and none competes: name layers$"):
        explain(dense, noise())
    acting = checkpoint(nn.Sequential(nn.Conv2d(3, 3, 8), nn.ReLU(), nn.Flatten()))
    with pytest.raises(ValueError, match=r"name layers, such as 1$"):
        explain(acting, noise())


def test_as_many_units_are_told_as_are_asked_for() -> None:
    few, more = (explain(pictured(), noise(), ["late"], units=count)[0].layers[0] for count in (2, None))
    assert few.units == more.units[:2]
    assert (few.total, few.to_cover, few.won) == (more.total, more.to_cover, more.won)


def test_clusters_are_those_of_the_analysis() -> None:
    made, (picture,) = pictured(), noise()[:1]
    analysis = ActivationClusters(["early", "late"], 3, images=1)
    loader = DataLoader(Given(picture), batch_size=1)
    (record,) = sweep(
        made.network,
        loader,
        [analysis],
        forward=lambda network, images: network(made.normalise(images)),
        progress=False,
    )
    told = explain(made, [picture], clusters=3)[0].clusters
    assert told is not None
    assert told.layers == ("early", "late")  # of a network that does not say its stages those that are explained
    assert torch.equal(torch.tensor(told.labels), unpack_labels(record, ALL)[0].long())
    assert explain(made, [picture], clusters=0)[0].clusters is None


def test_a_layer_without_places_is_explained_without_maps_and_clusters() -> None:
    made = checkpoint(nn.Sequential(nn.Conv2d(3, 4, 8), nn.Flatten(), nn.ReLU(), nn.Linear(4, 3)))
    (told,) = explain(made, noise(), ["2"])
    assert told.clusters is None
    assert all(one.map is None for one in told.layers[0].units)
    assert told.layers[0].exact


def test_json_holds_all_but_pictures() -> None:
    (told,) = explain(pictured(), noise(), against=None)
    value = json.loads(json.dumps(told.to_json(), allow_nan=False))
    assert list(value) == ["picture", "answers", "asked", "layers", "concepts", "clusters", "prototypes"]
    assert list(value["layers"][0]["units"][0]) == [
        "unit",
        "label",
        "confirmed",
        "strength",
        "win_share",
        "contribution",
    ]
    assert value["asked"]["against"] is None
    assert len(value["clusters"]["labels"]) == 8


def test_a_file_is_decoded_as_the_training_decodes(tmp_path: Path) -> None:
    made, (picture,) = pictured(), noise()
    file = tmp_path / "noise.png"
    Image.fromarray(picture.permute(1, 2, 0).numpy()).save(file)
    from_file, given = explain(made, [file])[0], explain(made, [picture])[0]
    assert from_file.picture == str(file)
    assert given.picture == "picture 0"
    assert from_file.to_json()["layers"] == given.to_json()["layers"]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"why": "ca"}, "no class is called 'ca'; nearest: car"),
        ({"against": 3}, "no class is called 3; nearest: .*; numbers are 0 to 2"),
        ({"why": "car", "against": "0"}, "asked why 'car' and not itself"),
        ({"layers": ["lat"]}, "no layer of Pictured is called 'lat'; close are late"),
        ({"layers": ["late@basis"]}, "'late@basis' is one of directions of another"),
        ({"units": 0}, "units are 1 or more, or None for all; got 0"),
        ({"clusters": -1}, "clusters are 1 or more, or 0"),
    ],
)
def test_bad_questions_are_refused_before_any_work(asked: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        explain(pictured(), [], **asked)  # type: ignore[arg-type]


def test_classes_of_one_name_are_asked_for_by_number() -> None:
    made = pictured(classes=("crane", "boat", "crane"))
    with pytest.raises(ValueError, match="classes 0, 2 are all called 'crane': give the number"):
        explain(made, noise(), why="crane")
    assert explain(made, noise(), why="2", against=0)[0].asked.why == "crane"


def test_a_picture_of_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match=r"uint8 \(3, 8, 8\), .* picture 0 is torch.uint8 \(3, 9, 9\)"):
        explain(pictured(), noise(side=9))
