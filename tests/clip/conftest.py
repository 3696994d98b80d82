"""A tiny CLIP on disk and loaded, and a cache of its own for every test."""

from pathlib import Path

import pytest

from rivalry.clip.towers import Clip, load_clip
from tests.clip.tiny_clip import write_tiny_clip


@pytest.fixture(scope="session")
def clip_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_clip(tmp_path_factory.mktemp("clip") / "tiny")


@pytest.fixture(scope="session")
def clip(clip_folder: Path) -> Clip:
    return load_clip(f"local-dir:{clip_folder}")


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RIVALRY_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"
