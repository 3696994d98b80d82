"""Concepts of a picture: as the record that found them says of the same picture, and by hand."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader

from rivalry.concepts import ConceptExtraction
from rivalry.concepts.extraction import NMF, PCA, Extraction
from rivalry.export.explaining import explain
from rivalry.export.explaining.concepts import codes_of
from rivalry.export.loading import DissectedCheckpoint
from rivalry.recording import sweep
from rivalry.recording.directions import Directions
from rivalry.records import Record
from tests.export.explaining.stand_in import Copied, checkpoint, noise, pictured
from tests.recording.tiny import Tiles


def studied(made: DissectedCheckpoint, layer: str, extraction: Extraction) -> Record:
    """A record of the concepts of a checkpoint's network."""
    study = ConceptExtraction([layer], extraction, 3, images=40)
    loader = DataLoader(Tiles(40), batch_size=20)
    (record,) = sweep(
        made.network, loader, [study], forward=lambda network, images: network(made.normalise(images)), progress=False
    )
    return record


@pytest.mark.parametrize("extraction", [NMF(), PCA()])
def test_importance_is_that_of_the_record_for_the_same_picture(extraction: Extraction) -> None:
    made = pictured(classes=("plain", "bright", "none"))
    made.network.fc.bias.data.zero_()  # type: ignore[union-attr, operator]
    record = studied(made, "late", extraction)
    made.records["concepts"] = record  # type: ignore[index]
    rows = record.tables["pictures"].to_pylist()
    assert rows
    for row in rows[:6]:
        (told,) = explain(made, [Tiles(40)[row["index"]]["image"]], ["late"])
        (found,) = told.concepts
        assert told.predicted.number in (0, 1, 2)
        assert (found.record, found.layer) == ("concepts", "late")
        importance = {one.concept: one.importance for one in found.concepts}
        assert [importance[place] for place in range(3)] == pytest.approx(row["importance"], rel=1e-3, abs=1e-4)
        assert found.total == pytest.approx(sum(row["importance"]), rel=1e-3, abs=1e-4)
        sizes = [abs(one.importance) for one in found.concepts]
        assert sizes == sorted(sizes, reverse=True)
        assert all(one.crop is not None for one in found.concepts)


def by_hand(class_: str = "a", channels: int = 3) -> Record:
    """Two concepts of one class in the layer ``act``: red, and green."""
    weights = torch.eye(channels)[:, :2]
    keys = {"layer": ["act"] * 2, "class": [class_] * 2, "concept": [0, 1]}
    return Record(
        "mine",
        3,
        60,
        tables={
            "classes": pa.table({"layer": ["act"], "class": [class_]}),
            "concepts": pa.table({**keys, "unit": [0, 1], "name": ["red", None]}),
            "crops": pa.table({**keys, "rank": [0, 1], "picture": [b"png", b"other"]}),
            "directions": Directions(weights, torch.zeros(2), 1).rows("act"),
        },
        settings={"extraction": "NMF()"},
    )


def copied(record: Record) -> DissectedCheckpoint:
    network = Copied(nn.ReLU(), [[2.0, -1.0, 5.0], [0.0, 0.0, 0.0]], [0.5, 0.0])
    return checkpoint(network, classes=("a", "b"), records={"mine": record}, normalised=False)


def test_codes_times_gradient_by_hand() -> None:
    picture = torch.tensor([255, 51, 0], dtype=torch.uint8).view(3, 1, 1).expand(3, 8, 8).contiguous()
    (told,) = explain(copied(by_hand()), [picture], ["act"])
    (found,) = told.concepts
    assert [(one.concept, one.name) for one in found.concepts] == [(0, "red"), (1, None)]
    assert [one.code for one in found.concepts] == pytest.approx([1.0, 0.2])
    assert [one.importance for one in found.concepts] == pytest.approx([2.0, -0.2])
    assert found.codes == "non_negative"
    assert [one.crop for one in found.concepts] == [b"png", None]  # only the clearest crop


def test_codes_and_gradients_meet_place_by_place() -> None:
    class LeftAlone(Copied):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            seen = self.act(images)
            return self.fc(torch.cat([seen[..., :4], 0 * seen[..., 4:]], 3).mean((2, 3)))

    network = LeftAlone(nn.ReLU(), [[2.0, -1.0, 5.0], [0.0, 0.0, 0.0]], [0.5, 0.0])
    made = checkpoint(network, classes=("a", "b"), records={"mine": by_hand()}, normalised=False)
    picture = torch.zeros(3, 8, 8, dtype=torch.uint8)
    picture[0, :, :4], picture[0, :, 4:] = 255, 51  # red 1 at the left, and 0.2 where nobody reads it
    (found,) = explain(made, [picture], ["act"], why="a")[0].concepts
    assert {one.concept: one.importance for one in found.concepts} == pytest.approx({0: 2 * 0.5, 1: 0.0})
    assert found.concepts[0].code == pytest.approx(0.6)


def test_concepts_are_those_of_the_class_that_is_asked_for() -> None:
    assert explain(copied(by_hand("b")), noise(), ["act"], why="a")[0].concepts == ()
    assert len(explain(copied(by_hand("b")), noise(), ["act"], why="b")[0].concepts) == 1
    assert len(explain(copied(by_hand("1")), noise(), ["act"], why="b")[0].concepts) == 1  # classes without names


def test_importance_for_one_and_not_another_is_the_difference() -> None:
    against = explain(copied(by_hand()), noise(), ["act"], why="a", against="b")[0].concepts[0]
    alone = explain(copied(by_hand()), noise(), ["act"], why="a")[0].concepts[0]
    assert against.total == pytest.approx(alone.total)  # b has no weights


def test_concepts_of_another_network_are_refused() -> None:
    with pytest.raises(ValueError, match="concepts of 4 channels, and layer 'act' has 3: it is of another network"):
        explain(copied(by_hand(channels=4)), noise(), ["act"], why="a")
    lacking = by_hand()
    short = lacking.tables["directions"].filter(pc.field("unit") == 0)
    lacking.tables["directions"] = short
    with pytest.raises(ValueError, match="has 2 concepts of a class and directions of 1"):
        explain(copied(lacking), noise(), ["act"], why="a")


def test_products_and_least_squares_differ_where_concepts_are_not_at_right_angles() -> None:
    vectors = torch.tensor([[1.0, 0.0], [0.6, 0.8]])
    row = torch.tensor([[1.6, 0.8]])
    assert codes_of(row, vectors, "non_negative")[0].tolist() == pytest.approx([1.0, 1.0], abs=1e-4)
    assert codes_of(row, vectors, "product")[0].tolist() == pytest.approx([1.6, 1.6], abs=1e-6)
