"""The analysis as a whole: what it finds, what it leaves behind, and what it refuses."""

from __future__ import annotations

import copy
import io
import math
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import DataLoader

from rivalry.basis import InterpretableBasis, NetworkDissection
from rivalry.basis.rotation import Recipe
from rivalry.concepts import ConceptExtraction
from rivalry.concepts import concept_extraction as analysis_module
from rivalry.concepts.extraction import PCA, Basis, KMeans, NaturalUnits
from rivalry.concepts.importance import IntegratedGradients, Occlusion, Saliency
from rivalry.concepts.record.schemas import CLASS_TABLES, CONCEPTS, SHARED
from rivalry.data import Watermark, Watermarked
from rivalry.data.dataset import Sample
from rivalry.data.vocabulary import Vocabulary
from rivalry.lens.class_page import shows_concepts
from rivalry.lwta.layer import LWTA
from rivalry.recording import Activity, sweep
from rivalry.records import Record
from tests.basis.mixtures import Mixing, fields_loader
from tests.concepts.planted import CLASSES, SIDE, Colourist, Colours, colours_loader, found, rows_of
from tests.recording.tiny import hooks_of

SMALL_CLIP = "local-dir:checkpoints/picturebook-clip"


@pytest.fixture(scope="module")
def planted() -> Record:
    return found(compared=[KMeans(), NaturalUnits()], importances=[Occlusion(), Saliency()])


def test_tables_are_those_of_the_schemas(planted: Record) -> None:
    tables = {name: schema for name, schema in CLASS_TABLES.items() if name not in ("concepts", "kept")}
    assert planted.tables.keys() == {*tables, "concepts", "shared", "directions"}
    assert all(planted.tables[name].schema == schema for name, schema in tables.items())
    assert planted.tables["concepts"].schema == CONCEPTS
    assert planted.tables["shared"].schema == SHARED
    assert shows_concepts(planted)


def test_the_colour_of_a_class_counts_most_for_it(planted: Record) -> None:
    for number, name in enumerate(CLASSES):
        rows = rows_of(planted, "concepts", **{"class": name})
        assert [row["concept"] for row in rows] == [0, 1, 2]
        best = max(rows, key=lambda row: row["share"])
        assert best["aligned_classes"][0] == name
        assert best["prevalence"] == max(row["prevalence"] for row in rows)
        weights = planted.tables["directions"]["weights"].to_pylist()[best["unit"]]
        assert int(np.argmax(weights)) % 3 == number


def test_shares_and_what_is_unexplained_make_the_logit(planted: Record) -> None:
    for row in rows_of(planted, "classes"):
        concepts = rows_of(planted, "concepts", **{"class": row["class"]})
        assert sum(one["share"] for one in concepts) + row["unexplained"] == pytest.approx(1)
        assert sum(one["contribution"] for one in concepts) == pytest.approx(row["logit"] * (1 - row["unexplained"]))
        for one in concepts:  # the linear case
            assert one["importance"] == pytest.approx(one["contribution"], rel=1e-4, abs=1e-6)
            product = one["linear_prevalence"] * one["linear_reliability"]
            assert one["contribution"] == pytest.approx(product, rel=1e-4, abs=1e-6)


def test_every_natural_unit_together_explains_all_but_the_bias() -> None:
    network = Colourist()
    record = found(network, extraction=NaturalUnits(), concepts=6)
    for number, row in enumerate(rows_of(record, "classes")):
        assert row["relative_l2"] == pytest.approx(0, abs=1e-6)
        assert row["unexplained"] == pytest.approx(network.head.bias[number].item() / row["logit"], abs=1e-4)


def test_an_image_that_is_wrong_lowers_the_accuracy_of_its_class() -> None:
    record = found(loader=colours_loader(wrong=4))
    for row in rows_of(record, "classes"):
        pictures = rows_of(record, "pictures", **{"class": row["class"]})
        assert row["accuracy"] == pytest.approx(sum(one["correct"] for one in pictures) / len(pictures))
        assert row["accuracy"] == 0.75
        assert {one["label"] for one in pictures if one["correct"]} == {row["class"]}
        assert {one["label"] for one in pictures if not one["correct"]}.isdisjoint({row["class"]})
        concepts = rows_of(record, "concepts", **{"class": row["class"]})
        known = [one for one in concepts if one["reliability"] is not None]
        assert sum(one["prevalence"] * one["reliability"] for one in known) == pytest.approx(0.75)


