"""Draws ``docs/pictures/bases_by_network.png`` from the records of bases, and prints the tables of ``docs/basis.md``.

    python docs/bases_by_network.py runs/basis-* runs/camvid-*

A folder is a run of ``configs/basis/picturebook.yaml``, or what ``rivalry analyze … --out FOLDER`` has left. Which
network it is of is read from its records, the pictures from the folder's name up to the first dash.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from statistics import mean

from PIL import Image

from rivalry.lens.bases_by_network import Compared, bases_by_network
from rivalry.lens.network_kind import network_kind
from rivalry.records import Record

PICTURES = {"basis": "PictureBook", "camvid": "CamVid"}
BASES = ("natural", "pca", "random", "unsupervised", "supervised")
POLICIES = ("beyond", "quantile")


def read(folder: Path) -> Compared:
    """A folder's last record of bases, with the kind of its network and its pictures."""
    files = sorted(folder.rglob("epoch=*/basis/record.json"), key=lambda file: file.parts[-3])
    if not files:
        raise ValueError(f"{folder} has no record of an InterpretableBasis; rivalry analyze makes one")
    record = Record.load(files[-1].parent)
    return Compared(record, network_kind(record), PICTURES[folder.name.partition("-")[0]])


def table(runs: Sequence[Compared], policy: str) -> str:
    """A row for each layer and kind of network, a column a basis: S¹ and S², means over networks with their range."""
    lines = [f"| `{policy}` | {' | '.join(BASES)} |", "|---" * (len(BASES) + 1) + "|"]
    groups: dict[tuple[str, str, str], dict[str, list[tuple[float, float]]]] = {}
    for run in runs:
        for row in run.record.tables["bases"].to_pylist():
            if row["policy"] == policy and row["basis"] in BASES:
                kind = groups.setdefault((run.pictures, row["layer"], run.network), {})
                kind.setdefault(row["basis"], []).append((row["s1"], row["s2"]))
    ordered = sorted(groups.items(), key=lambda one: (one[0][0] != "PictureBook", one[0][1]))
    for (pictures, layer, network), found in ordered:
        cells = [" / ".join(map(_over_networks, zip(*found[basis], strict=True))) for basis in BASES]
        lines.append(f"| {pictures}, `{layer}`, {network} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _over_networks(values: Sequence[float]) -> str:
    span = f" [{min(values):.3g}, {max(values):.3g}]" if len(values) > 1 else ""
    return f"{mean(values):.3g}{span}"


def main() -> None:
    """Read folders, draw, and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folders", nargs="+", type=Path, help="folders of runs, or of what was analysed")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "pictures" / "bases_by_network.png")
    given = parser.parse_args()
    runs = [read(folder) for folder in sorted(given.folders)]
    runs.sort(key=lambda one: (one.pictures != "PictureBook", one.network != "ReLU", one.network))
    Image.fromarray(bases_by_network(runs)).quantize(128).save(given.out, optimize=True)
    print(*(table(runs, policy) for policy in POLICIES), sep="\n\n")


if __name__ == "__main__":
    main()
