"""Search: by keyboard alone, from any page, whatever things are called."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.kinds import LAYER, PAGES, SCRIPT


@pytest.mark.parametrize("kind", ["overview", "unit"])
def test_a_word_is_found_and_chosen_by_keyboard(page: Page, site: Path, kind: str) -> None:
    page.goto((site / PAGES[kind]).as_uri())
    page.keyboard.press("/")
    box = page.get_by_role("combobox")
    expect(box).to_be_focused()
    page.keyboard.type("boat")
    options = page.get_by_role("option")
    expect(options.first).to_be_visible()
    expect(box).to_have_attribute("aria-expanded", "true")
    assert all("boat" in said.lower() for said in options.all_inner_texts())
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    expect(box).to_have_attribute("aria-activedescendant", options.nth(1).get_attribute("id") or "")
    page.keyboard.press("ArrowUp")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert (page.locator("h1").text_content() or "").lower().find("boat") >= 0


def test_a_hostile_word_is_found_as_it_is(page: Page, site: Path) -> None:
    page.goto((site / "index.html").as_uri())
    page.get_by_role("combobox").fill(SCRIPT)
    option = page.get_by_role("option").filter(has_text=SCRIPT).first
    expect(option).to_be_visible()
    assert page.locator("#found script").count() == 0
    with page.expect_navigation():
        option.click()
    expect(page.locator("h1")).to_contain_text(SCRIPT)


@pytest.mark.parametrize("word", ["🦁 lion", "אַרְיֵה", "__proto__", "constructor", "{{ 7", "50% of #1", "con."])
def test_words_of_all_kinds_are_found(page: Page, site: Path, word: str) -> None:
    page.goto((site / "index.html").as_uri())
    page.get_by_role("combobox").fill(word)
    expect(page.get_by_role("option").filter(has_text=word).first).to_be_visible()


def test_a_unit_is_found_by_its_number(page: Page, site: Path) -> None:
    page.goto((site / "index.html").as_uri())
    page.get_by_role("combobox").fill("stem 17")
    option = page.get_by_role("option").filter(has_text=f"{LAYER} 17").first
    expect(option).to_be_visible()
    with page.expect_navigation():
        option.click()
    assert page.url.endswith("/17.html")


def test_what_is_not_there_is_not_found(page: Page, site: Path) -> None:
    page.goto((site / "index.html").as_uri())
    page.get_by_role("combobox").fill("qqqzzz")
    expect(page.get_by_text("nothing found", exact=True)).to_have_count(1)
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    expect(page.get_by_role("combobox")).to_have_value("")
    assert page.url.endswith("index.html")