def test_crops_show_what_they_say(planted: Record) -> None:
    colours = Colours()
    rows = rows_of(planted, "crops")
    assert max(row["rank"] for row in rows) == 9
    for row in rows[::7]:
        image = colours[row["index"]]["image"]
        crop = image[:, row["top"] : row["top"] + row["height"], row["left"] : row["left"] + row["width"]]
        shown = np.asarray(Image.open(io.BytesIO(row["picture"])))
        assert np.array_equal(shown, crop.permute(1, 2, 0).numpy())
        assert (row["height"], row["width"]) == (12, 12)
    for concept in range(3):
        codes = [row["code"] for row in rows if (row["class"], row["concept"]) == ("red", concept)]
        assert codes == sorted(codes, reverse=True)


def test_pictures_of_a_class_are_those_predicted_as_it(planted: Record) -> None:
    for number, name in enumerate(CLASSES):
        rows = rows_of(planted, "pictures", **{"class": name})
        assert [row["index"] for row in rows] == list(range(number, 60, 3))
        assert all(len(row["importance"]) == 3 for row in rows)
        assert [row["dominant"] for row in rows] == [int(np.argmax(row["importance"])) for row in rows]
        assert Image.open(io.BytesIO(rows[0]["thumbnail"])).size == (SIDE, SIDE)


def test_extractions_and_methods_are_judged_side_by_side(planted: Record) -> None:
    assert [row["extraction"] for row in rows_of(planted, "extractions", **{"class": "red"})] == [
        "nmf", "kmeans", "natural",
    ]  # fmt: skip
    rows = rows_of(planted, "importances", **{"class": "red"})
    assert [row["method"] for row in rows] == ["gradient_input", "occlusion", "saliency"]
    assert rows[0]["deletion"] == rows[1]["deletion"] == pytest.approx(rows[0]["optimum_deletion"])
    assert rows[0]["random_deletion"] >= rows[0]["deletion"]
    means = [row["stability"] for row in rows_of(planted, "extractions", extraction="nmf")]
    assert planted.scalars["stability"] == pytest.approx(sum(means) / 3)
    assert planted.scalars["classes"] == 3


def test_behind_further_layers_the_network_is_asked() -> None:
    network = Colourist(further=True)
    record = found(network, importance=IntegratedGradients(64))
    assert record.settings["linear"] == []
    for row in rows_of(record, "classes"):
        assert row["linear"] is False
        concepts = rows_of(record, "concepts", **{"class": row["class"]})
        assert {one["linear_prevalence"] for one in concepts} == {None}
        assert {one["aligned_classes"] is None for one in concepts} == {True}
        # Complete: what concepts add is the logit with all of them less that with none.
        codes = sum(one["contribution"] for one in concepts)
        assert codes == pytest.approx(_given_back(network, record, row["class"]), rel=1e-3)


def _given_back(network: Colourist, record: Record, name: str) -> float:
    """Mean logit where the layer gives what its concepts stand for, less that where it gives nothing."""
    own = [row["weights"] for row in record.tables["directions"].to_pylist()]
    units = [row["unit"] for row in rows_of(record, "concepts", **{"class": name})]
    concepts = torch.tensor([own[unit] for unit in units])
    index = [row["index"] for row in rows_of(record, "pictures", **{"class": name})]
    images = torch.stack([Colours()[place]["image"] for place in index]).float() / 255
    with torch.no_grad():
        maps = network.act(network.mix(network.pool(images)))
        rows = maps.movedim(1, 3).reshape(-1, 6).double()
        codes = torch.tensor(np.stack([_nnls(concepts.double(), row) for row in rows]))
        back = (codes @ concepts.double()).float().reshape(len(images), 4, 4, 6).movedim(3, 1)
        logits = [network.head(network.more(one).mean((2, 3)))[:, CLASSES.index(name)] for one in (back, 0 * back)]
    return float((logits[0] - logits[1]).mean())


def _nnls(concepts: Tensor, row: Tensor) -> Any:
    from scipy.optimize import nnls

    return nnls(concepts.T.numpy(), row.numpy())[0]


def test_units_that_compete_are_written_in_signed_concepts() -> None:
    record = found(Colourist(compete=True), compared=[NaturalUnits()])
    assert record.settings["competitors"] == {"act": 2}
    assert all(row["relative_l2"] < 0.5 for row in rows_of(record, "extractions", extraction="nmf"))


def test_draws_are_averaged_where_units_draw_their_winners() -> None:
    class Twice(Colourist):
        def __init__(self) -> None:
            super().__init__(compete=True)
            self.more = nn.Sequential(nn.Conv2d(6, 6, 1), LWTA(2, dim=1))

    once, again, more = (found(Twice(), mode="sample", draws=draws) for draws in (1, 1, 3))
    assert {row["draws"] for row in rows_of(more, "importances")} == {3}
    assert all(once.tables[name].equals(again.tables[name]) for name in once.tables)
    assert not once.tables["importances"].equals(more.tables["importances"])
    with pytest.raises(ValueError, match="no LWTA layer draws"):
        found(Twice(), draws=3)


