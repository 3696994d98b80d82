"""The analysis as a whole: what its record holds, what it says of itself, and what it may not do."""

import math
from pathlib import Path

import pytest
import timm
import torch
from torch import nn

from rivalry.clip.towers import Clip, load_clip
from rivalry.data.vocabulary import Vocabulary
from rivalry.dissection.likeness import mean_cosine
from rivalry.dissection.neurons import NeuronDissection
from rivalry.dissection.similarity import Similarity, soft_wpmi
from rivalry.lens.drawable import shows_neurons
from rivalry.lwta import sparsify
from rivalry.recording import sweep
from rivalry.records import Record
from tests.clip.tiny_clip import encode_images
from tests.recording.tiny import Listener, Tiles, TinyNetwork, tiles_loader

WORDS = Vocabulary(("bright left", "nothing", "zebra", "a red car"))


def dissect(
    clip_folder: Path, network: nn.Module | None = None, *, samples: int = 9, masks: bool = False, **options: object
) -> Record:
    options = {"layers": ["compete", "rivals"], "top_k": 3, "vocabulary": WORDS, **options}
    analysis = NeuronDissection(clip=str(clip_folder), **options)
    (record,) = sweep(network or TinyNetwork(), tiles_loader(samples, masks=masks), [analysis], progress=False)
    return record


def test_every_unit_of_every_layer_has_a_row(clip_folder: Path) -> None:
    table = dissect(clip_folder).tables["units"]
    assert table.column_names == [
        "layer",
        "unit",
        "label",
        "score",
        "runner_up",
        "margin",
        "wins",
        "win_rate",
        "mean",
        "dead",
        "top_images",
        "clarity",
        "redundancy",
        "polysemanticity",
        "monosemanticity",
    ]
    rows = table.to_pylist()
    assert [(row["layer"], row["unit"]) for row in rows] == [("compete", u) for u in range(8)] + [
        ("rivals", u) for u in range(6)
    ]
    for row in rows:
        assert row["dead"] == (row["wins"] == 0) == (row["label"] == "") == (row["margin"] is None)
        assert len(row["top_images"]) == min(row["wins"], 3)
        if not row["dead"]:
            assert row["margin"] >= 0
            assert row["runner_up"] != row["label"]


def test_equals_a_plain_implementation(clip_folder: Path, clip: Clip) -> None:
    """Everything kept and computed at once, as the paper writes it, for a layer without ties."""
    network, listener = TinyNetwork(), Listener("compete")
    record = dissect(clip_folder, network, layers=["compete"])
    sweep(network, tiles_loader(9), [listener], progress=False)
    maps = torch.cat([seen.activations["compete"] for seen in listener.seen])
    pooled = maps.mean((2, 3)).masked_fill(~(maps != 0).any(3).any(2), -math.inf)
    top = pooled.topk(3, dim=0)
    indices = top.indices.masked_fill(top.values == -math.inf, -1).T
    cosines = encode_images(clip, Tiles(9).images) @ clip.encode_words(WORDS.words, ["{}"]).T
    scores = soft_wpmi(cosines, indices)
    rows = record.tables["units"].to_pylist()
    assert [row["top_images"] for row in rows] == [[i for i in unit if i >= 0] for unit in indices.tolist()]
    assert [row["wins"] for row in rows] == (maps != 0).any(3).any(2).sum(0).tolist()
    assert [row["win_rate"] for row in rows] == pytest.approx((maps != 0).float().mean((0, 2, 3)).tolist(), abs=1e-6)
    assert [row["mean"] for row in rows] == pytest.approx(maps.mean((0, 2, 3)).tolist(), abs=1e-6)
    living = [unit for unit, row in enumerate(rows) if not row["dead"]]
    assert [rows[unit]["label"] for unit in living] == [WORDS.words[scores[unit].argmax()] for unit in living]
    assert [rows[unit]["score"] for unit in living] == pytest.approx(scores.max(1).values[living].tolist(), abs=1e-4)


