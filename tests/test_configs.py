"""Every configuration runs: for an epoch of two batches, on a handful of small pictures, with weights of no worth.

The recipes of whole data sets run on photographs of their own size too, where there are some.
"""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import timm
import yaml
from PIL import Image
from safetensors.torch import save_file

from rivalry.cli import main
from rivalry.records import Record, find_records

ROOT = Path(__file__).parents[1]
CONFIGS = sorted((ROOT / "configs").rglob("*.yaml"))
TRAININGS = [path for path in CONFIGS if re.search(r"^model:", path.read_text(encoding="utf-8"), re.MULTILINE)]
STUDIES = [path for path in CONFIGS if path not in TRAININGS and path.parent.name != "sweeps"]
RECIPES = [path for path in TRAININGS if path.parent.name in ("imagenet", "places365")]
FOLDERS = ROOT / "configs" / "folders.yaml"
SMALL_CLIP = "local-dir:checkpoints/picturebook-clip"
TRIAL = ["--trainer.max_epochs", "1", "--trainer.limit_train_batches", "2", "--trainer.limit_val_batches", "2",
         "--trainer.accelerator", "cpu", "--trainer.enable_progress_bar", "false", "--data.batch_size", "4",
         "--data.workers", "0", "--model.compile", "false", "--wandb", "off"]  # fmt: skip


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the configurations look for under ``RIVALRY_DATA``, in its form but not in its worth."""
    folder = tmp_path_factory.mktemp("data")
    (folder / "cifar10").mkdir()
    (folder / "weights").mkdir()
    for split, seed in (("train", 0), ("test", 1)):
        pq.write_table(_noise(40, seed), folder / "cifar10" / f"{split}-00000-of-00001.parquet")
    for layers in (20, 56):
        network = timm.create_model(f"cifar_resnet{layers}", num_classes=10)
        save_file(network.state_dict(), folder / "weights" / f"cifar10_resnet{layers}.safetensors")
    deit = timm.create_model("deit_tiny_patch16_224")
    save_file(deit.state_dict(), folder / "weights" / "deit_tiny_patch16_224.safetensors")
    (folder / "concept_words").mkdir()
    (folder / "concept_words" / "20k.txt").write_text("ball\ntree\nsnow\n")
    for name, classes in (("pictures", ["ball", "tree"]), ("imagenet", ["n01440764", "n01443537"])):
        for split in ("train", "val"):
            for kind in classes:
                _draw(folder / name / split / kind)
    (folder / "places365").symlink_to(folder / "pictures")
    _draw_streets(folder / "camvid")
    _draw(folder / "imagenet_sample" / "images")
    rows = [f"{number},word {number},{number}.png" for number in range(8)]
    (folder / "imagenet_sample" / "index.csv").write_text("\n".join(["class_index,label,file", *rows]) + "\n")
    return folder


@pytest.fixture
def place(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The root of the checkout, as the configurations' paths have it, with all that is written going elsewhere."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("RIVALRY_DATA", str(data))
    return tmp_path


def test_there_are_configurations() -> None:
    assert {ROOT / "configs" / "quickstart.yaml", ROOT / "configs" / "quickstart_vit.yaml", FOLDERS} <= set(TRAININGS)
    assert {path.stem for path in RECIPES} == {"resnet18", "resnet50", "deit_tiny", "deit_small"}
    assert STUDIES


@pytest.mark.parametrize("path", TRAININGS, ids=lambda path: str(path.relative_to(ROOT / "configs")))
def test_a_training_runs(path: Path, data: Path, place: Path) -> None:
    file = _shortened(path, place)
    assert (
        main(["fit", "--config", str(file), *TRIAL, *(_folders(data) if path == FOLDERS else []), *_named(place)]) == 0
    )
    _assert_ran(place, yaml.safe_load(file.read_text()))


@pytest.mark.slow
@pytest.mark.data
@pytest.mark.parametrize("path", RECIPES, ids=lambda path: str(path.relative_to(ROOT / "configs")))
def test_a_recipe_runs_on_photographs_at_its_own_size(path: Path, shared_data: Path, place: Path) -> None:
    settings = yaml.safe_load(path.read_text(encoding="utf-8"))
    _name_by_the_small_clip(settings)
    sample = {"table": str(shared_data / "imagenet_sample/index.csv"), "image": "file", "label": "class_index",
              "names": "label", "root": str(shared_data / "imagenet_sample/images")}  # fmt: skip
    for split, rest in (("train", False), ("validation", True)):
        size = settings["data"][split]["init_args"].get("size")
        listed = {"class_path": "rivalry.data.ImageList", "init_args": {**sample, "size": size}}
        part = {"class_path": "rivalry.data.Portion", "init_args": {"whole": listed, "limit": 16, "rest": rest}}
        settings["data"][split] = part
    (place / path.name).write_text(yaml.safe_dump(settings))
    assert main(["fit", "--config", str(place / path.name), *TRIAL, *_named(place)]) == 0
    _assert_ran(place, settings)


def test_the_dissection_that_the_folders_suggest_runs(data: Path, place: Path) -> None:
    text = FOLDERS.read_text()
    said = re.search(r"^  # - class_path.*\n(  #   .*\n)+", text, re.MULTILINE)
    assert said is not None
    text = text.replace(said[0], said[0].replace("  # ", "  "))
    text = text.replace("ViT-B-32/openai", SMALL_CLIP).replace("words.txt", "picturebook")
    (place / "folders.yaml").write_text(text)
    small = ["--model.backbone.name", "test_resnet", "--model.backbone.competitors", "4"]
    command = ["fit", "--config", str(place / "folders.yaml"), *TRIAL, *small, *_folders(data), *_named(place)]
    assert main(command) == 0
    _assert_ran(place, yaml.safe_load(text))


@pytest.mark.slow
@pytest.mark.parametrize("path", [ROOT / "configs/cifar10/resnet20_u2.yaml"], ids=["cifar10/resnet20_u2.yaml"])
def test_a_training_runs_compiled(path: Path, place: Path) -> None:
    file = _shortened(path, place)
    assert yaml.safe_load(file.read_text())["model"]["compile"] is True
    command = [
        sys.executable,
        "-m",
        "rivalry.cli",
        "fit",
        "--config",
        str(file),
        *TRIAL,
        "--model.compile",
        "true",
        *_named(place),
    ]
    subprocess.run(command, check=True, timeout=600)  # a process of its own: shape checks cannot be compiled
    _assert_ran(place, yaml.safe_load(file.read_text()))


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: str(path.relative_to(ROOT / "configs")))
def test_an_analysis_runs(path: Path, place: Path) -> None:
    file = _shortened(path, place, smaller=False)  # a network that is not told otherwise wants pictures of its size
    text = path.read_text(encoding="utf-8")
    trained = re.search(r"^#.*rivalry fit --config (configs/\S+) --name (\w+)", text, re.MULTILINE)
    network = re.search(r"^#.*rivalry analyze ([\w/]+) ", text, re.MULTILINE)
    assert network is not None, "a study says at its head with which network it is tried"
    target, out = [network[1], "--weights", "none"], place / "analysed"
    if "/" in network[1]:
        assert trained is not None, "a study of a run says at its head how it is trained"
        assert network[1] == f"runs/{trained[2]}"
        training = _shortened(ROOT / trained[1], place)
        assert main(["fit", "--config", str(training), *TRIAL, "--analyses", "[]", *_named(place)]) == 0
        target = [str(place / "runs" / "trial")]
    assert main(["analyze", *target, "--config", str(file), "--out", str(out)]) == 0
    names = {Record.load(folder).name for folder in find_records(out / "records")} - {"emergence"}
    assert len(names) == len(yaml.safe_load(file.read_text())["analyses"])


def _assert_ran(place: Path, settings: dict[str, Any]) -> None:
    root = place / "runs" / "trial"
    assert (root / "checkpoints" / "last.ckpt").is_file()
    assert "val/top1" in (root / "metrics.csv").read_text()
    records = [Record.load(folder) for folder in find_records(root / "records")] if settings.get("analyses") else []
    own = [record for record in records if record.name != "emergence"]  # made from the others
    assert len(own) == len(settings.get("analyses") or [])


def _named(place: Path) -> list[str]:
    return ["--runs", str(place / "runs"), "--name", "trial"]


def _folders(data: Path) -> list[str]:
    """The two options that the README changes, and what makes it quick."""
    roots = {"train": data / "pictures" / "train", "validation": data / "pictures" / "val"}
    options = [word for part, root in roots.items() for word in (f"--data.{part}.init_args.root", str(root))]
    return [*options, "--data.workers", "0", "--data.batch_size", "4"]


def _shortened(path: Path, place: Path, *, smaller: bool = True) -> Path:
    """The same settings with data sets of 40 pictures, which are no larger than 64 px."""
    settings = yaml.safe_load(path.read_text(encoding="utf-8"))
    _shorten(settings, smaller=smaller)
    _name_by_the_small_clip(settings)
    backbone = settings.get("model", {}).get("backbone", {})
    if backbone.get("name", "").startswith("deit"):
        backbone["arguments"] = {**backbone.get("arguments", {}), "img_size": 64}
    (place / path.name).write_text(yaml.safe_dump(settings))
    return place / path.name


def _shorten(settings: Any, *, smaller: bool) -> None:
    """At most 40 pictures, 2 steps of prototypes, and, where they shall be smaller, 64 px instead of 224 or 256."""
    places = settings.items() if isinstance(settings, dict) else enumerate(settings)
    for key, value in places:
        if isinstance(value, dict | list):
            _shorten(value, smaller=smaller)
            if key == "init_args" and settings.get("class_path") == "rivalry.prototypes.Prototypes":
                value["steps"] = 2
        elif key == "length":
            settings[key] = 40
        elif key == "steps":
            settings[key] = 2
        elif smaller and key in ("size", "side") and value in (224, 256):
            settings[key] = 64


def _name_by_the_small_clip(settings: dict[str, Any]) -> None:
    """What is to be downloaded is not."""
    for analysis in settings.get("analyses") or []:
        for asked in (analysis["init_args"], analysis["init_args"].get("insight") or {}):
            if "clip" in asked:
                asked["clip"] = SMALL_CLIP


def _draw(folder: Path) -> None:
    folder.mkdir(parents=True)
    for number in range(8):
        Image.new("RGB", (48, 40), (30 * number, 99, 0)).save(folder / f"{number}.png")


def _draw_streets(folder: Path) -> None:
    """Four pictures of noise with masks of three bands, in every split."""
    random = np.random.default_rng(0)
    bands = np.repeat(np.array([0, 1, 11], dtype=np.uint8), 20)[:, None].repeat(80, 1)
    for split in ("train", "val", "test"):
        for kind in ("images", "masks"):
            (folder / kind / split).mkdir(parents=True)
        for number in range(4):
            noise = random.integers(0, 256, (60, 80, 3), dtype=np.uint8)
            Image.fromarray(noise).save(folder / "images" / split / f"{number}.jpg")
            Image.fromarray(bands).save(folder / "masks" / split / f"{number}.png")
    names = ["sky", "building", "pole", "road", "pavement", "tree", "sign", "fence", "car", "pedestrian", "bicyclist"]
    (folder / "classes.txt").write_text("\n".join([*names, "unlabelled"]) + "\n")


def _noise(rows: int, seed: int) -> pa.Table:
    random = np.random.default_rng(seed)
    pictures = []
    for _ in range(rows):
        file = io.BytesIO()
        Image.fromarray(random.integers(0, 256, (32, 32, 3), dtype=np.uint8)).save(file, "PNG")
        pictures.append({"bytes": file.getvalue(), "path": None})
    labels = pa.array([row % 10 for row in range(rows)], pa.int64())
    names = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
    classes = {"label": {"names": names, "_type": "ClassLabel"}}
    table = pa.table({"image": pa.array(pictures), "label": labels})
    return table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": classes}})})
