"""``rivalry prototypes``: what it writes and says, where its pictures come from, and what it refuses in one line."""

from __future__ import annotations

import io
import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch
import yaml
from PIL import Image
from rich.console import Console

from rivalry.lens.prototype_sheet import prototype_sheet
from rivalry.recording.thumbnails import png
from rivalry.records import Record, find_records
from rivalry.training.prototypes import prototype_table, write_pictures
from tests.lens.prototype_record import prototype_record, target_rows
from tests.training.written_run import rivalry, write_settings

QUICK = ["--steps", "2", "--batch_size", "4"]
NETWORK = ["test_resnet", "--weights", "none"]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("workplace")
    settings = write_settings(folder / "tiles.yaml", trainer__max_epochs=1)
    assert rivalry("fit", "--config", settings, "--name", "first", "--runs", folder / "runs") == 0
    return folder / "runs" / "first"


@pytest.fixture
def photographs(tmp_path: Path) -> Path:
    """Two classes of four pictures, none of them square."""
    for name, red in (("cat", 200), ("dog", 20)):
        (tmp_path / "photographs" / name).mkdir(parents=True)
        for number in range(4):
            picture = np.full((40, 60, 3), (red, 30 * number, 90), dtype=np.uint8)
            Image.fromarray(picture).save(tmp_path / "photographs" / name / f"{number}.png")
    return tmp_path / "photographs"


def made(root: Path) -> Record:
    return Record.load(*find_records(root / "records"))