def test_labels_are_scored_a_layer_at_a_time(clip_folder: Path) -> None:
    both = dissect(clip_folder).tables["units"].to_pylist()
    alone = dissect(clip_folder, layers=["compete"]).tables["units"].to_pylist()
    assert alone == both[:8]


def test_dead_units_are_said_as_such(clip_folder: Path) -> None:
    network = TinyNetwork()
    with torch.no_grad():
        network.norm.bias[0], network.norm.bias[1] = -50.0, 50.0  # unit 0 never wins
    record = dissect(clip_folder, network, layers=["compete"])
    first, second = record.tables["units"].to_pylist()[:2]
    assert (first["dead"], first["label"], first["score"], first["top_images"]) == (True, "", None, [])
    assert second["wins"] == 9
    assert record.scalars["dead_units"] >= 1


def test_a_layer_where_all_are_dead_leaves_a_record_without_labels(clip_folder: Path) -> None:
    network = TinyNetwork()
    with torch.no_grad():
        network.dense.weight.zero_()
        network.dense.bias.fill_(-1.0)
    record = dissect(clip_folder, network, layers=["act"], masks=True)
    assert record.scalars["dead_units"] == record.scalars["units"] == 6
    assert math.isnan(record.scalars["mean_margin"])
    assert math.isnan(record.scalars["confirmed"])
    assert record.images == {}


def test_the_record_says_how_it_was_made(clip_folder: Path, clip: Clip) -> None:
    """Fault 2: the pass is deterministic or seeded, and the record says which."""
    settings = dissect(clip_folder).settings
    assert (settings["mode"], settings["seed"], settings["dataset"]) == ("argmax", 0, "tiles-9-0")
    assert settings["layers"] == ["compete", "rivals"]
    assert settings["sharpness"] == {"compete": 1.0, "rivals": 1.0}
    assert settings["clip"] == str(clip_folder)
    assert settings["clip_fingerprint"] == clip.fingerprint
    assert settings["vocabulary"] == WORDS.fingerprint
    assert settings["templates"] == ["{}"]
    assert settings["similarity"] == "soft_wpmi"
    assert settings["similarity_parameters"]["top_k"] == 3
    assert settings["pooling"] == "mean"


def test_the_same_pass_leaves_the_same_record(clip_folder: Path) -> None:
    torch.manual_seed(1)
    first = dissect(clip_folder, masks=True)
    torch.manual_seed(2)
    again = dissect(clip_folder, masks=True)
    assert again.tables == first.tables
    assert again.scalars == first.scalars


@pytest.mark.parametrize("similarity", ["cos_similarity", "cos_similarity_cubed", "rank_reorder", "wpmi"])
def test_every_similarity_names_units(clip_folder: Path, similarity: Similarity) -> None:
    record = dissect(clip_folder, similarity=similarity)
    assert {row["label"] for row in record.tables["units"].to_pylist()} <= {*WORDS.words, ""}
    assert record.scalars["mean_margin"] >= 0


@pytest.mark.parametrize("pooling", ["mean", "max", "win_rate"])
def test_every_pooling_ranks_images(clip_folder: Path, pooling: str) -> None:
    record = dissect(clip_folder, pooling=pooling)
    assert record.settings["pooling"] == pooling


def test_a_vision_transformer_by_its_class_token(clip_folder: Path) -> None:
    vit = timm.create_model("test_vit", img_size=32, num_classes=2)
    assert sparsify(vit, 4, ["blocks.*.mlp.act"])
    network = nn.Sequential(nn.Upsample(32), vit)
    options = {"layers": ["*.mlp.act"], "pooling": "class_token"}
    rows = dissect(clip_folder, network, **options).tables["units"].to_pylist()
    layers = [name for name, _ in network.named_modules() if name.endswith("mlp.act")]
    assert list(dict.fromkeys(row["layer"] for row in rows)) == layers
    winning = sum(row["win_rate"] for row in rows) / len(rows)
    assert winning == pytest.approx(0.25)  # one token a picture, one of four competitors


