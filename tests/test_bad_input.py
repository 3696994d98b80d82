"""Whatever a user can get wrong is one clear error on the command line: what was given, what was wanted, what is near.

Each case goes through ``rivalry fit`` as a whole. All but the two that show only while the training runs, a picture
that cannot be decoded and a loss that is NaN, are told before anything is learnt: no checkpoint, no record.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from rivalry.training.run import has_begun
from tests.clip.tiny_clip import write_tiny_clip
from tests.training.written_run import rivalry, write_settings

Change = Callable[[Path], dict[str, Any]]


def dissection(place: Path, **changes: Any) -> dict[str, Any]:
    """Settings of a dissection that would run, but for the changes."""
    (place / "words.txt").write_text("red\nblue\n")
    arguments = {
        "layers": ["layer4*act2"],
        "clip": f"local-dir:{place / 'clip'}",
        "vocabulary": str(place / "words.txt"),
    }
    analysis = {"class_path": "rivalry.dissection.NeuronDissection", "init_args": {**arguments, **changes}}
    return {"analyses": [analysis]}


def unknown_layer(place: Path) -> dict[str, Any]:
    activity = {"class_path": "rivalry.recording.Activity", "init_args": {"layers": ["layer4.0.atc2"]}}
    return {"analyses": [activity]}


def unknown_vocabulary(place: Path) -> dict[str, Any]:
    write_tiny_clip(place / "clip")
    return dissection(place, vocabulary="picturebok")


def clip_weights_of_the_wrong_shape(place: Path) -> dict[str, Any]:
    file = write_tiny_clip(place / "clip") / "open_clip_model.safetensors"
    weights = load_file(file)
    save_file({**weights, "visual.proj": torch.zeros(16, 99)}, file)
    return dissection(place)


def pictures(folder: Path, *classes: str) -> dict[str, Any]:
    """A data set of one square a class, in folders."""
    for name in classes:
        (folder / name).mkdir(parents=True)
        for number in range(4):
            Image.new("RGB", (8, 8), (60 * number, 0, 0)).save(folder / name / f"{number}.png")
    folder.mkdir(exist_ok=True)
    return {"class_path": "rivalry.data.ImageFolder", "init_args": {"root": str(folder)}}


def empty_folder(place: Path) -> dict[str, Any]:
    (place / "train" / "cat").mkdir(parents=True)
    return {"data__train": pictures(place / "train"), "data__validation": pictures(place / "val", "cat", "dog")}


def other_classes(place: Path) -> dict[str, Any]:
    train, validation = pictures(place / "train", "cat", "dog", "owl"), pictures(place / "val", "cat", "dog")
    return {"data__train": train, "data__validation": validation, "data__test": validation}


def channels_that_do_not_divide(place: Path) -> dict[str, Any]:
    return {"model__backbone__competitors": 7}


def another_network_s_weights(place: Path) -> dict[str, Any]:
    save_file({"stem.weight": torch.zeros(3)}, place / "weights.safetensors")
    return {"model__backbone__weights": str(place / "weights.safetensors")}


def unknown_network(place: Path) -> dict[str, Any]:
    return {"model__backbone__name": "resnet81"}


def unwritable_folder(place: Path) -> dict[str, Any]:
    (place / "file").write_text("no folder")
    return {"runs": str(place / "file")}


def newer_settings(place: Path) -> dict[str, Any]:
    return {"rivalry": "99.0.0", "magic": 3}


def unknown_setting(place: Path) -> dict[str, Any]:
    return {"model__backbone__competitor": 4}


BEFORE: dict[Change, tuple[str, ...]] = {
    unknown_layer: ("'layer4.0.atc2'", "layer4.0.act2"),
    unknown_vocabulary: ("'picturebok'", "picturebook"),
    clip_weights_of_the_wrong_shape: ("clip", "visual.proj", "(16, 99)"),
    empty_folder: ("train/cat", "no picture"),
    other_classes: ("3", "2", "owl"),
    channels_that_do_not_divide: ("7", "units"),
    another_network_s_weights: ("weights.safetensors", "stem.weight"),
    unknown_network: ("'resnet81'", "resnet18"),
    unwritable_folder: ("cannot be written",),
    newer_settings: ("settings.yaml", "99.0.0"),
    unknown_setting: ("competitor",),
}


def said_by(capsys: pytest.CaptureFixture[str]) -> str:
    """The one error that was told, without a traceback and in few lines."""
    error = capsys.readouterr().err
    assert error.count("rivalry fit: ") == 1
    told = error.split("rivalry fit: ")[1].strip()
    assert "Traceback" not in told
    assert len(told.splitlines()) <= 3, told
    return told


@pytest.mark.parametrize("change", BEFORE, ids=lambda change: change.__name__)
def test_it_is_told_before_anything_is_learnt(
    change: Change, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = write_settings(tmp_path / "settings.yaml", **change(tmp_path))
    assert rivalry("fit", "--config", settings, "--name", "wrong") == 2
    told = said_by(capsys)
    for part in BEFORE[change]:
        assert part in told
    assert not has_begun(tmp_path / "runs" / "wrong")


@pytest.mark.parametrize("workers", [0, 1])
def test_a_picture_that_cannot_be_decoded_is_named(
    workers: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    whole = pictures(tmp_path / "pictures", "cat", "dog")
    file = tmp_path / "pictures" / "dog" / "2.png"
    file.write_bytes(file.read_bytes()[:40])
    settings = write_settings(
        tmp_path / "settings.yaml", data__train=whole, data__validation=whole, data__test=whole, data__workers=workers
    )
    assert rivalry("fit", "--config", settings, "--name", "wrong") == 2
    told = said_by(capsys)
    assert "dog/2.png" in told
    assert "decoded" in told


def test_a_loss_that_is_no_number_stops_the_training_and_leaves_the_last_good_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = write_settings(tmp_path / "settings.yaml", trainer__max_epochs=1)
    assert rivalry("fit", "--config", settings, "--name", "good") == 0
    steeper = ["--model.optimisation.rate", "1e30", "--trainer.max_epochs", "3"]
    capsys.readouterr()
    assert rivalry("fit", "--config", settings, "--name", "good", "--ckpt_path", "last", *steeper) == 2
    told = said_by(capsys)
    assert "step" in told
    assert "last.ckpt" in told
    kept = torch.load(tmp_path / "runs/good/checkpoints/last.ckpt", weights_only=True)["state_dict"]
    assert all(bool(value.isfinite().all()) for value in kept.values() if value.is_floating_point())


def test_a_run_is_neither_overwritten_nor_gone_on_with_by_another_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = write_settings(tmp_path / "settings.yaml", trainer__max_epochs=1)
    assert rivalry("fit", "--config", settings, "--name", "first") == 0
    before = {path: path.read_bytes() for path in (tmp_path / "runs").rglob("*") if path.is_file()}
    capsys.readouterr()

    assert rivalry("fit", "--config", settings, "--name", "first") == 2
    told = said_by(capsys)
    assert "'first'" in told
    assert "--ckpt_path" in told
    other = ["--ckpt_path", "last", "--model.backbone.competitors", "4", "--trainer.max_epochs", "2"]
    assert rivalry("fit", "--config", settings, "--name", "first", *other) == 2
    told = said_by(capsys)
    assert "competitors is 2 there and 4 here" in told
    assert {path: path.read_bytes() for path in before} == before
