"""axe-core looks over every kind of page, light and dark, wide and narrow: nothing serious."""

from __future__ import annotations

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.conftest import Opened
from tests.browser.kinds import PAGES

WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
OPTIONS = {"resultTypes": ["violations"], "preload": False}  # it would read the style again, which a folder forbids


@pytest.mark.parametrize("kind", ["overview", "unit", "class"])
def test_nothing_serious_is_found_on_the_main_pages(opened: Opened, site: Path, kind: str) -> None:
    with opened(bypass_csp=True) as page:
        page.goto((site / PAGES[kind]).as_uri())
        assert _serious(page) == []


@pytest.mark.slow
@pytest.mark.parametrize("kind", PAGES)
def test_nothing_serious_is_found_on_any_page(opened: Opened, site: Path, kind: str) -> None:
    found = {}
    with opened(bypass_csp=True) as page:
        page.goto((site / PAGES[kind]).as_uri())
        for screen in (WIDE, NARROW):
            page.set_viewport_size(screen)
            for light in ("light", "dark"):
                page.emulate_media(color_scheme=light)
                if serious := _serious(page):
                    found[f"{light}, {screen['width']} px"] = serious
    assert found == {}


def _serious(page: Page) -> list[str]:
    """What axe-core calls serious or critical, with the first place of each."""
    response = Axe().run(page, options=OPTIONS).response
    return [
        f"{one['impact']} {one['id']}: {len(one['nodes'])} × {one['nodes'][0]['html'][:160]} "
        f"{one['nodes'][0]['failureSummary'][:200]}"
        for one in response["violations"]
        if one["impact"] in ("serious", "critical")
    ]
