"""A thousand classes, one after another: what is held grows by what is written of each, and by no more."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_a_thousand_classes_are_studied_without_growing() -> None:
    script = [sys.executable, "-m", "tests.concepts.many_classes"]
    said = subprocess.run(script, check=True, capture_output=True, text=True, cwd=ROOT).stdout
    classes, early, late, written, of_a_class = map(int, said.split())
    assert classes == 1000
    grown = (late - early) / 700
    print(f"grown by {grown:.0f} bytes a class, {written / classes:.0f} written; its maps take {of_a_class}")
    assert grown < 1.5 * written / classes + of_a_class / 8
