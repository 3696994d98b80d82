"""What all tests share: a cache of their own, one thread, and the way to the real data."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).parents[1]
CACHE = pytest.StashKey[str]()


def pytest_configure(config: pytest.Config) -> None:
    torch.set_num_threads(1)  # several test processes share the cores
    if not hasattr(config, "workerinput"):  # the first process; those of pytest-xdist inherit its environment
        config.stash[CACHE] = os.environ["RIVALRY_CACHE"] = tempfile.mkdtemp(prefix="rivalry-tests-")


def pytest_unconfigure(config: pytest.Config) -> None:
    if CACHE in config.stash:
        shutil.rmtree(config.stash[CACHE], ignore_errors=True)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of the real data sets; tests that use it carry the mark ``data``.

    That is ``RIVALRY_DATA``; where it is not set, a folder ``shared/data`` beside the checkout, if there is one.
    """
    given = os.environ.get("RIVALRY_DATA")
    folder = Path(given) if given else ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        where = f"RIVALRY_DATA={given} is no folder" if given else "RIVALRY_DATA is not set"
        pytest.skip(f"no real data: {where}")
    return folder
