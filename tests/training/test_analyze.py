"""``rivalry analyze``."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rivalry.records import Record, find_records
from rivalry.training.analyze import analyze_from_arguments, find_target
from tests.training.written_run import rivalry, write_settings


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("workplace")
    settings = write_settings(folder / "tiles.yaml")
    assert rivalry("fit", "--config", settings, "--name", "first", "--runs", folder / "runs") == 0
    return folder


def only_record(root: Path) -> Record:
    (folder,) = find_records(root)
    return Record.load(folder)


def test_a_run_is_analysed_as_the_training_did(place: Path) -> None:
    run = place / "runs/first"
    before = Record.load(find_records(run / "records")[-1])
    assert rivalry("analyze", run, "--out", place / "again", "--batch_size", 3, "--workers", 1) == 0
    after = only_record(place / "again/records")
    assert (after.epoch, after.step) == (before.epoch, before.step) == (1, 4)
    assert after.scalars == pytest.approx(before.scalars, rel=1e-6)
    for name, table in before.tables.items():
        assert after.tables[name].equals(table)
    assert after.settings == before.settings
    assert (place / "again/activity.png").is_file()


def test_the_run_keeps_the_records_of_its_training(place: Path) -> None:
    run = place / "runs/first"
    before = {folder: (folder / "record.json").stat().st_mtime_ns for folder in find_records(run / "records")}
    for target in (run, run / "checkpoints/last.ckpt"):
        assert rivalry("analyze", target, "--config", place / "tiles.yaml") == 0
    assert only_record(run / "analyses/records").epoch == 1
    assert {folder: (folder / "record.json").stat().st_mtime_ns for folder in find_records(run / "records")} == before


def test_help_keeps_the_lines_of_its_examples(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        rivalry("analyze", "--help")
    said = capsys.readouterr().out
    assert "\nexamples\n  rivalry analyze runs/first  " in said


def test_a_checkpoint_file_is_analysed_by_another_file_in_another_mode(place: Path) -> None:
    other = [{"class_path": "rivalry.recording.Activity", "init_args": {"layers": ["act1"], "name": "other"}}]
    settings = write_settings(place / "other.yaml", analyses=other)
    checkpoint = place / "runs/first/checkpoints/last.ckpt"
    arguments = ("--config", settings, "--mode", "sample", "--seed", "3", "--out", str(place / "b"))
    (record,) = analyze_from_arguments([str(checkpoint), *map(str, arguments)])
    assert record.name == "other"
    assert record.settings["mode"] == "sample"
    assert record.settings["seed"] == 3
    assert record.settings["layers"] == ["act1"]
    assert record.settings["sharpness"]["act1"] > 3  # of the checkpoint, not of a new network
    (again,) = analyze_from_arguments([str(checkpoint), *map(str, arguments)])
    assert again.scalars == record.scalars


def test_any_timm_network_is_analysed(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)
    text = """
        analyses: [{class_path: rivalry.recording.Activity, init_args: {layers: [blocks.*.mlp.act]}}]
        probe: {class_path: rivalry.data.picturebook.PictureBook, init_args: {length: 4, size: 160, cache: false}}
    """
    Path("vit.yaml").write_text(text)
    assert rivalry("analyze", "test_vit", "--weights", "none", "--config", "vit.yaml") == 0
    record = only_record(Path("runs/analyze-test_vit/records"))
    assert record.tables["layers"].num_rows == 6
    assert record.settings["samples"] == 4


def test_a_network_of_torchvision_is_analysed_call_by_call(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)
    text = """
        analyses: [{class_path: rivalry.recording.Activity, init_args: {layers: [layer4.1.relu]}}]
        probe: {class_path: rivalry.data.picturebook.PictureBook, init_args: {length: 4, size: 64, cache: false}}
    """
    Path("torchvision.yaml").write_text(text)
    assert rivalry("analyze", "torchvision:resnet18", "--weights", "none", "--config", "torchvision.yaml") == 0
    record = only_record(Path("runs/analyze-torchvision-resnet18/records"))
    assert record.tables["layers"]["layer"].to_pylist() == ["layer4.1.relu.0", "layer4.1.relu.1"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["runs/none"], "runs/none"),
        (["resnet118", "--weights", "none", "--config", "tiles.yaml"], "the nearest are .*resnet18"),
        (["test_resnet", "--config", "tiles.yaml"], "which weights test_resnet shall have"),
        (["test_resnet", "--weights", "none"], "say what to analyse"),
        (["test_resnet", "--weights", "none", "--config", "none.yaml"], "there is no file none.yaml"),
        (["none.ckpt", "--config", "tiles.yaml"], "there is no checkpoint none.ckpt"),
        (["runs/frist", "--config", "tiles.yaml"], "there is no run runs/frist; the nearest in runs are .*first"),
        (["runs/first", "--mode", "loudest"], "loudest"),
        (["runs/first", "--config", "empty.yaml"], "no `analyses`"),
        (["test_resnet", "--weights", "none", "--config", "dark.yaml"], "neither `data` nor `probe`"),
        (["runs/first", "--config", "wrong.yaml"], "Activety"),
        (["runs/first", "--checkpoint", "bst"], "bst"),
        (["runs/first", "--config", "broken.yaml"], "while parsing a flow mapping"),
        (["runs/first", "--configuration", "tiles.yaml"], "--configuration"),
        (["."], "has no last checkpoint"),
    ],
)
def test_what_is_not_there_is_told_in_few_words(
    place: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    said: str,
) -> None:
    monkeypatch.chdir(place)
    Path("empty.yaml").write_text("trainer: {max_epochs: 1}\n")
    Path("dark.yaml").write_text("analyses: [{class_path: rivalry.recording.Activity, init_args: {layers: [act1]}}]\n")
    Path("broken.yaml").write_text("analyses: [{a: 1\n")
    Path("wrong.yaml").write_text("analyses: [{class_path: rivalry.recording.Activety}]\nprobe: {class_path: x.Y}\n")
    assert rivalry("analyze", *arguments) == 2
    error = capsys.readouterr().err.split("rivalry analyze: ")[-1]
    assert re.search(said, error), error
    assert "Traceback" not in error
    assert "usage:" not in error
    assert len(error.splitlines()) <= 12


def test_the_target_remembers_its_moment(place: Path) -> None:
    target = find_target(str(place / "runs/first"), checkpoint="last")
    assert (target.epoch, target.step) == (1, 4)
    assert target.configuration == place / "runs/first/config.yaml"
    best = find_target(str(place / "runs/first"), checkpoint="best")
    assert best.folder.root == place / "runs/first"
