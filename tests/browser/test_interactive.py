"""The figures that Weights & Biases shows as HTML: each a document of its own that asks for nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from rivalry.lens.interactive import interactive_of
from rivalry.records import Record
from tests.browser.chromium import wait_until, witnessed

WIDTHS = (1100, 360)


@pytest.fixture(scope="module")
def strategies(runs: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The figure of a record of concepts whose names are hostile."""
    made = interactive_of(Record.load(runs[0] / "records" / "epoch=0003" / "concepts"))
    file = tmp_path_factory.mktemp("figures") / "strategies.html"
    file.write_text(made["strategies"], encoding="utf-8")
    return file


@pytest.mark.parametrize("light", ["light", "dark"])
def test_it_shows_itself_and_asks_for_nothing(browser: Browser, strategies: Path, light: str) -> None:
    with witnessed(browser, strategies.as_uri(), color_scheme=light) as page:
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            page.goto(strategies.as_uri())
            expect(page.locator("svg").first).to_be_visible()
            assert page.evaluate("document.scrollingElement.scrollWidth") <= width
        assert page.locator("[onerror], [onfocus], [src='x']").count() == 0


def test_another_class_is_chosen_and_a_picture_comes_up(browser: Browser, strategies: Path) -> None:
    with witnessed(browser, strategies.as_uri()) as page:
        page.goto(strategies.as_uri())
        choice = page.get_by_role("combobox")
        names = choice.locator("option").all_inner_texts()
        assert "<script>alert(1)</script>" in names[0] + names[1] + names[2]
        before = page.locator("body").inner_text()
        choice.select_option(index=4)
        assert page.locator("body").inner_text() != before
        page.locator("svg:visible [data-hover]").first.hover(force=True)
        wait_until(page, "[...document.images].some((one) => one.naturalWidth > 0 && one.offsetParent !== null)")


def test_it_is_no_larger_than_is_logged(strategies: Path) -> None:
    assert strategies.stat().st_size < 2_000_000
