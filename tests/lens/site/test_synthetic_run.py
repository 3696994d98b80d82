"""The made-up runs of ``benchmarks/``: they are laid out as the analyses lay theirs out, today."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from rivalry.cli import main
from rivalry.lens.pictures import picture_of
from rivalry.lens.site.kinds import KINDS
from rivalry.lens.site.shelf import Shelf, Volume
from tests.training.every_analysis import write_settings_of_all

ROOT = Path(__file__).parents[3]
SIZE = {"layers": 2, "units": 16, "classes": 24, "epochs": 2, "pictures": 40}
UNKNOWN = ("basis", "classes")  # what classes are made of is told where the rest of the network is linear


@pytest.fixture(scope="module")
def synthetic_run() -> Iterator[Any]:
    """The module, as Python sees it when it is run."""
    sys.path.insert(0, str(ROOT / "benchmarks"))
    yield importlib.import_module("synthetic_run")
    sys.path.remove(str(ROOT / "benchmarks"))
    for name in [name for name in sys.modules if name.partition(".")[0] in ("synthetic", "synthetic_run")]:
        del sys.modules[name]


@pytest.fixture(scope="module")
def run(synthetic_run: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = synthetic_run.write_run(tmp_path_factory.mktemp("runs") / "made", **SIZE, hostile=True)
    return folder


def test_a_run_has_a_record_of_every_kind_and_one_of_the_users(run: Path) -> None:
    shelf = Shelf.open(run)
    assert not shelf.problems
    assert shelf.epochs == [1, 3]
    for epoch in shelf.epochs:
        assert [one.kind for one in shelf.volumes if one.epoch == epoch].count(None) == 1
        assert {one.kind for one in shelf.volumes if one.epoch == epoch} == {*KINDS, None}
    assert [epoch for epoch, _ in shelf.curve("val/top1")] == [0, 1, 2, 3]


def test_it_has_the_units_classes_and_pictures_asked_for(run: Path) -> None:
    shelf = Shelf.open(run)
    profiles, concepts = shelf.last("profiles"), shelf.last("concepts")
    assert profiles is not None
    assert concepts is not None
    units = profiles.table("units", ["layer", "unit"])
    assert len(units) == len(set(zip(*(units[name].to_pylist() for name in ("layer", "unit")), strict=True))) == 16
    classes = concepts.table("classes", ["class"])["class"].to_pylist()
    assert len(set(classes)) == 24
    assert {"<script>alert(1)</script>", "", "boat", "Boat"} <= set(classes)
    shown = set(profiles.table("samples", ["index"])["index"].to_pylist())
    pictures = profiles.table("pictures")
    assert pictures["index"].to_pylist() == sorted(shown)
    assert all(file[8:12] == b"WEBP" for file in pictures["thumbnail"].to_pylist())


def test_only_an_analysis_of_the_users_own_cannot_be_drawn(synthetic_run: Any, tmp_path: Path) -> None:
    drawn = Shelf.open(synthetic_run.write_run(tmp_path, **SIZE))  # of names that the fonts here can write
    last = [one for one in drawn.volumes if one.epoch == 3 and one.kind != "profiles"]
    assert {one.kind for one in last if picture_of(one.record()) is None} == {None}


def test_the_same_seed_makes_the_same_run(synthetic_run: Any, run: Path, tmp_path: Path) -> None:
    other = Shelf.open(synthetic_run.write_run(tmp_path, **SIZE, hostile=True))
    for one, two in zip(Shelf.open(run).volumes, other.volumes, strict=True):
        assert all(one.table(name).equals(two.table(name)) for name in one.columns if one.kind is not None)
        assert str(one.scalars) == str(two.scalars)


@pytest.mark.parametrize(("changed", "said"), [
    ({"units": 7}, "4 units a layer"),
    ({"classes": 1}, "2 classes"),
    ({"epochs": 0}, "1 epoch or more"),
])  # fmt: skip
def test_a_run_that_is_too_small_is_refused(
    synthetic_run: Any, tmp_path: Path, changed: dict[str, int], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        synthetic_run.write_run(tmp_path, **{**SIZE, **changed})


@pytest.mark.slow
def test_its_tables_are_those_of_the_real_analyses(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    settings = write_settings_of_all(tmp_path / "all.yaml", wandb="off")
    assert main(["fit", "--config", str(settings), "--runs", str(tmp_path), "--name", "real"]) == 0
    made, real = (Shelf.open(folder) for folder in (run, tmp_path / "real"))
    for kind in KINDS:
        ours, theirs = made.last(kind), real.last(kind)
        assert ours is not None
        assert theirs is not None, f"no real record of {kind}: has its analysis changed its tables?"
        assert {name: columns for name, columns in _schemas(ours).items() if (kind, name) != UNKNOWN} == _schemas(
            theirs
        )
        assert set(theirs.scalars) <= set(ours.scalars)
        assert set(theirs.images) == set(ours.images)


def _schemas(volume: Volume) -> dict[str, dict[str, str]]:
    """Columns and their types by table."""
    return {
        table: {field.name: str(field.type) for field in pq.read_schema(volume.folder / f"{table}.parquet")}
        for table in volume.columns
    }
