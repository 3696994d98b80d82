"""Pictures in PNG, and in nothing else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from rivalry.export.loading.guard import images
from rivalry.export.loading.guard.images import read_png


def test_a_picture_comes_back(tmp_path: Path) -> None:
    pixels = np.arange(60, dtype=np.uint8).reshape(4, 5, 3)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    assert np.array_equal(read_png(tmp_path / "a.png"), pixels)


@pytest.mark.parametrize("form", ["JPEG", "GIF", "EPS"])
def test_another_format_is_refused_whatever_it_is_called(form: str, tmp_path: Path) -> None:
    Image.new("RGB", (4, 4)).save(tmp_path / "a.png", format=form)
    with pytest.raises(ValueError, match=r"a\.png is no PNG that can be read"):
        read_png(tmp_path / "a.png")


def test_a_picture_that_ends_early_is_refused(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (40, 40, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "a.png")
    (tmp_path / "a.png").write_bytes((tmp_path / "a.png").read_bytes()[:999])
    with pytest.raises(ValueError, match=r"a\.png is no PNG that can be read"):
        read_png(tmp_path / "a.png")


def test_a_picture_of_many_pixels_is_refused_undecoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "MOST_PIXELS", 99)
    Image.new("1", (10, 10)).save(tmp_path / "a.png")
    with pytest.raises(ValueError, match=r"a\.png has 100 pixels; at most 99 are read"):
        read_png(tmp_path / "a.png")


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_a_bomb_is_refused(tmp_path: Path) -> None:
    Image.new("1", (20_000, 10_000)).save(tmp_path / "a.png")
    with pytest.raises(ValueError, match=r"a\.png (has 200,000,000 pixels|is no PNG that can be read)"):
        read_png(tmp_path / "a.png")
