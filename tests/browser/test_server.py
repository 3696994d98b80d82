"""The site over HTTP, as ``rivalry lens --serve`` gives it: the same pages, and word of new records."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from rivalry.lens.site.serving import SiteServer
from tests.browser.chromium import wait_until, witnessed
from tests.browser.kinds import PAGES, SCRIPT


@pytest.fixture(scope="module")
def server(site: Path) -> Iterator[SiteServer]:
    """The small run's site, on a free port."""
    with SiteServer(site, 0) as started:
        yield started


@pytest.fixture
def served(browser: Browser, server: SiteServer) -> Iterator[Page]:
    """A tab that may ask for nothing but what the server has."""
    with witnessed(browser, server.url) as tab:
        yield tab


def test_every_kind_of_page_is_served(served: Page, server: SiteServer) -> None:
    for kind, address in PAGES.items():
        served.goto(server.url + address)
        assert served.locator("h1").is_visible(), kind


def test_a_unit_has_an_address_without_an_ending(served: Page, server: SiteServer) -> None:
    served.goto(server.url + PAGES["unit"].removesuffix(".html"))
    words = served.locator("h1").inner_text()
    served.goto(server.url + PAGES["unit"])
    assert served.locator("h1").inner_text() == words
    served.goto(server.url + "layers")
    expect(served.locator("h1")).to_have_text("Layers")
    served.locator("main a").first.click()
    expect(served.locator("h1")).to_be_visible()


def test_search_epochs_and_hover_cards_work(served: Page, server: SiteServer) -> None:
    served.goto(server.url)
    served.get_by_role("combobox").fill(SCRIPT)
    served.get_by_role("option").filter(has_text=SCRIPT).filter(has_text="class").first.click()
    served.wait_for_url("**/class/**")
    served.locator("svg [data-hover]").first.hover(force=True)
    expect(served.locator("#hover")).to_be_visible()
    wait_until(served, "document.querySelector('#hover img').naturalWidth > 0")
    served.get_by_role("slider", name="Epoch").focus()
    served.keyboard.press("ArrowLeft")
    expect(served.locator("output[for=epoch]")).to_have_text("epoch 1")


def test_a_page_tells_of_new_records_and_shows_them_when_asked(served: Page, server: SiteServer) -> None:
    served.clock.install()
    served.goto(server.url)
    served.clock.run_for(4000)
    served.wait_for_timeout(300)
    server.news.said, server.news.stamp = "The run has new records.", "another"
    notice = served.get_by_role("status").filter(has_text="The run has new records.")
    for _ in range(5):
        served.clock.run_for(3100)
        served.wait_for_timeout(200)
    expect(notice).to_be_visible()
    with served.expect_navigation():
        notice.get_by_role("button", name="Show").click()
    expect(notice).to_have_count(0)
