"""The documentation is true where a machine can tell: its code runs, its links and the tests it names are there."""

import re
import runpy
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import torch

from rivalry.recording import sweep
from tests.recording.tiny import Listener, TinyNetwork, tiles_loader

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
RUNNABLE = re.compile(r"^```python runnable\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", [page for page in PAGES if RUNNABLE.search(page.read_text())], ids=name)
def test_its_code_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of a page run one after another, in a folder of their own where the project's checkpoints are at hand."""
    (tmp_path / "checkpoints").symlink_to(ROOT / "checkpoints")
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"__name__": page.stem}
    text = page.read_text()
    for block in RUNNABLE.finditer(text):
        line = text.count("\n", 0, block.start(1))
        exec(compile("\n" * line + block[1], str(page), "exec"), names)  # an error shows the page's line


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_its_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)", FENCED.sub("", page.read_text()))
    broken = []
    for link in (link for link in links if not re.match(r"https?://|mailto:", link)):
        file, _, anchor = unquote(link).partition("#")
        target = (page.parent / file) if file else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_its_pictures_are_there_and_small(page: Path) -> None:
    for picture in re.findall(r"!\[[^\]]*\]\(([^)\s]+)\)", page.read_text()):
        assert (page.parent / picture).stat().st_size < 500_000, picture


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_the_tests_that_it_names_exist(page: Path) -> None:
    for file, function in re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", page.read_text()):
        assert (ROOT / file).is_file(), file
        assert not function or f"\ndef {function}(" in (ROOT / file).read_text(), f"{file}::{function}"


def test_the_index_lists_every_page() -> None:
    index = (ROOT / "docs" / "README.md").read_text()
    assert [page.name for page in (ROOT / "docs").glob("*.md") if f"]({page.name})" not in index] == ["README.md"]


def test_the_reference_of_settings_is_what_the_code_says() -> None:
    file = ROOT / "docs" / "configuration.py"
    names = runpy.run_path(str(file))
    written = (ROOT / "docs" / "configuration.md").read_text()
    assert names["page"]() == written, "make docs writes it anew"
    for setting in ("`competitors`", "`rivalry.data.ImageFolder`", "`rivalry.dissection.NeuronDissection`", "`wandb`"):
        assert setting in written


def test_the_analysis_in_the_documentation_finds_what_a_plain_count_finds() -> None:
    names: dict[str, Any] = {}
    exec(RUNNABLE.findall((ROOT / "docs" / "records.md").read_text())[0], names)
    network, listener = TinyNetwork(), Listener("compete")
    record, _ = sweep(network, tiles_loader(9), [names["FavouriteClasses"](["compete"]), listener], progress=False)
    maps = torch.cat([seen.activations["compete"] for seen in listener.seen]).mean((2, 3))
    labels = torch.cat([seen.labels for seen in listener.seen if seen.labels is not None])
    bright = maps[labels == 1].mean(0) > maps[labels == 0].mean(0)
    expected = ["bright" if more else "plain" for more in bright.tolist()]
    assert record.tables["units"]["favourite"].to_pylist() == expected
    assert record.scalars == {"favourites": float(len(set(expected)))}
    assert len(set(expected)) == 2


def anchors(page: Path) -> set[str]:
    """The headings of a page as links name them."""
    headings = re.findall(r"^#+ (.+)$", FENCED.sub("", page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
