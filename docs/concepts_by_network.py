"""Draws two pictures of ``docs/pictures/`` from records of concepts, and prints the tables of the docs.

    python docs/concepts_by_network.py analyses/concepts-* analyses/cifar-*

A folder is what ``rivalry analyze … --out FOLDER`` has left of ``configs/concepts/compared_*.yaml``. Which network it
is of is read from its records, which pictures from its name up to the first dash. ``concepts_by_network.png`` is drawn
of the records ``concepts`` and ``concepts_1`` …, of other seeds, ``concepts_by_count.png`` of ``of_5``, ``of_10`` …
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from statistics import mean

from PIL import Image

from rivalry.lens.concepts_by_count import concepts_by_count
from rivalry.lens.concepts_by_network import MEASURES, Extracted, compared_scores, concepts_by_network
from rivalry.lens.network_kind import network_kind
from rivalry.records import Record

PICTURES = {"concepts": "PictureBook", "cifar": "CIFAR-10"}
FAITHFULNESS = ("deletion", "insertion", "mu_fidelity", "gain")


def read(folder: Path, pattern: str) -> list[Extracted]:
    """The records of some names in a folder, with the kind of its network and its pictures."""
    files = sorted(folder.glob(f"records/epoch=*/{pattern}/record.json"))
    if not files:
        raise ValueError(f"{folder} has no record {pattern!r}; rivalry analyze makes it by configs/concepts/compared_*")
    return [_described(folder, Record.load(file.parent)) for file in files]


def _described(folder: Path, record: Record) -> Extracted:
    pictures = folder.resolve().name.partition("-")[0]
    if pictures not in PICTURES:
        raise ValueError(
            f"{folder} does not say its pictures; wanted a name that begins with {' or '.join(PICTURES)} and -"
        )
    return Extracted(record, network_kind(record), PICTURES[pictures])


def extraction_table(runs: Sequence[Extracted]) -> str:
    """A row an extraction and kind of network, a column a measure: means over records of a kind, with their range."""
    lines = [f"| | | {' | '.join(MEASURES.values())} |", "|---" * (len(MEASURES) + 2) + "|"]
    for title, scores in compared_scores(runs).items():
        for network in dict.fromkeys(run.network for run in runs if title.startswith(run.pictures)):
            for extraction, measures in scores.items():
                cells = [_over_records(measures.get(measure, {}).get(network, ())) for measure in MEASURES]
                lines.append(f"| {title}, {network} | `{extraction}` | {' | '.join(cells)} |")
    return "\n".join(lines)


def importance_table(runs: Sequence[Extracted]) -> str:
    """A row a method and kind of network: areas under the logit beside random orders and the optimum, µ-fidelity."""
    found: dict[tuple[str, str, str, str], dict[str, list[float]]] = {}
    for run in runs:
        rows = run.record.tables["importances"].to_pylist()
        for layer, method in dict.fromkeys((row["layer"], row["method"]) for row in rows):
            own = [row for row in rows if (row["layer"], row["method"]) == (layer, method)]
            group = found.setdefault((run.pictures, layer, run.network, method), {})
            for name in FAITHFULNESS:
                values = [row[name] for row in own if row[name] is not None]
                if values:
                    group.setdefault(name, []).append(mean(values))
    lines = [f"| | method | {' | '.join(FAITHFULNESS)} |", "|---" * (len(FAITHFULNESS) + 2) + "|"]
    for (pictures, layer, network, method), values in found.items():
        cells = [_over_records(values.get(name, ())) for name in FAITHFULNESS]
        lines.append(f"| {pictures}, {layer}, {network} | `{method}` | {' | '.join(cells)} |")
    return "\n".join(lines)


def _over_records(values: Sequence[float]) -> str:
    if not values:
        return "–"
    ends = [f"{end:.2g}" for end in (min(values), max(values))]
    return f"{mean(values):.2g}" + (f" [{', '.join(ends)}]" if ends[0] != ends[1] else "")


def main() -> None:
    """Read folders, draw, and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folders", nargs="+", type=Path, help="folders of what was analysed")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "pictures")
    given = parser.parse_args()
    runs, counted, weighed = (
        sorted((one for folder in given.folders for one in read(folder, pattern)), key=_order)
        for pattern in ("concepts*", "of_*", "importance")
    )
    for name, picture in (("network", concepts_by_network(runs)), ("count", concepts_by_count(counted))):
        Image.fromarray(picture).quantize(128).save(given.out / f"concepts_by_{name}.png", optimize=True)
    print(extraction_table(runs), importance_table(weighed), sep="\n\n")


def _order(one: Extracted) -> tuple[bool, bool, str]:
    return one.pictures != "PictureBook", one.network != "ReLU", one.network


if __name__ == "__main__":
    main()
