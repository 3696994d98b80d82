"""Writes the table of ``docs/speed.md`` from ``benchmarks/results``: ``make docs`` does, after ``make bench``.

A test compares the two, so that the page shows what was measured.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
RESULTS = HERE.parent / "benchmarks" / "results"
BEGIN, END = "<!-- rows of benchmarks/results: make docs writes them -->\n", "<!-- end of the rows -->\n"

WANTED = {
    ("lwta", "nn.ReLU"): 5.0,
    ("lwta", "the plain formula"): 0.25,
    ("step", ""): 1.3,
    ("soft_wpmi", ""): 0.1,
    ("quickstart_epoch", ""): 1.25,
    ("shared_sweep", ""): 0.4,
    ("sparse_inference", ""): 1.0,
    ("growth", ""): 10.0,
    ("clusters", ""): 0.1,
    ("registers", ""): 1.5,
    ("detectors", "the forward pass of the same pictures"): 2.0,
    ("extraction", "with covariances of all channels"): 0.05,
    ("importance", "one picture and mask at a time"): 0.1,
    ("prototypes", "the same, one at a time"): 0.25,
}
"""The highest ratio wanted on two cores, by the first word of a measure and the reference (any, where empty)."""


def with_rows(page: str) -> str:
    """The page with its rows replaced by those of the results."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{tables()}\n{END}{after}"


def tables() -> str:
    """A table for each machine that something was measured on."""
    parts = []
    for file in sorted(RESULTS.glob("*.json")):
        rows = json.loads(file.read_text(encoding="utf-8"))
        if isinstance(rows, list):  # the other benchmarks keep one object each
            parts.append("\n".join(_table(rows)))
    return "\n\n".join(parts) + "\n"


def _table(rows: list[dict[str, Any]]) -> list[str]:
    rows = sorted(rows, key=lambda row: (_counted(row["measure"]), row["reference"]))
    measured = ", ".join(sorted({row["commit"] for row in rows}))
    lines = [f"**{rows[0]['machine']}** (commit {measured}).", ""]
    lines += ["| measure | beside | ms | its ms | ratio | wanted | MB | its MB |", "|---|---|---|---|---|---|---|---|"]
    return lines + [_line(row) for row in rows]


def _line(row: dict[str, Any]) -> str:
    wanted = _wanted(row["measure"], row["reference"])
    ratio = f"{row['ratio']:.2f}"
    missed = wanted is not None and row["ratio"] > wanted
    figures = [
        row["measure"],
        row["reference"],
        f"{1000 * row['seconds']:.4g}",
        f"{1000 * row['reference_seconds']:.4g}",
        f"**{ratio}**" if missed else ratio,
        "" if wanted is None else f"≤ {wanted:g}",
        f"{row['peak_mb']:.0f}",
        f"{row['reference_peak_mb']:.0f}",
    ]
    return f"| {' | '.join(figures)} |"


def _counted(text: str) -> list[tuple[str, int]]:
    """An order in which 8 comes before 24."""
    return [(words, int(number or 0)) for words, number in re.findall(r"(\D+)(\d*)", text)]


def _wanted(measure: str, reference: str) -> float | None:
    beginning = re.match(r"\w+", measure)
    name = beginning.group() if beginning else ""
    return WANTED.get((name, reference), WANTED.get((name, "")))


if __name__ == "__main__":
    (HERE / "speed.md").write_text(with_rows((HERE / "speed.md").read_text(encoding="utf-8")), encoding="utf-8")
