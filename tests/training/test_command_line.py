"""``rivalry fit | validate | test | predict``, and the folder that they leave."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
import yaml

from rivalry import __version__
from rivalry.lwta import competitions
from rivalry.records import Record, find_records
from rivalry.training.analyze import find_target
from rivalry.training.command_line import find_checkpoint
from tests.recording.tiny import Tiles
from tests.training.written_run import rivalry, write_settings


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of runs in which ``first`` has been fitted."""
    folder = tmp_path_factory.mktemp("workplace")
    settings = write_settings(folder / "tiles.yaml")
    assert rivalry("fit", "--config", settings, "--name", "first", "--runs", folder / "runs") == 0
    return folder


@pytest.fixture
def place(first: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of it, in which the test works."""
    shutil.copytree(first, tmp_path / "place")
    monkeypatch.chdir(tmp_path / "place")
    configuration = Path("runs/first/config.yaml")
    configuration.write_text(configuration.read_text().replace(str(first / "runs"), "runs"))
    return tmp_path / "place"


def rows_of(file: Path) -> list[dict[str, str]]:
    with file.open(newline="") as rows:
        return list(csv.DictReader(rows))


def test_a_run_leaves_exactly_its_folder(first: Path) -> None:
    root = first / "runs" / "first"
    assert {path.name for path in root.iterdir()} == {
        "config.yaml", "checkpoints", "records", "metrics.csv", "activity.png",
    }  # fmt: skip
    assert {path.name for path in first.iterdir()} == {"tiles.yaml", "runs"}
    assert "last.ckpt" in {path.name for path in (root / "checkpoints").iterdir()}
    assert len(list((root / "checkpoints").glob("best-*.ckpt"))) == 1
    assert [path.parent.name for path in find_records(root / "records")] == ["epoch=0000", "epoch=0001"]


def test_the_table_holds_one_row_an_epoch(first: Path) -> None:
    rows = rows_of(first / "runs/first/metrics.csv")
    assert [row["epoch"] for row in rows] == ["0.0", "1.0"]
    last = rows[-1]
    for name in ("train/loss", "train/rate", "train/sharpness", "val/loss", "val/top1", "activity/active_fraction"):
        assert float(last[name]) == float(last[name]) != ""
    assert rows[0]["val/sampled_top1"] == "" != last["val/sampled_top1"]
    record = Record.load(find_records(first / "runs/first/records")[-1])
    assert float(last["activity/winner_entropy"]) == record.scalars["winner_entropy"]


def test_last_is_the_last_epoch_even_where_an_earlier_one_was_best(first: Path) -> None:
    stored = torch.load(first / "runs/first/checkpoints/last.ckpt", weights_only=True)
    assert stored["epoch"] == 1
    assert stored["global_step"] == 4


def test_the_written_settings_are_whole_and_name_no_checkpoint(first: Path) -> None:
    settings = yaml.safe_load((first / "runs/first/config.yaml").read_text())
    assert settings["name"] == "first"
    assert settings["seed_everything"] == 0
    assert settings["rivalry"] == __version__
    assert settings.get("ckpt_path") is None
    assert settings["model"]["competition"]["temperature"]["start"] == 1.67
    assert "num_classes" not in settings["model"]


def test_the_written_settings_repeat_the_run_bit_by_bit(place: Path) -> None:
    assert rivalry("fit", "--config", "runs/first/config.yaml", "--name", "again") == 0
    first, again = (torch.load(f"runs/{name}/checkpoints/last.ckpt", weights_only=True) for name in ("first", "again"))
    assert all(torch.equal(value, again["state_dict"][key]) for key, value in first["state_dict"].items())
    times = {"analyses/seconds"}
    rows = [[{k: v for k, v in row.items() if k not in times} for row in rows_of(Path(f"runs/{name}/metrics.csv"))]
            for name in ("first", "again")]  # fmt: skip
    assert rows[0] == rows[1]


def test_a_taken_name_is_one_line(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = Path("runs/first/config.yaml").read_text()
    assert rivalry("fit", "--config", "tiles.yaml", "--name", "first") == 2
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert said.startswith("rivalry fit: there is a run 'first' in runs; go on with it by --ckpt_path=last")
    assert Path("runs/first/config.yaml").read_text() == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--name", "../x"], "cannot be the name of a run's folder"),
        (["--name", "x", "--runs", "tiles.yaml"], "cannot be written"),
        (["--name", "x", "--model.backbone.name", "test_resnot"], "the nearest are test_resnet"),
        (["--name", "x", "--data.batch_siz", "3"], "data.batch_siz"),
        (["--name", "x", "--model.backbone.where", "nowhere*"], "nowhere"),
        (["--name", "x", "--trainer.accelerator", "gpu"], "gpu"),
        (["--name", "x", "--ckpt_path", "last"], "run 'x' has no last checkpoint"),
    ],
)  # fmt: skip
def test_what_the_user_can_mend_is_told_in_few_words(
    place: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    if "gpu" in arguments and torch.cuda.is_available():
        pytest.skip("there is a GPU")
    assert rivalry("fit", "--config", "tiles.yaml", *arguments) == 2
    error = capsys.readouterr().err.split("rivalry fit: ")[-1]
    assert said in error
    assert "Traceback" not in error
    assert len(error.splitlines()) <= 3


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"data__batch_siz": 3}, "data.batch_siz"),
        ({"data__train": {"class_path": "tests.recording.tiny.Tyles"}}, "'tests.recording.tiny.Tyles'"),
        ({"data__train": {"class_path": "tests.recording.tiny.Tiles", "init_args": {"length": "many"}}}, "many"),
        ({"analyses": [{"class_path": "rivalry.recording.activity.Activety"}]}, "Activety"),
        ({"analyses": [{"class_path": "rivalry.recording.Activity", "init_args": {"layers": ["act9"]}}]}, "act9"),
        ({"model__competition__sharpness__shape": "round"}, "'constant', 'linear', 'geometric', 'cosine'"),
    ],
)
def test_an_error_in_the_file_is_told_in_few_words(
    place: Path, capsys: pytest.CaptureFixture[str], changes: dict, said: str
) -> None:
    assert rivalry("fit", "--config", write_settings(place / "wrong.yaml", **changes), "--name", "x") == 2
    error = capsys.readouterr().err.split("rivalry fit: ")[-1]
    assert said in error
    assert "Traceback" not in error
    assert "usage:" not in error
    assert len(error.splitlines()) <= 12


def test_validate_repeats_the_last_epoch(place: Path) -> None:
    before, record = rows_of(Path("runs/first/metrics.csv")), find_records(Path("runs/first/records"))
    old = [Record.load(folder) for folder in record]
    assert rivalry("validate", "--config", "runs/first/config.yaml", "--ckpt_path", "last") == 0
    after = rows_of(Path("runs/first/metrics.csv"))
    assert [row["step"] for row in after] == [row["step"] for row in before]
    for name in ("val/loss", "val/top1", "val/sampled_loss", "activity/winner_entropy"):
        assert float(after[-1][name]) == pytest.approx(float(before[-1][name]), rel=1e-6)
    new = [Record.load(folder) for folder in find_records(Path("runs/first/records"))]
    assert [(one.epoch, one.step, one.scalars) for one in new] == [(one.epoch, one.step, one.scalars) for one in old]


def test_test_draws_with_the_sharpness_of_the_checkpoint(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stored = torch.load("runs/first/checkpoints/last.ckpt", weights_only=True)
    sharpness = stored["competition"]["sharpness"]
    assert 3 < sharpness < 9  # on its way from 1 to 9: that of the last step's beginning
    drawn_with: list[float] = []
    from rivalry.training import classifier

    draw = classifier.average_of_draws

    def spy(network: torch.nn.Module, *arguments: object) -> torch.Tensor:
        drawn_with.extend(float(layer.sharpness) for layer in competitions(network).values())
        return draw(network, *arguments)

    monkeypatch.setattr(classifier, "average_of_draws", spy)
    assert rivalry("test", "--config", "runs/first/config.yaml", "--ckpt_path", "last") == 0
    assert drawn_with
    assert set(drawn_with) == {sharpness}
    last = rows_of(Path("runs/first/metrics.csv"))[-1]
    assert last["epoch"] == "1.0"
    assert {"test/loss", "test/top1", "test/sampled_top1"} <= {name for name, value in last.items() if value}


def test_predict_writes_classes_by_name(place: Path) -> None:
    assert rivalry("predict", "--config", "runs/first/config.yaml", "--ckpt_path", "last") == 0
    rows = rows_of(Path("runs/first/predictions.csv"))
    assert [int(row["index"]) for row in rows] == [0, 1, 2, 3, 4]
    target = find_target("runs/first").classifier.eval()
    from rivalry.training.data import Pictures
    from rivalry.training.evaluation import evaluation_copy

    tiles = Tiles(5, seed=2)
    data = Pictures(Tiles(16), Tiles(7, seed=1), batch_size=8)
    network = evaluation_copy(target.network, data.calibration_batches(), target.normalise)
    with torch.no_grad():
        chances = network(target.normalise(torch.stack([tiles[index]["image"] for index in range(5)]))).softmax(1)
    assert [row["class"] for row in rows] == [tiles.classes[int(one)] for one in chances.argmax(1)]
    assert [float(row["probability"]) for row in rows] == pytest.approx(chances.amax(1).tolist(), abs=1e-5)


def test_a_run_goes_on_where_it_stopped(place: Path) -> None:
    """Two epochs and two more leave the epochs, steps, table and records of four."""
    settings = write_settings(place / "four.yaml", trainer__max_epochs=4, model__optimisation__schedule="constant",
                              model__competition={})  # fmt: skip
    half = ("--trainer.max_epochs", 2)
    assert rivalry("fit", "--config", settings, "--name", "halves", *half) == 0
    assert rivalry("fit", "--config", settings, "--name", "halves", "--ckpt_path", "last") == 0
    assert rivalry("fit", "--config", settings, "--name", "whole") == 0
    halves, whole = (
        torch.load(f"runs/{name}/checkpoints/last.ckpt", weights_only=True) for name in ("halves", "whole")
    )
    assert halves["epoch"] == whole["epoch"] == 3
    assert halves["global_step"] == whole["global_step"] == 8
    for column in ("epoch", "step"):
        assert [row[column] for row in rows_of(Path("runs/halves/metrics.csv"))] == [
            row[column] for row in rows_of(Path("runs/whole/metrics.csv"))
        ]
    epochs = [Record.load(folder).epoch for folder in find_records(Path("runs/halves/records"))]
    assert epochs == [0, 1, 2, 3]
    assert {path.name for path in Path("runs/halves/checkpoints").glob("last*")} == {"last.ckpt"}
    assert yaml.safe_load(Path("runs/halves/config.yaml").read_text()).get("ckpt_path") is None


def test_checkpoints_hold_tensors_and_plain_values_alone(first: Path) -> None:
    for file in (first / "runs/first/checkpoints").iterdir():
        stored = torch.load(file, weights_only=True)
        assert stored["hyper_parameters"]["backbone"]["name"] == "test_resnet"


def test_nothing_else_is_unpickled_on_resuming(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loads: list[object] = []
    load = torch.load

    def spy(*arguments: object, **options: object) -> object:
        loads.append(options.get("weights_only"))
        return load(*arguments, **options)

    monkeypatch.setattr(torch, "load", spy)
    arguments = ("--name", "first", "--ckpt_path", "last", "--trainer.max_epochs", 3)
    assert rivalry("fit", "--config", "tiles.yaml", *arguments) == 0
    assert loads
    assert all(loads)


@pytest.mark.parametrize("words", [["--name", "x"], ["--name", "first", "--ckpt_path", "last"]], ids=["new", "goes on"])
def test_a_run_s_folder_that_is_a_file_or_cannot_be_written_is_told(
    place: Path, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    (place / "file").write_text("in the way")
    shutil.copytree("runs/first/checkpoints", place / "kept")
    runs = ["--runs", "file"] if words[1] == "x" else ["--runs", "runs"]
    if words[1] == "first":  # checkpoints are there, and the rest of the folder is not to be had
        words = ["--name", "other", "--ckpt_path", "kept/last.ckpt"]
        Path("runs/other").write_text("in the way")
    assert rivalry("fit", "--config", "tiles.yaml", *words, *runs) == 2
    said = capsys.readouterr().err.split("rivalry fit: ")[-1]
    assert "cannot be written" in said
    assert len(said.splitlines()) == 1


def test_best_is_found_by_name_and_what_is_not_there_lists_what_is(place: Path) -> None:
    assert find_checkpoint(Path("runs"), "first", "best").name.startswith("best-000")
    with pytest.raises(ValueError, match=r"run 'secnd' has no last checkpoint.*runs there: \['first'\]"):
        find_checkpoint(Path("runs"), "secnd", "last")
    with pytest.raises(ValueError, match="needs the run's --name"):
        find_checkpoint(Path("runs"), None, "last")


def test_a_checkpoint_of_the_users_own_stands_beside_the_last(place: Path) -> None:
    own = {
        "class_path": "lightning.pytorch.callbacks.ModelCheckpoint",
        "init_args": {"dirpath": "kept", "monitor": "activity/winner_entropy", "mode": "max", "filename": "entropic"},
    }
    settings = write_settings(place / "own.yaml", trainer__callbacks=[own])
    assert rivalry("fit", "--config", settings, "--name", "own") == 0
    assert [path.name for path in Path("kept").iterdir()] == ["entropic.ckpt"]
    assert [path.name for path in Path("runs/own/checkpoints").iterdir()] == ["last.ckpt"]


def test_a_quick_try_runs_without_loggers_and_checkpoints(place: Path) -> None:
    assert rivalry("fit", "--config", "tiles.yaml", "--name", "try", "--trainer.fast_dev_run", "true") == 0
    assert not list(Path("runs/try").glob("**/*.ckpt"))


@pytest.mark.parametrize("command", ["validate", "test", "predict"])
def test_a_run_is_not_evaluated_without_its_weights(
    command: str, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def contents() -> dict[str, bytes]:
        return {str(file): file.read_bytes() for file in sorted(Path("runs/first").rglob("*")) if file.is_file()}

    before = contents()
    assert rivalry(command, "--config", "runs/first/config.yaml") == 2
    assert "--ckpt_path last, best or a file" in capsys.readouterr().err
    assert contents() == before