def test_a_closed_form_is_drawn_once_and_several_draws_of_what_draws_nothing_are_refused() -> None:
    record = found(Colourist(compete=True), mode="sample", draws=3)
    assert {row["draws"] for row in rows_of(record, "importances")} == {1}
    with pytest.raises(ValueError, match="no LWTA layer draws"):
        found(draws=3)


def test_concepts_in_means_of_pictures() -> None:
    record = found(pooled=True, concepts=2)
    assert record.settings["pooled"] is True
    assert all(row["reason"] is None for row in rows_of(record, "classes"))
    assert not record.tables["directions"].equals(found(concepts=2).tables["directions"])


def test_a_layer_of_vectors_has_one_place() -> None:
    class Vectors(Colourist):
        def forward(self, images: Tensor) -> Tensor:
            logits: Tensor = self.head(self.more(self.act(self.mix(self.pool(images))).mean((2, 3))))
            return logits

    record = found(Vectors(), layers=["more"], compared=[PCA()])
    assert {row["linear"] for row in rows_of(record, "classes")} == {True}
    assert {(row["height"], row["width"]) for row in rows_of(record, "crops")} == {(SIDE, SIDE)}
    assert "directions" not in record.tables


def test_words_name_concepts() -> None:
    record = found(clip=SMALL_CLIP, vocabulary="picturebook", concepts=2)
    names = record.tables["concepts"]["name"].to_pylist()
    assert None not in names
    assert record.settings["vocabulary"]
    assert {"other_name", "name"} <= set(record.tables["shared"].column_names)
    assert set(record.tables["concepts"]["name"].to_pylist()) >= set(record.tables["shared"]["name"].to_pylist())


def test_concepts_of_a_basis_are_its_directions() -> None:
    analyses = [
        ConceptExtraction({"mix": 1}, concepts=3, compared=[Basis()]),
        InterpretableBasis({"mix": 1}, recipe=Recipe(epochs=3)),
    ]
    records = {record.name: record for record in sweep(Mixing(), fields_loader(), analyses, progress=False)}
    rows = rows_of(records["concepts"], "extractions", extraction="basis")
    assert rows
    assert all(row["reason"] is None and row["relative_l2"] < 1 for row in rows)


def test_other_analyses_hear_concepts_as_units(planted: Record, tmp_path: Path) -> None:
    folder = planted.save(tmp_path)
    (heard,) = sweep(Colourist(), colours_loader(), [Activity([f"act@{folder}"])], progress=False)
    assert len(heard.tables["units"]) == 9
    record = found(Mixing(), fields_loader(), layers={"mix": 1})
    folder = record.save(tmp_path / "fields")
    (heard,) = sweep(Mixing(), fields_loader(), [NetworkDissection({f"mix@{folder}": None})], progress=False)
    units = [row["unit"] for row in rows_of(record, "concepts")]
    assert [row["unit"] for row in heard.tables["units"].to_pylist()] == units


def test_strategies_tell_marked_pictures_where_there_are_marks() -> None:
    marked = Watermarked(Colours(), Watermark(size=0.9), share=0.5, target="red")
    record = found(loader=DataLoader(marked, batch_size=16))
    shares = {row["class"]: row["marked_share"] for row in rows_of(record, "classes")}
    pictures = rows_of(record, "pictures")
    assert sum(one["marked"] for one in pictures) == 10
    for name, share in shares.items():
        own = [one["marked"] for one in pictures if one["class"] == name]
        assert share == pytest.approx(sum(own) / len(own))
    assert found().tables["pictures"]["marked"].null_count == 60


def test_batches_change_nothing() -> None:
    records = [found(loader=colours_loader(batch_size=size)) for size in (7, 60)]
    for name, table in records[0].tables.items():
        assert table.equals(records[1].tables[name]), name


def test_classes_that_were_not_asked_for_are_left_out() -> None:
    whole, part = found(), found(classes=["blue"])
    assert [row["class"] for row in rows_of(part, "classes")] == ["blue"]
    assert rows_of(part, "importances") == rows_of(whole, "importances", **{"class": "blue"})
    assert all(row["similar"] == [] for row in rows_of(part, "concepts"))


