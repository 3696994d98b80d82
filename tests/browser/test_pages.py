"""Every kind of page: reached by clicking, whole without a script, on any screen, harmless whatever it is called."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chromium import wait_until
from tests.browser.conftest import ROOT, Opened
from tests.browser.kinds import IMAGE, LAYER, PAGES, PLAIN_LAYER, SCRIPT

FIRST_VIEW = 1_000_000


@pytest.fixture(scope="module")
def first_view() -> Iterator[Callable[[Path], int]]:
    """What a browser reads before it shows a page, as ``benchmarks/site_speed.py`` counts it."""
    before = set(sys.modules)
    sys.path.insert(0, str(ROOT / "benchmarks"))
    yield importlib.import_module("site_speed").first_view
    sys.path.remove(str(ROOT / "benchmarks"))
    for name in set(sys.modules) - before:
        if str(ROOT / "benchmarks") in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


def test_nothing_was_left_out(built: tuple[Path, list[str]]) -> None:
    assert built[1] == []


@pytest.mark.parametrize("kind", PAGES)
def test_a_page_shows_itself_without_an_error(page: Page, site: Path, kind: str) -> None:
    page.goto((site / PAGES[kind]).as_uri())
    expect(page.locator("h1")).to_have_count(1)
    assert page.title().endswith(site.parent.name)
    assert page.locator("main :is(img, svg, table, dl, p, li)").count() > 2
    page.evaluate("for (const one of document.images) one.loading = 'eager'")
    wait_until(page, "[...document.images].every((one) => one.complete)")
    broken = "[...document.images].filter((one) => one.currentSrc && !one.naturalWidth).map((one) => one.src)"
    assert page.evaluate(broken) == []


def test_every_kind_of_page_is_reached_by_clicking(page: Page, site: Path) -> None:
    page.goto((site / "index.html").as_uri())
    navigation = page.get_by_role("navigation", name="Site")
    for title in ("Layers", "Classes", "Concepts", "Probes", "Compare"):
        navigation.get_by_role("link", name=title).click()
        expect(page.locator("h1")).to_be_visible()
        expect(navigation.locator("[aria-current]")).to_have_text(title)
    navigation.get_by_role("link", name="Layers").click()
    page.locator("main").get_by_role("link", name=LAYER, exact=True).first.click()
    expect(page.locator("h1")).to_contain_text(LAYER)
    page.locator("main a[href*='unit/']").first.click()
    assert "/unit/" in page.url
    page.get_by_role("navigation", name="Above").get_by_role("link", name=LAYER).click()
    assert page.url.endswith(PAGES["layer"])
    navigation.get_by_role("link", name="Classes").click()
    page.locator("main").get_by_role("link", name=SCRIPT, exact=True).first.click()
    expect(page.locator("h1")).to_contain_text(SCRIPT)
    navigation.get_by_role("link", name="Concepts").click()
    page.locator("main").get_by_role("link", name=IMAGE, exact=True).first.click()
    expect(page.locator("h1")).to_contain_text(IMAGE)
    page.locator(f"main a[href*='unit/{PLAIN_LAYER}/'], main a[href*='unit/stem']").first.click()
    expect(page.locator("h1")).to_be_visible()
    navigation.get_by_role("link", name="Probes").click()
    page.locator("main a[href*='probe/']").first.click()
    assert "/probe/" in page.url
    page.locator("header .home").click()
    assert page.url.endswith("index.html")


@pytest.mark.parametrize("kind", PAGES)
def test_hostile_names_are_words_and_nothing_else(page: Page, site: Path, kind: str) -> None:
    page.goto((site / PAGES[kind]).as_uri())
    made_by_names = "main script, main [onerror], main [onfocus], main [src='x'], [href^='javascript:']"
    assert page.locator(made_by_names).count() == 0
    text = page.locator("body").text_content() or ""
    assert "49" not in text.split("{{ 7 * 7 }}")[0][-2:]
    assert site.parent.name in text


def test_names_that_differ_by_case_have_pages_of_their_own(page: Page, site: Path) -> None:
    addresses = {file.name for file in (site / "class").iterdir()}
    assert len({name.lower() for name in addresses}) == len(addresses)
    page.goto((site / PAGES["classes"]).as_uri())
    for name in ("boat", "Boat", "BOAT"):
        links = page.locator("main").get_by_role("link", name=name, exact=True)
        assert len({link.get_attribute("href") for link in links.all()}) == 1
        with page.expect_navigation():
            links.first.click()
        expect(page.locator("h1")).to_contain_text(name)
        page.go_back()


def test_pages_are_whole_without_a_script(opened: Opened, site: Path) -> None:
    with opened(java_script_enabled=False) as page:
        for kind, address in PAGES.items():
            page.goto((site / address).as_uri())
            assert page.locator("h1").is_visible(), kind
            assert len(page.locator("main").inner_text()) > 100, kind
            assert page.locator(".needs-script:visible").count() == 0, kind


@pytest.mark.parametrize("width", [360, 768, 1600])
def test_no_page_is_wider_than_the_screen(opened: Opened, site: Path, width: int) -> None:
    with opened(viewport={"width": width, "height": 800}) as page:
        wide = {}
        for kind, address in PAGES.items():
            page.goto((site / address).as_uri())
            if (needed := page.evaluate("document.scrollingElement.scrollWidth")) > width:
                wide[kind] = needed
        assert wide == {}


def test_the_first_view_of_every_page_is_small(site: Path, first_view: Callable[[Path], int]) -> None:
    large = {page.relative_to(site): size for page in site.rglob("*.html") if (size := first_view(page)) > FIRST_VIEW}
    assert large == {}
