"""What is kept of a study until it is whole."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
import torch

from rivalry.concepts.schemas import CLASS_TABLES
from rivalry.concepts.studied import StudiedClasses


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RIVALRY_CACHE", str(tmp_path))
    return tmp_path / "concepts"


def tables(name: str) -> dict[str, pa.Table]:
    """The tables of a class that has no concepts."""
    empty = {table: schema.empty_table() for table, schema in CLASS_TABLES.items()}
    rows = [{"layer": "act", "class": name, "reason": "no picture"}]
    return empty | {"classes": pa.Table.from_pylist(rows, CLASS_TABLES["classes"])}


def test_what_is_kept_comes_back_to_the_same_study_alone(cache: Path) -> None:
    parts = ["plan", torch.tensor([1.0, 2.0])]
    StudiedClasses(parts).keep(3, tables("car"))
    again = StudiedClasses(parts)
    assert again.get(3) == tables("car")
    assert again.get(4) is None
    assert StudiedClasses(["plan", torch.tensor([1.0, 2.5])]).get(3) is None
    assert StudiedClasses(["other plan", torch.tensor([1.0, 2.0])]).get(3) is None
    again.forget()
    assert StudiedClasses(parts).get(3) is None
    assert not list(cache.rglob("*.arrow"))


def test_what_is_not_whole_is_studied_again(cache: Path) -> None:
    StudiedClasses(["plan"]).keep(3, tables("car"))
    (file,) = cache.rglob("*.arrow")
    file.write_bytes(file.read_bytes()[:-200])
    assert StudiedClasses(["plan"]).get(3) is None
    assert not file.exists()