def test_a_class_never_predicted_and_one_of_few_pictures_have_a_reason() -> None:
    class Biased(Colourist):
        def forward(self, images: Tensor) -> Tensor:
            logits = super().forward(images)
            logits[:, 2] -= 100
            return logits

    record = found(Biased(), colours_loader(length=10, classes=CLASSES), concepts=5, extraction=PCA())
    reasons = {row["class"]: row["reason"] for row in rows_of(record, "classes")}
    assert reasons["blue"] == "no picture was taken for the class"
    assert [name for name, reason in reasons.items() if reason is None] == ["red"] or reasons["green"] is None
    few = found(loader=colours_loader(length=6), concepts=3)
    assert {row["reason"] for row in rows_of(few, "classes")} == {
        "2 pictures were taken for the class, and 3 concepts want as many at least"
    }
    assert few.scalars["classes"] == 0
    assert not shows_concepts(few)


def test_activations_that_never_vary_have_a_reason() -> None:
    class Constant(Colourist):
        def __init__(self) -> None:
            super().__init__()
            self.still = nn.Identity()

        def forward(self, images: Tensor) -> Tensor:
            maps = self.act(self.mix(self.pool(images)))
            still = self.still(torch.ones_like(maps))
            logits: Tensor = self.head((maps * still).mean((2, 3)))
            return logits

    record = found(Constant(), layers=["still"])
    assert all("activations are the same" in row["reason"] for row in rows_of(record, "classes"))


def test_a_network_of_other_classes_has_no_accuracy() -> None:
    record = found(Colourist(classes=5))
    assert [row["class"] for row in rows_of(record, "classes")] == [str(number) for number in range(5)]
    assert {row["accuracy"] for row in rows_of(record, "classes")} == {None}
    assert {row["accuracy"] for row in rows_of(record, "strategies")} == {None}
    assert {row["reliability"] for row in rows_of(record, "concepts")} == {None}
    assert [row["class"] for row in rows_of(found(Colourist(classes=5), classes=["1"]), "classes")] == ["1"]


def test_pictures_without_labels_have_concepts_and_no_accuracy() -> None:
    class Unlabelled(Colours):
        classes = ()

        def __getitem__(self, index: int) -> Sample:
            sample = super().__getitem__(index)
            del sample["label"]
            return sample

    plain, record = found(), found(loader=DataLoader(Unlabelled(classes=()), batch_size=16))
    assert [row["class"] for row in rows_of(record, "classes")] == ["0", "1", "2"]
    for table, column in (("classes", "accuracy"), ("pictures", "label"), ("pictures", "correct")):
        assert set(record.tables[table][column].to_pylist()) == {None}
    assert record.tables["concepts"]["share"].equals(plain.tables["concepts"]["share"])
    assert shows_concepts(record)
    with pytest.raises(ValueError, match="'red' is none of the 0 classes; nearest: none"):
        found(loader=DataLoader(Unlabelled(classes=()), batch_size=16), classes=["red"])


def test_classes_of_one_name_are_told_apart() -> None:
    record = found(loader=colours_loader(classes=("crane", "crane", "blue")))
    assert [row["class"] for row in rows_of(record, "classes")] == ["crane (0)", "crane (1)", "blue"]
    assert set(record.tables["pictures"]["label"].to_pylist()) == {"crane (0)", "crane (1)", "blue"}
    (only,) = rows_of(
        found(loader=colours_loader(classes=("crane", "crane", "blue")), classes=["crane (1)"]), "classes"
    )
    assert only["class"] == "crane (1)"


def test_places_that_nothing_reads_have_a_reason() -> None:
    class ReadsOne(Colourist):
        def __init__(self) -> None:
            super().__init__()
            self.aside = nn.Identity()

        def forward(self, images: Tensor) -> Tensor:
            maps = self.act(self.mix(self.pool(images)))
            read = self.aside(torch.cat((maps, torch.ones_like(maps[..., :1])), 3))[..., -1]  # the column of ones alone
            logits: Tensor = self.head(maps.mean((2, 3))) + 0 * read.mean((1, 2))[:, None]
            return logits

    record = found(ReadsOne(), layers=["aside"])
    assert {row["reason"] for row in rows_of(record, "classes")} == {
        "no concept moves the logit: what stands behind the layer does not read these places of it"
    }


@pytest.mark.parametrize("further", [False, True])
def test_the_network_and_random_states_stay_as_they_are(further: bool) -> None:
    network = Colourist(compete=True, further=further).train()
    before = copy.deepcopy(network.state_dict())
    state, numbers = torch.get_rng_state(), np.random.get_state()[1].copy()
    found(network, compared=[KMeans()], importances=[Occlusion()])
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert network.training
    assert all(parameter.grad is None for parameter in network.parameters())
    assert hooks_of(network) == 0
    assert torch.equal(state, torch.get_rng_state())
    assert np.array_equal(numbers, np.random.get_state()[1])


