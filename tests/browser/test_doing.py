"""What a reader does on a page: choose an epoch, sort and filter tables, point at pictures, change the light."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.chromium import wait_until
from tests.browser.kinds import PAGES, WITH_EPOCHS

FIRST, LAST = 1, 3


@pytest.mark.parametrize("kind", WITH_EPOCHS)
def test_the_slider_shows_another_epoch(page: Page, site: Path, kind: str) -> None:
    page.goto((site / PAGES[kind]).as_uri())
    slider, said = page.get_by_role("slider", name="Epoch"), page.locator("output[for=epoch]")
    expect(said).to_contain_text(f"epoch {LAST}")
    shown = page.locator("main").inner_text()
    slider.focus()
    page.keyboard.press("ArrowLeft")
    expect(said).to_have_text(f"epoch {FIRST}")
    expect(page.locator("main")).not_to_have_text(shown)
    assert page.url.endswith(f"#epoch={FIRST}")
    page.keyboard.press("ArrowRight")
    expect(said).to_contain_text(f"epoch {LAST}")
    assert "#" not in page.url


def test_an_epoch_is_carried_along_links_and_back(page: Page, site: Path) -> None:
    page.goto((site / PAGES["layer"]).as_uri())
    page.get_by_role("slider", name="Epoch").focus()
    page.keyboard.press("ArrowLeft")
    page.wait_for_url(f"**#epoch={FIRST}")
    page.locator("main a[href*='unit/']").first.click()
    page.wait_for_url("**/unit/**")
    assert page.url.endswith(f"#epoch={FIRST}")
    expect(page.locator("output[for=epoch]")).to_have_text(f"epoch {FIRST}")
    page.go_back()
    page.wait_for_url("**/layers/**")
    expect(page.locator("output[for=epoch]")).to_have_text(f"epoch {FIRST}")
    page.reload()
    expect(page.locator("output[for=epoch]")).to_have_text(f"epoch {FIRST}")


@pytest.mark.parametrize("kind", ["layer", "classes", "concepts"])
def test_a_table_is_sorted_both_ways(page: Page, site: Path, kind: str) -> None:
    table = _shown_table(page, site, kind)
    head = table.locator("thead th[data-type=number]").nth(1)
    button = head.get_by_role("button")
    place = head.evaluate("(one) => one.cellIndex")
    button.focus()
    page.keyboard.press("Enter")
    expect(head).to_have_attribute("aria-sort", "descending")
    falling = _numbers(table, place)
    assert falling == sorted(falling, reverse=True)
    assert len(set(falling)) > 1
    button.click()
    expect(head).to_have_attribute("aria-sort", "ascending")
    rising = _numbers(table, place)
    assert rising == sorted(rising)
    assert rising[0] <= falling[-1]


@pytest.mark.parametrize("kind", ["layer", "classes", "concepts"])
def test_a_table_is_filtered(page: Page, site: Path, kind: str) -> None:
    table = _shown_table(page, site, kind)
    rows = table.locator("tbody tr:visible")
    before = rows.count()
    page.locator(table.get_attribute("data-filter") or "no filter").fill("boat")
    expect(rows.filter(has_not_text=re.compile("boat", re.IGNORECASE))).to_have_count(0)
    assert 0 < rows.count() < before


def test_a_long_table_is_shown_page_by_page(page: Page, site: Path) -> None:
    _shown_table(page, site, "layer")
    rows = page.locator("table[data-rows] tbody tr")
    expect(rows).to_have_count(200)
    first = rows.first.inner_text()
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_text("rows 201–400 of 520")).to_be_visible()
    assert rows.first.inner_text() != first
    page.get_by_role("button", name="Next").click()
    expect(rows).to_have_count(120)
    expect(page.get_by_role("button", name="Next")).to_be_disabled()
    link = rows.first.get_by_role("link").first
    link.click()
    page.wait_for_url("**/unit/**")
    expect(page.locator("h1")).to_be_visible()
    page.go_back()
    page.get_by_role("button", name="Table").click()
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_text("rows 201–400 of 520")).to_be_visible()
    page.get_by_role("button", name="Previous").click()
    assert rows.first.inner_text() == first


@pytest.mark.parametrize("how", ["pointer", "keyboard"])
def test_a_picture_comes_up_beside_a_dot(page: Page, site: Path, how: str) -> None:
    page.goto((site / PAGES["class"]).as_uri())
    dots = page.locator("svg [data-hover]")
    dot = dots.nth(3) if how == "pointer" else page.locator("svg [data-hover][tabindex='0']").nth(3)
    dot.scroll_into_view_if_needed()
    card = page.locator("#hover")
    expect(card).to_be_hidden()
    if how == "pointer":
        dot.hover(force=True)
    else:
        dot.focus()
    expect(card).to_be_visible()
    wait_until(page, "document.querySelector('#hover img').naturalWidth > 0")
    assert card.locator("div").inner_text()
    within = card.bounding_box()
    assert within is not None
    assert within["x"] >= 0
    assert within["x"] + within["width"] <= 1280
    page.keyboard.press("Escape")
    expect(card).to_be_hidden()


def test_the_light_is_changed_and_kept(page: Page, site: Path) -> None:
    page.goto((site / "index.html").as_uri())
    light = _paper(page)
    page.get_by_role("button", name="Change between light and dark").click()
    dark = _paper(page)
    assert dark != light
    page.get_by_role("navigation", name="Site").get_by_role("link", name="Layers").click()
    expect(page.locator("h1")).to_have_text("Layers")
    assert _paper(page) == dark
    page.get_by_role("button", name="Change between light and dark").click()
    assert _paper(page) == light


def _shown_table(page: Page, site: Path, kind: str) -> Locator:
    """The first table that can be sorted; where a page shows something else at first, after asking for it."""
    page.goto((site / PAGES[kind]).as_uri())
    for button in page.get_by_role("button", name="Table", exact=True).all():
        button.click()
    table = page.locator("table.sortable:visible").first
    expect(table).to_be_visible()
    return table


def _paper(page: Page) -> str:
    colour: str = page.evaluate("getComputedStyle(document.body).backgroundColor")
    return colour


def _numbers(table: Locator, place: int) -> list[float]:
    """The numbers of a column, top to bottom; those that are missing are left out."""
    said = table.locator(f"tbody tr:visible > :nth-child({place + 1})").all_inner_texts()
    plain = [re.sub(r"[,\s%]", "", text).replace("−", "-") for text in said]
    return [float(number) for text in plain if (number := (re.match(r"-?[\d.]+", text) or [""])[0])]
