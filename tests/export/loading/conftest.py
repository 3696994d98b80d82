"""A dissected checkpoint that tests may spoil."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.export.loading.folders import COMPETING_RESNET, write_folder


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dissected checkpoint, for reading."""
    folder = tmp_path_factory.mktemp("written") / "checkpoint"
    write_folder(folder, **COMPETING_RESNET)
    return folder


@pytest.fixture
def folder(written: Path, tmp_path: Path) -> Path:
    """A copy of it, for spoiling."""
    return Path(shutil.copytree(written, tmp_path / "checkpoint"))
