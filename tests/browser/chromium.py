"""Where Chromium is, how it is started, and what a page may do in it: nothing but show itself."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, Playwright, Route

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync")  # fmt: skip


def find_chromium() -> str | None:
    """The browser: what ``RIVALRY_CHROMIUM`` names, else what is installed under one of its names."""
    return os.environ.get("RIVALRY_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


def wanted() -> bool:
    """Whether a missing browser is a failure, as in CI, and no reason to skip."""
    return os.environ.get("RIVALRY_BROWSER") == "required" or os.environ.get("CI", "").lower() not in ("", "0", "false")


def start(playwright: Playwright, path: str) -> Browser:
    """Start it, without a window."""
    return playwright.chromium.launch(executable_path=path, args=list(FLAGS))


@dataclass
class Witness:
    """What pages have done that they should not.

    Attributes:
        own: Where the site is: a folder as ``file://…/``, or a server.
        failings: In words.
    """

    own: str
    failings: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        """Write down what a page says and asks for; what lies outside is not fetched."""
        page.on("console", lambda said: self._hear(said.type, said.text, said.location))
        page.on("pageerror", lambda error: self.failings.append(f"error on {page.url}: {error}"))
        page.on("dialog", lambda dialog: (self.failings.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.on("popup", lambda opened: self.failings.append(f"{page.url} has opened {opened.url}"))
        page.on("requestfailed", lambda asked: self._miss(asked.url, asked.failure or ""))
        page.on("response", lambda given: given.status >= 400 and self.failings.append(f"{given.status}: {given.url}"))
        page.route("**/*", self._let)

    def _hear(self, kind: str, text: str, where: dict[str, Any]) -> None:
        if kind in ("error", "warning", "assert"):
            self.failings.append(f"{kind}: {text} ({where.get('url', '')})")

    def _miss(self, url: str, why: str) -> None:
        if "ERR_ABORTED" not in why:  # what was not read yet when the next page was asked for
            self.failings.append(f"not there: {url} ({why})")

    def _let(self, route: Route) -> None:
        url = route.request.url
        if urlsplit(url).scheme in ("data", "blob", "about") or url.startswith(self.own):
            route.continue_()
        else:
            self.failings.append(f"asked for {url}")
            route.abort()


@contextmanager
def witnessed(browser: Browser, own: str, **context: Any) -> Iterator[Page]:
    """A page that may not fail, warn, open dialogs or ask for anything outside; told of at the end."""
    within = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **context})
    page = within.new_page()
    page.set_default_timeout(10_000)
    witness = Witness(own)
    witness.watch(page)
    try:
        yield page
        page.wait_for_load_state()
    finally:
        within.close()
    if witness.failings:
        raise AssertionError("\n".join(witness.failings[:20]))


def wait_until(page: Page, so: str) -> None:
    """Wait until an expression holds on a page, five seconds at most; Playwright's own way is not let by the policy."""
    for _ in range(100):
        if page.evaluate(so):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"not so on {page.url}: {so}")
