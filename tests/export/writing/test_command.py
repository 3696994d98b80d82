"""``rivalry export`` on a run of a second."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest
import torch

import rivalry
from rivalry.data import Square
from rivalry.export.folder.sums import check_sums
from rivalry.export.writing.command import export_from_arguments
from rivalry.training.analyze import find_target
from rivalry.training.run import RunFolder
from tests.export.writing.labelled import dissection
from tests.training.written_run import rivalry as command
from tests.training.written_run import write_settings


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run whose average of weights differs from its last ones, with labels that came and went."""
    folder = tmp_path_factory.mktemp("workplace")
    settings = write_settings(folder / "tiles.yaml", model__regularisation={"ema_decay": 0.5, "ema_warmup": False})
    assert command("fit", "--config", settings, "--name", "first", "--runs", folder / "runs") == 0
    for epoch, labels in enumerate(["ab..." + "c" * 27, "aa.b." + "c" * 27, "zz..." + "z" * 27]):
        dissection(epoch, {"act1": labels}, step=epoch).save(folder / "runs/first/records")
    return folder / "runs/first"


@pytest.fixture(scope="module")
def exported(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export(run, "--out", tmp_path_factory.mktemp("exported") / "first")


def export(*arguments: object) -> Path:
    return export_from_arguments([str(argument) for argument in arguments])


def test_the_folder_says_what_the_run_was(exported: Path, run: Path) -> None:
    check_sums(exported)
    loaded = rivalry.load(exported)
    assert loaded.classes == ("plain", "bright")
    assert loaded.config.dissection.images.square == Square(8)
    assert (loaded.provenance.run, loaded.provenance.epoch, loaded.provenance.step) == ("first", 1, 4)
    assert loaded.provenance.data == dict.fromkeys(("validation", "probe"), "tiles-7-1") | {
        "train": "tiles-16-0", "test": "tiles-5-2"
    }  # fmt: skip
    assert loaded.provenance.seeds["data.validation.init_args.seed"] == 1
    assert loaded.provenance.labels == {"act1": "neurons"}
    with (run / "metrics.csv").open() as file:
        *_, last = csv.DictReader(file)
    assert loaded.provenance.scores["val/top1"] == float(last["val/top1"])


def test_weights_are_the_averaged_ones_with_statistics_of_argmax(exported: Path, run: Path) -> None:
    stored = torch.load(run / "checkpoints/last.ckpt", weights_only=True)
    loaded = rivalry.load(exported).network.state_dict()
    averaged, raw = stored["state_dict"]["network.fc.weight"], stored["raw_state_dict"]["network.fc.weight"]
    assert torch.equal(loaded["fc.weight"], averaged)
    assert not torch.equal(averaged, raw)
    assert not torch.equal(loaded["bn1.running_var"], stored["state_dict"]["network.bn1.running_var"])


def test_logits_are_those_of_the_run(exported: Path, run: Path) -> None:
    """Of a network that is evaluated as after every epoch of the run, by other means than the export's."""
    target = find_target(str(run))
    assert command("analyze", run, "--out", exported.parent / "again") == 0
    loaded = rivalry.load(exported)
    images = torch.randint(0, 256, (5, 3, 8, 8), dtype=torch.uint8)
    shown = loaded.records["activity"]
    again = json.loads((exported.parent / "again/records/epoch=0001/activity/record.json").read_text())
    assert shown.settings["weights"] == again["settings"]["weights"] == loaded.provenance.weights
    assert torch.equal(target.classifier.normalise(images), loaded.normalise(images))


def test_neurons_have_the_labels_of_the_checkpoint_s_epoch(exported: Path) -> None:
    neurons = rivalry.load(exported).neurons
    assert neurons["label"].to_pylist()[:6] == ["a", "a", "", "b", "", "c"]
    assert neurons["first_epoch"].to_pylist()[:6] == [0, 1, None, 1, None, 0]


def test_records_are_those_of_the_run_byte_by_byte(exported: Path, run: Path) -> None:
    copied = sorted(file.relative_to(exported) for file in (exported / "records").rglob("*") if file.is_file())
    assert {str(file.parent) for file in copied} == {"records/epoch=0001/activity", "records/epoch=0001/neurons"}
    for file in copied:
        assert (exported / file).read_bytes() == (run / file).read_bytes()


def test_no_file_names_a_place_or_a_time(exported: Path, run: Path) -> None:
    for file in ("config.json", "README.md", "SHA256SUMS"):
        said = (exported / file).read_text()
        assert str(exported.parent) not in said
        assert str(run.parents[1]) not in said


def test_records_of_all_epochs_or_none(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    everything = export(run, "--out", tmp_path / "all", "--records", "all")
    names = sorted(
        path.parent.relative_to(everything / "records").as_posix() for path in everything.rglob("record.json")
    )
    assert names == [f"epoch={epoch:04d}/{name}" for epoch in (0, 1) for name in ("activity", "neurons")]
    assert re.search(r"activity \(2\s+epochs\), neurons \(2 epochs\)", re.sub(r"[│\s]+", " ", capsys.readouterr().out))
    nothing = rivalry.load(export(run, "--out", tmp_path / "none", "--records", "none"))
    assert not list(nothing.records)
    assert nothing.neurons.equals(rivalry.load(everything).neurons)


def test_records_of_other_folders_come_in(run: Path, tmp_path: Path) -> None:
    dissection(1, {"act1": "m" * 32}, "mine").save(tmp_path / "mine/records")
    loaded = rivalry.load(export(run, "--out", tmp_path / "out", "--analyses", tmp_path / "mine"))
    assert set(loaded.records) == {"activity", "mine", "neurons"}
    assert set(loaded.neurons["label"].to_pylist()) == {"m"}  # of equals the first by name


def test_directions_of_the_run_s_name_do_not_take_its_labels(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dissection(1, {"act1@basis": "d" * 32}).save(tmp_path / "directions/records")
    loaded = rivalry.load(export(run, "--out", tmp_path / "out", "--analyses", tmp_path / "directions"))
    assert loaded.neurons["label"].to_pylist()[:4] == ["a", "a", "", "b"]
    assert "left behind" in capsys.readouterr().out


def test_a_run_is_exported_into_its_own_folder_once(run: Path) -> None:
    assert export(run / "checkpoints/last.ckpt") == run / "dissected"
    with pytest.raises(ValueError, match="--overwrite replaces it"):
        export(run)
    assert export(run, "--overwrite") == run / "dissected"


def test_the_folder_is_logged_and_pushed_where_it_lies(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    told: list[object] = []
    here = "rivalry.export.writing.command"
    monkeypatch.setattr(f"{here}.log_checkpoint", lambda *given, **more: told.append((given, more)))
    monkeypatch.setattr(f"{here}.push", lambda *given: told.append(given) or "https://somewhere/commit")
    monkeypatch.setenv("HF_TOKEN", "hf_of_a_test")
    folder = export(run, "--out", tmp_path / "out", "--wandb", "offline", "--push", "me/first")
    (given, more), pushed = told
    assert given == (folder, RunFolder(run), "offline")
    assert more["data"]["train"] == "tiles-16-0"
    assert (more["described"]["epoch"], more["described"]["classes"]) == (1, 2)
    assert pushed == (folder, "me/first")
    assert "https://somewhere/commit" in capsys.readouterr().out


@pytest.mark.slow
def test_the_network_for_onnx_lies_in_the_folder(run: Path, tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    folder = export(run, "--out", tmp_path / "out", "--onnx")
    assert (folder / "model.onnx").is_file()
    check_sums(folder)
    assert rivalry.load(folder).classes == ("plain", "bright")


def test_without_the_packages_for_onnx_nothing_begins(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ValueError, match=r"pip install 'rivalry\[onnx\]'"):
        export(run, "--out", tmp_path / "out", "--onnx")


def test_help_has_examples(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        export("--help")
    said = capsys.readouterr().out
    assert "\nexamples\n  rivalry export runs/first  " in said
    assert "{last,all,none}" in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--analyses", "nowhere"], "nowhere has no records/: give a folder that `rivalry analyze --out` has filled"),
        (["--records", "some"], "some"),
        (["--config", "nowhere.yaml"], "there is no file nowhere.yaml"),
        (["--checkpoint", "first"], "first"),
        (["--push", "a/b/c"], "--push takes USER/NAME"),
        (["--wandb", "online"], "no login found; run `wandb login`"),
    ],
)
def test_bad_input_is_one_error_and_leaves_nothing(
    run: Path, tmp_path: Path, arguments: list[str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "nowhere"))
    with pytest.raises(ValueError, match=re.escape(said)):
        export(run, "--out", tmp_path / "out", *arguments)
    assert not list(tmp_path.iterdir())


def test_networks_that_no_folder_can_hold_are_refused_before_any_work(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="loads without code of one's own"):
        export("tests.training.networks.seven", "--weights", "none", "--out", tmp_path / "out")


def test_classes_without_names_are_asked_for(tmp_path: Path) -> None:
    with pytest.raises(
        ValueError, match="what the 10 classes of cifar_resnet20 are called is not known: give --config"
    ):
        export("cifar_resnet20", "--weights", "none", "--out", tmp_path / "out")


def test_pictures_of_other_classes_are_refused(run: Path, tmp_path: Path) -> None:
    arguments = ["--weights", "none", "--config", run / "config.yaml", "--out", tmp_path / "out"]
    with pytest.raises(ValueError, match=r"the network has 10 classes, and .*names 2"):
        export("cifar_resnet20", *arguments)
