"""Takes the pictures of the lens site that the README and docs/lens.md show, into ``docs/pictures``.

rivalry fit --config configs/lens/picturebook.yaml --name showcase
rivalry lens runs/showcase
python docs/screenshots.py runs/showcase/lens

Needs Chromium: the one that RIVALRY_CHROMIUM names, or one that is installed.
"""

from __future__ import annotations

import io
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from jsonargparse import auto_cli
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from rivalry.lens.site.addresses import OVERVIEW, class_address, layer_address, probe_address

PICTURES = Path(__file__).parent / "pictures"
LARGEST = 450_000
_SHOWN = """[...document.images].every((one) => {
  const { top, bottom, left, right } = one.getBoundingClientRect();
  return one.complete || !one.checkVisibility() || top > innerHeight || bottom < 0 || left > innerWidth || right < 0;
})"""


@dataclass(frozen=True)
class Shot:
    """A picture of a page.

    Attributes:
        name: Of its file.
        address: Of the page, or of one that leads to it.
        follow: Where the page that is meant is linked there: of these the first.
        width: Of the window, in pixels.
        height: Of the window.
        light: By which it is seen.
    """

    name: str
    address: str
    follow: str = ""
    width: int = 1280
    height: int = 1000
    light: Literal["light", "dark"] = "light"


def main(
    site: Path,
    layer: str = "layer4.0.act2",
    of_class: str = "car",
    probe: str = "watermark",
    out: Path = PICTURES,
) -> None:
    """Take the pictures.

    Args:
        site: Folder of a site.
        layer: Whose page is shown.
        of_class: Whose page is shown.
        probe: Whose page is shown.
        out: Folder of the pictures.
    """
    shots = [
        Shot("lens_overview", OVERVIEW),
        Shot("lens_unit", OVERVIEW, follow="main a[href*='unit/']", height=1300),
        Shot("lens_class", class_address(of_class), height=1300),
        Shot("lens_layer", layer_address(layer), light="dark"),
        Shot("lens_probe", probe_address(probe)),
        Shot("lens_phone", class_address(of_class), width=390, height=1200, light="dark"),
    ]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_chromium(), args=["--no-sandbox", "--disable-gpu"])
        for shot in shots:
            file = out / f"{shot.name}.png"
            file.write_bytes(_small(_taken(browser, site, shot)))
            print(f"{file}: {file.stat().st_size // 1000} kB")
        browser.close()


def _taken(browser: Browser, site: Path, shot: Shot) -> bytes:
    size = {"width": shot.width, "height": shot.height}
    page = browser.new_page(viewport=size, color_scheme=shot.light, device_scale_factor=1.5, reduced_motion="reduce")
    page.goto((site.resolve() / shot.address).as_uri())
    if shot.follow:
        page.locator(shot.follow).first.click()
    _wait_for_pictures(page)
    taken = page.screenshot()
    page.close()
    return taken


def _wait_for_pictures(page: Page) -> None:
    """Those that are left for later too, where they are to be seen."""
    for _ in range(100):
        page.wait_for_timeout(50)
        if page.evaluate(_SHOWN):
            return
    raise SystemExit(f"pictures of {page.url} do not come")


def _small(taken: bytes) -> bytes:
    """The same in as many colours as fit the size of a file."""
    picture = Image.open(io.BytesIO(taken)).convert("RGB")
    for colours in (256, 128, 64, 32):
        written = io.BytesIO()
        picture.quantize(colours, dither=Image.Dither.NONE).save(written, "PNG", optimize=True)
        if written.tell() <= LARGEST:
            return written.getvalue()
    raise SystemExit(f"a picture takes {written.tell()} bytes in 32 colours; wanted {LARGEST}: show less of the page")


def _chromium() -> str:
    names = ("chromium", "chromium-browser", "google-chrome")
    found = os.environ.get("RIVALRY_CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if found is None:
        raise SystemExit(f"no browser: install one of {', '.join(names)}, or name one in RIVALRY_CHROMIUM")
    return found


if __name__ == "__main__":
    auto_cli(main)
