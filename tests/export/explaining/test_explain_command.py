"""``rivalry explain``: tables, JSON and a page of files and folders, from a folder with a dissected checkpoint."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image
from torch import Tensor

from rivalry.export.explaining.command import explain_from_arguments, pictures_at
from rivalry.lens.words import printable
from tests.export.explaining.stand_in import noise
from tests.export.loading.folders import COMPETING_RESNET, change_json, write_folder

Says = Callable[..., str]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dissected checkpoint, whose classes and labels are called as people may call them to do harm."""
    place = tmp_path_factory.mktemp("explain") / "there"
    write_folder(place, **COMPETING_RESNET)

    def rename(config: dict[str, Any]) -> None:
        names = ["[bold]car[/bold]\x1b]0;mine\x07", "<script>alert(1)</script>", "tree"]
        config["label_names"] = config["dissection"]["classes"] = names

    neurons = pq.read_table(place / "neurons.parquet")
    labels = pa.array(["[/red]wheel\x1b[2J"] * len(neurons))
    pq.write_table(
        neurons.set_column(neurons.schema.get_field_index("label"), "label", labels), place / "neurons.parquet"
    )
    change_json(place / "config.json", rename)
    return place


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("pictures")
    for name, picture in zip(("[red]one.png", "two.png", "deep/three.png"), noise(3, side=80), strict=True):
        (place / name).parent.mkdir(exist_ok=True)
        save(place / name, picture)
    (place / "notes.txt").write_text("no picture")
    return place


def save(file: Path, picture: Tensor) -> None:
    Image.fromarray(picture.permute(1, 2, 0).numpy()).save(file)


@pytest.fixture
def says(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Says:
    """What the command prints."""
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: object) -> str:
        capsys.readouterr()
        explain_from_arguments([str(folder), *map(str, arguments)])
        return capsys.readouterr().out

    return run


def test_tables_say_what_json_says(says: Says, pictures: Path) -> None:
    (told,) = json.loads(says(pictures / "two.png", "--json"))
    said = says(pictures / "two.png")
    (layer,) = told["layers"]
    assert f"{pictures / 'two.png'}" in said
    assert f"why {printable(told['asked']['why'])}? logit" in said
    assert f"layer4.0.act2: {layer['won']} of {layer['width']} units won; contributions (exact)" in said
    assert f"{layer['to_cover']} units cover 90 %" in said
    rows = re.findall(r"^│ (\d+) ", said, re.MULTILINE)
    assert rows == [str(one["unit"]) for one in layer["units"]]
    first = layer["units"][0]
    assert f"{100 * first['win_share']:.0f} %" in said.split(f"│ {first['unit']} ")[1].splitlines()[0]
    grid = told["clusters"]["labels"]
    lines = [line.split() for line in said.splitlines() if re.fullmatch(r"( *\d){2,} *", line)]
    assert lines == [[str(label) for label in row] for row in grid]


def test_names_from_outside_are_shown_as_they_are(says: Says, pictures: Path) -> None:
    said = says(pictures / "[red]one.png", "--why", "0", "--not", "1")
    assert "why [bold]car[/bold]�]0;mine� and not <script>alert(1)</script>? difference of logits" in said
    assert "[red]one.png" in said
    assert "\x1b" not in said
    assert said.count("│ [/red]wheel�[2J ") == 10


def test_a_folder_means_all_pictures_in_it(says: Says, pictures: Path) -> None:
    told = json.loads(says(pictures, pictures / "two.png", "--json", "--clusters", 0))
    names = [str(pictures / name) for name in ("[red]one.png", "deep/three.png", "two.png", "two.png")]
    assert [one["picture"] for one in told] == names
    assert told[2] == told[3]


def test_options_reach_the_explanation(says: Says, pictures: Path) -> None:
    layers = ["--layers", "layer1.0.act2", "fc", "--units", 3, "--clusters", 2, "--why", "tree"]
    (told,) = json.loads(says(pictures / "two.png", "--json", *layers))
    assert [one["layer"] for one in told["layers"]] == ["layer1.0.act2", "fc"]
    assert len(told["layers"][0]["units"]) == 3
    assert {label for row in told["clusters"]["labels"] for label in row} == {0, 1}
    assert told["asked"]["why"] == "tree"
    (told,) = json.loads(says(pictures / "two.png", "--json", "--units", "all"))
    assert len(told["layers"][0]["units"]) == told["layers"][0]["won"] > 10


def test_a_page_is_written_and_holds_nothing_that_was_not_escaped(says: Says, pictures: Path, tmp_path: Path) -> None:
    page = tmp_path / "new" / "why.html"
    assert str(page) in says(pictures, "--page", page)
    text = page.read_text(encoding="utf-8")
    assert text.count("<article>") == 3
    assert "<script" not in text
    assert str(pictures) not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert text.count("data:image/png;base64,") == 3 * (1 + 1 + 4)  # picture, clusters, units


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere.png"], "there is no picture nowhere.png"),
        (["{pictures}/two.png", "--why", "trees"], "no class is called 'trees'; nearest: tree"),
        (
            ["{pictures}/two.png", "--layers", "layer4.0.act3"],
            "no layer of ResNet is called 'layer4.0.act3'; close are",
        ),
        (["{pictures}/two.png", "--page", "why.pdf"], "the name of an HTML file, got 'why.pdf'; why.html would do"),
        (["{pictures}/notes.txt"], "notes.txt"),
        (["{pictures}/two.png", "--unit", "3"], "unit"),
        (["{pictures}/two.png", "--units", "0"], "units are 1 or more, or None for all; got 0"),
        ([], "images"),
    ],
)
def test_what_cannot_be_done_is_said(arguments: list[str], said: str, folder: Path, pictures: Path) -> None:
    given = [one.format(pictures=pictures) for one in arguments]
    with pytest.raises(ValueError, match=re.escape(said)):
        explain_from_arguments([str(folder), *given])


def test_a_folder_without_pictures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="holds no picture"):
        pictures_at([str(tmp_path)])


@pytest.mark.slow
def test_explaining_imports_neither_what_trains_nor_clip(folder: Path, pictures: Path) -> None:
    """In a fresh process, where nothing was imported before."""
    script = (
        "import sys; from rivalry.export.explaining.command import explain_from_arguments as explain;"
        f"explain([{str(folder)!r}, {str(pictures / 'two.png')!r}]);"
        "sys.exit([one for one in sys.modules if one.split('.')[0] in ('lightning', 'pytorch_lightning', 'wandb',"
        " 'open_clip')"
        " or one.startswith('rivalry.training')] or None)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
