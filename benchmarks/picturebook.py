"""How fast PictureBook is drawn, and how fast its samples are read afterwards, in images a second.

python benchmarks/picturebook.py
"""

import json
import os
import platform
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from jsonargparse import auto_cli

from rivalry.data.picturebook import PictureBook, draw

RESULT = Path(__file__).parent / "results" / "picturebook.json"


def main(length: int = 4000, size: int = 64, repeats: int = 3) -> None:
    """Measure, print the figures as JSON and keep them in ``benchmarks/results``.

    Args:
        length: Pictures in the book.
        size: Their width and height.
        repeats: How often each reading is measured; the best counts, since other work only slows down.
    """
    load = round(os.getloadavg()[0], 1)  # processes that wanted the cores in the minute before
    with tempfile.TemporaryDirectory() as cache:
        os.environ["RIVALRY_CACHE"] = cache
        book, labelled = PictureBook(length, size=size), PictureBook(length, size=size, masks=True)
        figures = {
            "drawn by one process": _rate(lambda: [draw(0, index, size) for index in range(length // 4)], length // 4),
            "drawn by all cores": _rate(book.prepare, length),
            "read": max(_rate(lambda: [book[index] for index in range(length)], length) for _ in range(repeats)),
            "read with masks": max(
                _rate(lambda: [labelled[index] for index in range(length)], length) for _ in range(repeats)
            ),
        }
    result = {
        "benchmark": "picturebook",
        "unit": "images a second",
        "length": length,
        "size": size,
        "cores": os.cpu_count(),
        "load": load,
        "python": platform.python_version(),
        "figures": {name: round(rate) for name, rate in figures.items()},
    }
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=2))


def _rate(work: Callable[[], object], count: int) -> float:
    """Return how many images a second some work does."""
    began = time.perf_counter()
    work()
    return count / (time.perf_counter() - began)


if __name__ == "__main__":
    auto_cli(main)