def test_only_images_that_matter_go_through_clip(clip_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    encoded: list[int] = []
    encode = Clip.encode_prepared

    def count(self: Clip, images: torch.Tensor) -> torch.Tensor:
        encoded.append(len(images))
        return encode(self, images)

    monkeypatch.setattr(Clip, "encode_prepared", count)
    table = dissect(clip_folder, samples=40, top_k=1).tables["units"]
    union = {index for row in table.to_pylist() for index in row["top_images"]}
    assert sum(encoded) == len(union) < 20


def test_masks_judge_the_labels(clip_folder: Path) -> None:
    """Some unit sees the brighter left half, whatever it is called; the labels are compared with such truth."""
    network = TinyNetwork()
    record = dissect(clip_folder, network, layers=["compete"], masks=True, samples=40)
    rows = record.tables["units"].to_pylist()
    best = max(rows, key=lambda row: row["pearson"])
    assert best["true_concept"] == "bright left"
    assert best["pearson"] > 0.6
    for row in rows:
        expected = row["true_concept"] == row["label"] != ""  # one concept of two ever varies
        assert row["confirmed"] == (None if row["dead"] else expected)
        assert (row["label_pearson"] is None) == (row["label"] in ("", "zebra", "a red car"))
    living = [row for row in rows if not row["dead"]]
    share = sum(row["confirmed"] for row in living) / len(living)
    assert record.scalars["confirmed"] == pytest.approx(share)
    known = [row for row in living if row["label_pearson"] is not None]
    assert record.scalars["label_pearson"] == pytest.approx(sum(row["label_pearson"] for row in known) / len(known))
    for name in ("auprc", "iou"):
        ranked = [row[f"label_{name}"] for row in known if row[f"label_{name}"] is not None]  # "nothing" is never shown
        assert record.scalars[f"label_{name}"] == pytest.approx(sum(ranked) / len(ranked))
        assert 0 < record.scalars[f"label_{name}_floor"] <= max(row[name] for row in living if row[name] is not None)
    assert record.settings["judging"] == {
        "best": 3,
        "iou_over": "as many images as show the concept",
        "sampled_images": {"compete": 40},
    }
    right = sum(row["true_concept"] == "bright left" for row in living)
    called = sum(row["label"] == "bright left" for row in living)
    assert record.scalars["confirmed_floor"] == pytest.approx(right * called / len(living) ** 2)


def test_images_of_a_unit_are_compared(clip_folder: Path, clip: Clip) -> None:
    """By the scores of the units' own pictures, and beside what any two pictures have in common."""
    record = dissect(clip_folder, layers=["compete"], samples=20)
    features = encode_images(clip, Tiles(20).images)
    rows = [row for row in record.tables["units"].to_pylist() if len(row["top_images"]) > 1]
    for row in rows:
        cosines = features[row["top_images"]] @ features[row["top_images"]].T
        count = len(cosines)
        assert row["clarity"] == pytest.approx(float(cosines.sum() - count) / (count * (count - 1)), abs=1e-5)
        assert -1 <= row["monosemanticity"] <= 1
        assert 0 <= row["polysemanticity"] <= 2
    assert record.scalars["clarity"] == pytest.approx(sum(row["clarity"] for row in rows) / len(rows))
    looked_at = sorted({index for row in record.tables["units"].to_pylist() for index in row["top_images"]})
    assert record.scalars["clarity_floor"] == pytest.approx(mean_cosine(features[looked_at]), abs=1e-5)
    assert record.settings["monosemanticity_over"] == "top images"
    assert dissect(clip_folder, similarity="cos_similarity").settings["monosemanticity_over"] == "all images"


def test_the_sheet_shows_the_clearest_units(clip_folder: Path) -> None:
    record = dissect(clip_folder, samples=9)
    sheet, settings = record.images["top_images"], record.settings["top_images"]
    rows = {(row["layer"], row["unit"]): row for row in record.tables["units"].to_pylist()}
    listed = [rows[one["layer"], one["unit"]] for one in settings["rows"]]
    assert [one["label"] for one in settings["rows"]] == [row["label"] for row in listed]
    assert len({row["label"] for row in listed}) == len(listed)
    assert [row["margin"] for row in listed] == sorted((row["margin"] for row in listed), reverse=True)
    assert listed[0]["margin"] == max(row["margin"] for row in rows.values() if row["margin"] is not None)
    assert sheet.shape == (len(listed) * 34 - 2, 8 * 34 - 2, 3)


@pytest.mark.parametrize("masks", [False, True])
def test_its_record_can_be_drawn(clip_folder: Path, tmp_path: Path, masks: bool) -> None:
    record = dissect(clip_folder, masks=masks)
    assert shows_neurons(record)
    assert shows_neurons(Record.load(record.save(tmp_path)))


def test_a_clip_that_inference_mode_has_loaded_serves_afterwards(clip_folder: Path) -> None:
    load_clip.cache_clear()
    with torch.inference_mode():  # as in a validation loop
        first = dissect(clip_folder, masks=True)
    assert dissect(clip_folder, masks=True).tables == first.tables
    clip = load_clip(str(clip_folder))
    assert not any(parameter.is_inference() for parameter in clip.model.parameters())


def test_it_saves_and_loads(clip_folder: Path, tmp_path: Path) -> None:
    record = dissect(clip_folder, masks=True)
    assert Record.load(record.save(tmp_path)).tables == record.tables


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"templates": ["a photo"]}, "templates are texts"),
        ({"vocabulary": Vocabulary(("sky",))}, "two words at least"),
        ({"vocabulary": "picturebok"}, "did you mean 'picturebook'"),
        ({"top_k": 0}, "1 or more; got 0"),
        ({"layers": {"compete": 0}}, "'compete' was given 0"),
    ],
)
def test_what_cannot_work_is_refused_at_once(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        NeuronDissection(**{"layers": ["compete"], "clip": "nowhere", "vocabulary": WORDS, **options})


@pytest.mark.parametrize(
    ("clip", "message"),
    [
        ("nowhere", "'nowhere' is neither a folder nor MODEL/WEIGHTS"),
        ("ViT-B-32/openia", "close are ViT-B-32/openai"),
        ("local-dir:nowhere", "nowhere lacks open_clip_config.json and open_clip_model.safetensors"),
        ("local-dir:${RIVALRY_TEST_UNSET}/clip", "RIVALRY_TEST_UNSET is not set"),
    ],
)
def test_a_wrong_clip_is_refused_before_anything_is_loaded(
    clip: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("open_clip.create_model", lambda *_, **__: pytest.fail("loaded"))
    with pytest.raises(ValueError, match=message):
        NeuronDissection(["compete"], clip, WORDS)


def test_half_a_clip_is_refused_at_once(clip_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "open_clip_config.json").write_bytes((clip_folder / "open_clip_config.json").read_bytes())
    with pytest.raises(ValueError, match=r"lacks open_clip_model.safetensors$"):
        NeuronDissection(["compete"], str(tmp_path), WORDS)


def test_paths_may_hold_variables(clip_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODELS", str(clip_folder.parent))
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "words.txt").write_text("zebra\na red car\n")
    record = dissect(Path("${MODELS}", clip_folder.name), vocabulary="~/words.txt")
    assert {row["label"] for row in record.tables["units"].to_pylist()} <= {"zebra", "a red car", ""}
    assert dissect(clip_folder).settings["clip_fingerprint"] == record.settings["clip_fingerprint"]


def test_a_class_token_of_maps_is_refused_by_name(clip_folder: Path) -> None:
    with pytest.raises(RuntimeError, match=r"layer 'compete': .* wants tokens, .* got shape \(3, 8, 4, 4\)") as error:
        dissect(clip_folder, pooling="class_token")
    assert isinstance(error.value.__cause__, ValueError)


def test_channels_last_maps_are_heard_along_their_channels(clip_folder: Path) -> None:
    network = nn.Sequential(nn.Upsample(64), timm.create_model("test_convnext", num_classes=2))
    record = dissect(clip_folder, network, layers=["1.stages.1.blocks.0.mlp.act"])
    assert record.tables["units"].num_rows == 128  # and not 8, the height of its maps
    assert record.settings["unit_axes"] == {"1.stages.1.blocks.0.mlp.act": 3}
