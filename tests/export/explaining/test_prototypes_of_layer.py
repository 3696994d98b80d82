"""Nearest prototypes: a picture is nearest to itself, and to what is like it in the layer wherever it lies."""

from __future__ import annotations

import pyarrow as pa
import pytest
import torch
from scipy.stats import spearmanr
from torch import Tensor

from rivalry.export.explaining import explain, prototypes
from rivalry.export.folder import DissectedLayer
from rivalry.recording.thumbnails import png
from rivalry.records import Record
from tests.export.explaining.stand_in import Pictured, checkpoint, noise, pictured


def record(pictures: list[Tensor], method: str = "prototype") -> Record:
    """A record of prototypes, one a class."""
    rows = [{"target": f"class:{place}", "method": method, "picture": png(one)} for place, one in enumerate(pictures)]
    rows.append({"target": "class:dead", "method": method, "picture": None})
    return Record("made", 3, 60, tables={"prototypes": pa.Table.from_pylist(rows)})


def test_a_picture_is_nearest_to_itself() -> None:
    pictures = noise(40)  # more than are shown to the network at once
    made = pictured(records={"made": record(pictures)})
    for place in (0, 33):
        near = explain(made, [pictures[place]])[0].prototypes
        assert near is not None
        assert (near.record, near.layer) == ("made", "late")
        assert near.nearest[0].target == f"class:{place}"
        assert near.nearest[0].similarity == pytest.approx(1.0)
        assert near.nearest[0].picture == png(pictures[place])
        likeness = [one.similarity for one in near.nearest]
        assert likeness == sorted(likeness, reverse=True)
        assert len(near.nearest) == 4


def test_similarity_is_spearmans_of_means_over_places() -> None:
    first, second = noise(2)
    made = pictured(records={"made": record([second])})
    heard: list[Tensor] = []
    hook = made.network.get_submodule("late").register_forward_hook(lambda _m, _i, output: heard.append(output))
    made.logits(torch.stack([first, second]))
    hook.remove()
    wanted = spearmanr(*heard[0].mean((2, 3)).numpy()).statistic
    near = explain(made, [first])[0].prototypes
    assert near is not None
    assert near.nearest[0].similarity == pytest.approx(float(wanted), abs=1e-6)


class Counting(Pictured):
    """Counts the pictures that it is shown."""

    seen = 0

    def forward(self, images: Tensor) -> Tensor:
        self.seen += len(images)
        return super().forward(images)


def test_of_many_prototypes_a_picture_is_compared_with_some_and_with_those_of_its_likeliest_classes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(prototypes, "PIXELS", 8 * 8 * 6)
    many = record(noise(500)).tables["prototypes"].to_pylist()
    many[123]["target"], many[321]["target"] = "class:boat", "class:tree"
    kept = Record("made", 3, 60, tables={"prototypes": pa.Table.from_pylist(many)})
    pictures = noise(3, seed=1)
    network = Counting()
    made = checkpoint(network, {"late": DissectedLayer(12, 3, 1, True)}, records={"made": kept})
    told = [one.prototypes for one in explain(made, pictures)]
    assert network.seen == 1 + 3 + 6  # a blank picture, the pictures, and six of the prototypes for all of them
    for near in told:
        assert near is not None
        assert (near.compared, near.known) == (6, 500)
    monkeypatch.setattr(prototypes, "NEAREST", 6)
    (near,) = (one.prototypes for one in explain(made, pictures[:1]))
    assert near is not None
    assert {"class:boat", "class:tree"} < {one.target for one in near.nearest}
    again = explain(made, pictures)[0].prototypes
    assert again == near  # whatever stands beside it


def test_few_prototypes_are_all_compared() -> None:
    near = explain(pictured(records={"made": record(noise(40))}), noise())[0].prototypes
    assert near is not None
    assert (near.compared, near.known) == (40, 40)


def test_prototypes_of_another_size_are_shown_at_the_networks() -> None:
    (large,) = noise(side=32)
    near = explain(pictured(records={"made": record([large])}), noise())[0].prototypes
    assert near is not None
    assert [one.target for one in near.nearest] == ["class:0"]


def test_a_prototype_that_cannot_be_read_is_told() -> None:
    spoilt = record(noise(2))
    rows = spoilt.tables["prototypes"].to_pylist()
    rows[1]["picture"] = rows[1]["picture"][:60]
    spoilt.tables["prototypes"] = pa.Table.from_pylist(rows)
    with pytest.raises(ValueError, match="record 'made' has a picture of 'class:1' that cannot be read"):
        explain(pictured(records={"made": spoilt}), noise())


def test_without_ours_there_are_none() -> None:
    assert explain(pictured(records={"made": record(noise(), "fourier")}), noise())[0].prototypes is None
    other = Record("other", 3, 60, tables={"prototypes": pa.table({"target": ["x"]})})
    assert explain(pictured(records={"other": other}), noise())[0].prototypes is None