def test_the_network_is_as_it_was_after_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    network = Colourist(further=True)
    forward = nn.Linear.forward

    def fails(*_: object, **__: object) -> None:
        raise ValueError("broken")

    monkeypatch.setattr(analysis_module, "study_class", fails)
    with pytest.raises(RuntimeError, match="failed to conclude: broken"):
        found(network)
    assert hooks_of(network) == 0
    assert nn.Linear.forward is forward


def test_a_study_that_was_stopped_goes_on_behind_the_classes_it_has_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study, seen = analysis_module.study_class, []
    monkeypatch.setenv("RIVALRY_CACHE", str(tmp_path))
    whole = found()
    stop_at: int | None = 1

    def studied(*given: Any) -> Any:
        class_ = given[-1]
        if class_ == stop_at:
            raise KeyboardInterrupt
        seen.append(class_)
        return study(*given)

    monkeypatch.setattr(analysis_module, "study_class", studied)
    with pytest.raises(KeyboardInterrupt):
        found()
    stop_at = None
    assert found().tables == whole.tables
    assert seen == [0, 1, 2]
    assert found(concepts=4).tables != whole.tables  # another study, and what is whole is forgotten
    assert found().tables == whole.tables
    assert seen == [0, 1, 2, 0, 1, 2, 0, 1, 2]
    assert not list((tmp_path / "concepts").iterdir())


def test_in_inference_mode_the_same_is_found() -> None:
    network = Colourist(further=True)
    plain = found(network)
    with torch.inference_mode():
        inferred = found(network)
    assert all(plain.tables[name].equals(inferred.tables[name]) for name in plain.tables)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"layers": ["acts"]}, "close are act"),
        ({"layers": ["act@basis"]}, "extraction.Basis"),
        ({"classes": ["rod"]}, "'rod' is none of the 3 classes; nearest: red"),
        ({"concepts": 7, "extraction": NaturalUnits()}, "at most 6"),
        ({"concepts": 0}, "concepts are 1 or more"),
        ({"images": 0}, "images is 1 or more, got 0"),
        ({"draws": 0}, "draws is 1 or more, got 0"),
        ({"drawn": -1}, "drawn is 0 or more"),
        ({"seed": -1}, "seed is 0 or more"),
        ({"compared": [KMeans(), KMeans()]}, "extractions need names of their own, got 'kmeans'"),
        ({"importances": [Occlusion(), Occlusion()]}, "importances need names of their own"),
        ({"clip": SMALL_CLIP}, "give a vocabulary too"),
        ({"vocabulary": "picturebook"}, "give a clip too"),
        ({"clip": SMALL_CLIP, "vocabulary": Vocabulary(("tree",))}, "two words at least"),
        ({"places": "position"}, "nearest: positions"),
        ({"places": "class_token"}, "class token"),
        ({"layers": ["head"]}, "gives the logits themselves"),
        ({"compared": [Basis()]}, "basis"),
    ],
)
def test_what_cannot_be_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        found(**options)


def test_a_layer_behind_which_nothing_follows_is_refused() -> None:
    class Aside(Colourist):
        def forward(self, images: Tensor) -> Tensor:
            maps = self.mix(self.pool(images))
            self.act(maps)
            logits: Tensor = self.head(maps.mean((2, 3)))
            return logits

    with pytest.raises(ValueError, match="do not depend on layer 'act'"):
        found(Aside())


def test_more_than_memory_holds_is_refused_before_anything_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analysis_module, "LIMIT", 10_000)
    with pytest.raises(ValueError, match=r"60 pictures of a class with their layers take .* give images=8 at most"):
        found(images=60)
    assert not math.isnan(found(images=8).scalars["relative_l2"])


def test_tables_survive_being_written(planted: Record, tmp_path: Path) -> None:
    again = Record.load(planted.save(tmp_path))
    assert all(
        isinstance(table, pa.Table) and table.equals(again.tables[name]) for name, table in planted.tables.items()
    )


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("further", [False, True])
def test_a_gpu_finds_what_the_cpu_finds(further: bool) -> None:
    options: dict[str, Any] = {"compared": [KMeans(), PCA()], "importances": [Occlusion(), IntegratedGradients()]}
    here, there = (
        found(network, **options) for network in (Colourist(further=further), Colourist(further=further).cuda())
    )
    for table, column in (("classes", "logit"), ("extractions", "relative_l2"), ("importances", "deletion")):
        values = [record.tables[table][column].to_pylist() for record in (here, there)]
        assert values[1] == pytest.approx(values[0], rel=1e-2, abs=1e-3), column