def test_a_run_shows_its_own_pictures(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    targets = ["class:0", "unit:layer4.0.act2:1"]
    assert rivalry("prototypes", run, "--targets", *targets, "--copies", 2, *QUICK) == 0
    record = made(run / "analyses")
    names = [row["target"] for row in record.tables["prototypes"].to_pylist()]
    assert names[0] == "class:even" if "class:even" in names else names[0].startswith("class:")
    folder = run / "analyses" / "prototypes"
    written = {file.name for file in folder.iterdir()}
    for row in record.tables["prototypes"].to_pylist():
        if row["picture"] is None:
            continue
        stem = f"{row['target'].replace(':', '_')}-{row['copy']}-{row['method']}"
        assert {f"{stem}.png", f"{stem}-alpha.png"} <= written
        seen = np.asarray(Image.open(folder / f"{stem}-alpha.png"))
        assert seen.shape == (8, 8, 4)
        assert np.array_equal(seen[..., :3], np.asarray(Image.open(folder / f"{stem}.png")))
    assert np.array_equal(np.asarray(Image.open(folder / "sheet.png")), prototype_sheet(record))
    assert (folder / "naturalness.png").is_file()
    said = capsys.readouterr().out
    assert re.search(r"class:\S+ +│ prototype 2 +│", said)
    assert f"{len(written)} pictures in" in said


def test_any_network_shows_the_pictures_of_a_folder(photographs: Path, tmp_path: Path) -> None:
    end = ["--size", 32, "--targets", "class:7", *QUICK, "--out", tmp_path / "seen"]
    assert rivalry("prototypes", *NETWORK, "--pictures", photographs, "--own", "strongest", *end) == 0
    assert made(tmp_path / "seen").settings["samples"] == 8
    picture = np.asarray(Image.open(tmp_path / "seen" / "prototypes" / "class_7-0-prototype.png"))
    assert picture.shape == (32, 32, 3)
    assert rivalry("prototypes", *NETWORK, "--pictures", photographs / "cat", *end) == 0  # a folder without classes
    assert made(tmp_path / "seen").settings["samples"] == 4


def test_a_recipe_may_be_chosen_and_a_study_be_written_out(photographs: Path, tmp_path: Path) -> None:
    recipe = {
        "parametrisation": {"class_path": "rivalry.prototypes.images.Fourier"},
        "views": [{"class_path": "rivalry.prototypes.views.Affine", "init_args": {"size": "l"}}],
        "penalties": {"high_frequency": 0.5, "diversity": 1.0},
        "steps": 3,
        "patience": 60,
    }
    probe = {"class_path": "rivalry.data.ImageFolder", "init_args": {"root": str(photographs), "size": 32}}
    options = {"targets": ["class:7"], "recipe": recipe, "plain": "maco", "own": "strongest", "examples": {"own": 3}}
    study = [{"class_path": "rivalry.prototypes.Prototypes", "init_args": options}]
    file = tmp_path / "study.yaml"
    file.write_text(yaml.safe_dump({"analyses": study, "probe": probe}))
    assert rivalry("analyze", *NETWORK, "--config", file, "--out", tmp_path / "seen") == 0
    record = made(tmp_path / "seen")
    said = record.settings["recipes"]
    assert isinstance(said, dict)
    assert "Affine(size='l'" in str(said["prototype"])
    assert "MACO" in str(said["fourier"])
    steps = {row["method"]: row["steps"] for row in record.tables["prototypes"].to_pylist()}
    assert steps["prototype"] == 3
    assert rivalry("prototypes", *NETWORK, "--config", file, "--targets", "class:7", "--recipe", "fourier", *QUICK,
                   "--out", tmp_path / "again") == 0  # fmt: skip


@pytest.mark.parametrize(("options", "said"), [
    (["--targets", "class:catt"], "nearest: "),
    (["--targets", "unit:layer9:0"], "no layer of ResNet is called 'layer9'; close are layer"),
    (["--recipe", "mako"], "unknown recipe 'mako'; nearest: maco"),
    (["--pictures", "nowhere"], "there is no folder nowhere"),
    (["--draws", "3"], "give draws=1"),
])  # fmt: skip
def test_what_cannot_be_made_is_told_in_one_line(
    run: Path, options: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert rivalry("prototypes", run, *QUICK, *options) == 2
    error = capsys.readouterr().err
    assert error.startswith("rivalry prototypes: ")
    assert said in error
    assert "Traceback" not in error


def test_a_network_without_pictures_is_told_which_options_name_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert rivalry("prototypes", *NETWORK) == 2
    assert "--pictures FOLDER, or --config FILE" in capsys.readouterr().err


def test_names_of_files_lead_nowhere_else(run: Path, tmp_path: Path) -> None:
    record = made(run / "analyses")
    table = record.tables["prototypes"]
    renamed = table.set_column(0, "target", [["class:../../x"] * len(table)])
    strange = Record("prototypes", 0, 0, tables={**record.tables, "prototypes": renamed})
    written = write_pictures(strange, tmp_path / "seen")
    assert written
    assert all(file.parent == tmp_path / "seen" for file in written)


@pytest.mark.parametrize("pair", [
    ("class:a b", "class:a_b"),
    ("class:Cat", "class:cat"),
    ("class:\u72ac", "class:\u732b"),
    (f"direction:layer4@{'folder/' * 20}basis:4", f"direction:layer4@{'folder/' * 20}basis:5"),
    ("class:" + 90 * "\U00020000", "class:" + 91 * "\U00020000"),
])  # fmt: skip
def test_no_target_writes_over_another(tmp_path: Path, pair: tuple[str, str]) -> None:
    rows = [target_rows(target) for target in pair]
    grey = png(torch.zeros(1, 4, 4, dtype=torch.uint8))
    for one in rows:
        one["prototypes"] = [{**row, "picture": grey, "alpha": grey} for row in one["prototypes"]]
    tables = {"prototypes": prototype_record(*rows).tables["prototypes"]}
    written = write_pictures(Record("prototypes", 0, 0, tables=tables), tmp_path / "seen")
    assert len({file.name.casefold() for file in written}) == len(written) == 8


def test_a_prototype_that_is_none_says_so_in_the_table() -> None:
    silent = target_rows()
    silent["prototypes"] = [{**row, "reason": "it [bold]sleeps"} for row in silent["prototypes"]]
    record = prototype_record(silent)
    steps = pa.array([3] * len(record.tables["prototypes"]))
    whole = record.tables["prototypes"].append_column("steps", steps)
    console = Console(width=200, record=True, file=io.StringIO())
    console.print(prototype_table(Record("prototypes", 0, 0, tables={"prototypes": whole})))
    assert "prototype: it [bold]sleeps" in console.export_text()


def test_no_size_is_no_size(photographs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert rivalry("prototypes", *NETWORK, "--pictures", photographs / "cat", "--size", 0, *QUICK) == 2
    assert "height and width of pictures are 1 or more" in capsys.readouterr().err
