"""A browser, and the site of a small run that nobody has trained, in which every name is hostile."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.chromium import NAMES, find_chromium, start, wanted, witnessed

ROOT = Path(__file__).parents[2]
SIZE = {"units": 1040, "layers": 2, "classes": 28, "epochs": 2, "pictures": 100}
BESIDE = {**SIZE, "units": 64, "seed": 1}
BUILD = """
import json, sys, warnings
(run, beside), sys.argv = sys.argv[1:], ["rivalry"]  # as the command: quick to import
from pathlib import Path
from rivalry.lens.site.building import build
warnings.filterwarnings("ignore", "Glyph .* missing")  # matplotlib has no font for every name
built = build(Path(run), Path(run) / "lens", beside=Path(beside))
print(json.dumps([f"{problem.where}: {problem.what}" for problem in built.problems]))
"""

Opened = Callable[..., AbstractContextManager[Page]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All that lies here is marked."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("browser")


@pytest.fixture(scope="session")
def chromium() -> str:
    """Where Chromium is; where there is none, a reason to skip, but in CI to fail."""
    path = find_chromium()
    if path is None:
        missing = f"no browser: neither {', '.join(NAMES)} nor what RIVALRY_CHROMIUM names is there"
        (pytest.fail if wanted() else pytest.skip)(missing)
    return path


@pytest.fixture(scope="package")
def browser(chromium: str) -> Iterator[Browser]:
    """Chromium, for the tests here alone: while Playwright is there, no other test could start an event loop."""
    with sync_playwright() as playwright:
        started = start(playwright, chromium)
        yield started
        started.close()


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Path]]:
    """A small run, all of whose names are hostile, its own among them; and another to compare it with."""
    sys.path.insert(0, str(ROOT / "benchmarks"))
    write_run = importlib.import_module("synthetic_run").write_run
    sys.path.remove(str(ROOT / "benchmarks"))
    folder = tmp_path_factory.mktemp("runs")
    yield (
        write_run(folder / 'run <b>one & "two" #3 100%', **SIZE, hostile=True),
        write_run(folder / "<img src=x onerror=alert(5)>", **BESIDE, hostile=True),
    )
    for name in [name for name in sys.modules if name.partition(".")[0] in ("synthetic", "synthetic_run")]:
        del sys.modules[name]


@pytest.fixture(scope="session")
def built(runs: tuple[Path, Path], chromium: str) -> tuple[Path, list[str]]:
    """Its site and the build's problems; in a process that checks no shapes. Not without a browser to look at it."""
    command = [sys.executable, "-c", BUILD, *map(str, runs)]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return runs[0] / "lens", json.loads(said)


@pytest.fixture(scope="session")
def site(built: tuple[Path, list[str]]) -> Path:
    """The folder of its site."""
    return built[0]


@pytest.fixture
def opened(browser: Browser, site: Path) -> Opened:
    """Opens a tab on the site's folder; options are those of a browser's context."""

    def open_tab(**context: Any) -> AbstractContextManager[Page]:
        return witnessed(browser, site.as_uri(), **context)

    return open_tab


@pytest.fixture
def page(opened: Opened) -> Iterator[Page]:
    """A tab, wide and light."""
    with opened() as tab:
        yield tab
