"""What is kept of a study until it is whole."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from rivalry.recording.finished import FinishedParts

TABLES = {"classes": b"\x00some rows", "crops": b""}


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RIVALRY_CACHE", str(tmp_path))
    return tmp_path / "concepts"


def test_what_is_kept_comes_back_to_the_same_study_alone(cache: Path) -> None:
    parts = ["plan", torch.tensor([1.0, 2.0])]
    FinishedParts("concepts", parts).keep(3, TABLES)
    again = FinishedParts("concepts", parts)
    assert again.get(3) == TABLES
    assert again.get(4) is None
    assert FinishedParts("concepts", ["plan", torch.tensor([1.0, 2.5])]).get(3) is None
    assert FinishedParts("concepts", ["other plan", torch.tensor([1.0, 2.0])]).get(3) is None
    again.forget()
    assert FinishedParts("concepts", parts).get(3) is None
    assert not list(cache.rglob("*.parquet"))


@pytest.mark.parametrize("left", [0, 10, 100])
def test_what_is_not_whole_is_studied_again(cache: Path, left: int) -> None:
    FinishedParts("concepts", ["plan"]).keep(3, TABLES)
    (file,) = cache.rglob("*.parquet")
    file.write_bytes(file.read_bytes()[:left])
    assert FinishedParts("concepts", ["plan"]).get(3) is None
    assert not file.exists()


@pytest.mark.usefixtures("cache")
def test_a_like_study_that_becomes_whole_first_takes_nothing_away() -> None:
    first, second = FinishedParts("concepts", ["plan"]), FinishedParts("concepts", ["plan"])
    first.keep(0, TABLES)
    first.forget()
    second.keep(1, TABLES)
    assert (second.get(0), second.get(1)) == (None, TABLES)
