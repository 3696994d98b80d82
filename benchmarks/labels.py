"""Which similarity function is right how often? Twins of the quickstart, dense and competing, judged by PictureBook.

python benchmarks/labels.py --runs runs

Both networks are trained by configs/quickstart.yaml where ``--runs`` has them not yet: some minutes each. Then every
similarity and pooling names the same units from one pass over pictures that neither the networks nor the CLIP have
seen, and the pictures' masks judge the labels. Prints the tables of docs/dissection.md.
"""

import itertools
import json
import math
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

import yaml
from jsonargparse import auto_cli

from rivalry.cli import main as rivalry
from rivalry.dissection.similarity import Similarity
from rivalry.records import Record
from rivalry.training.analyze import analyze_from_arguments
from rivalry.training.run import RunFolder

ROOT = Path(__file__).parents[1]
RESULT = ROOT / "benchmarks" / "results" / "labels.json"
HIDDEN, LOGITS = ["layer3.0.act3", "layer4.0.act2"], ["fc"]
POOLINGS = ("mean", "max", "win_rate")
MEASURES = ("confirmed", "label_pearson", "label_auprc", "label_iou")


def main(
    runs: Path = Path("runs"), competitors: int = 4, epochs: int = 10, pictures: int = 2000, top_k: int = 20
) -> None:
    """Train or load the twins, judge their labels, print tables and keep the figures in ``benchmarks/results``.

    Args:
        runs: Folder of the runs ``labels-u1`` and ``labels-u…``.
        competitors: Of the network that competes.
        epochs: Of the trainings.
        pictures: Pictures to judge by, of seed 11.
        top_k: Top images for each unit.
    """
    found = {}
    for count in (1, competitors):
        name = f"labels-u{count}"
        if RunFolder(runs / name).checkpoint("last") is None:
            _train(runs, name, count, epochs)
        found[count] = _judge(runs / name, pictures, top_k)
    result = {
        "benchmark": "labels",
        "competitors": competitors,
        "epochs": epochs,
        "pictures": pictures,
        "picture_seed": 11,
        "top_k": top_k,
        "figures": {f"U = {count}": _figures(records) for count, records in found.items()},
    }
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(tables(result))


def tables(result: dict[str, Any]) -> str:
    """The figures as tables of Markdown: measures with their floors, poolings, and labels of the logits."""
    networks = result["figures"]
    head = [f"{name}: {what}" for name in networks for what in ("confirmed", "Pearson", "AUPRC", "IoU")]
    rows = [["similarity", *head]]
    for similarity in get_args(Similarity):
        ours = [one[f"{similarity}, mean"] for one in networks.values()]
        rows.append([f"`{similarity}`", *(_beside(one, name) for one in ours for name in MEASURES)])
    natural = [next(iter(one.values())) for one in networks.values()]
    rows.append(
        [
            "logits by their classes",
            *(_shown(one[f"natural_{n.removeprefix('label_')}"], n) for one in natural for n in MEASURES),
        ]
    )
    pooled = [["similarity", *(f"{name}: {pooling}" for name in networks for pooling in POOLINGS)]]
    named = [["similarity", *(f"{name}: {what}" for name in networks for what in ("confirmed", "by its class"))]]
    for similarity in get_args(Similarity):
        ours = [one[f"{similarity}, {pooling}"] for one in networks.values() for pooling in POOLINGS]
        pooled.append([f"`{similarity}`", *(_beside(one, "confirmed") for one in ours)])
        of_logits = [one[f"{similarity}, logits"] for one in networks.values()]
        pairs = [(_shown(one["confirmed"], "confirmed"), f"{100 * one['by_class']:.0f} %") for one in of_logits]
        named.append([f"`{similarity}`", *itertools.chain(*pairs)])
    return "\n\n".join("\n".join(_lines(table)) for table in (rows, pooled, named))


def _train(runs: Path, name: str, competitors: int, epochs: int) -> None:
    given = {"runs": runs, "name": name, "wandb": "off"}
    given |= {"model.backbone.competitors": competitors, "trainer.max_epochs": epochs}
    options = [str(part) for key, value in given.items() for part in (f"--{key}", value)]
    if rivalry(["fit", "--config", str(ROOT / "configs" / "quickstart.yaml"), *options]):
        raise SystemExit(f"training {name} failed")


def _judge(run: Path, pictures: int, top_k: int) -> list[Record]:
    """Every similarity and pooling of the hidden layers, and every similarity of the logits, from one pass."""
    ways = [(HIDDEN, similarity, pooling) for similarity in get_args(Similarity) for pooling in POOLINGS]
    ways += [(LOGITS, similarity, "logits") for similarity in get_args(Similarity)]
    analyses = [
        {
            "class_path": "rivalry.dissection.NeuronDissection",
            "init_args": {
                "layers": layers,
                "clip": f"local-dir:{ROOT / 'checkpoints' / 'picturebook-clip'}",
                "vocabulary": "picturebook",
                "similarity": similarity,
                "pooling": "mean" if layers is LOGITS else pooling,
                "top_k": top_k,
                "name": f"{similarity}-{pooling}",
            },
        }
        for layers, similarity, pooling in ways
    ]
    arguments = {"length": pictures, "seed": 11, "masks": True}
    probe = {"class_path": "rivalry.data.PictureBook", "init_args": arguments}
    with tempfile.TemporaryDirectory() as folder:
        study = Path(folder, "study.yaml")
        study.write_text(yaml.safe_dump({"analyses": analyses, "probe": probe}), encoding="utf-8")
        return analyze_from_arguments([str(run), "--config", str(study), "--out", str(Path(folder, "found"))])


def _figures(records: Sequence[Record]) -> dict[str, dict[str, float]]:
    figures = {}
    for record in records:
        scalars = {name: value for name, value in record.scalars.items() if not math.isnan(value)}
        if record.name.endswith("-logits"):
            units, classes = record.tables["units"], record.tables["classes"]
            pairs = list(zip(units["label"].to_pylist(), classes["class"].to_pylist(), strict=True))
            scalars["by_class"] = sum(label == name for label, name in pairs) / len(pairs)
        figures[record.name.replace("-", ", ")] = {name: round(value, 4) for name, value in scalars.items()}
    return figures


def _beside(scalars: dict[str, float], name: str) -> str:
    """A measure with its floor."""
    return f"{_shown(scalars[name], name)} ({_shown(scalars[f'{name}_floor'], name)})"


def _shown(value: float, name: str) -> str:
    return f"{100 * value:.1f} %" if name == "confirmed" else f"{value:.2f}"


def _lines(rows: Sequence[Sequence[str]]) -> list[str]:
    head, *body = (f"| {' | '.join(row)} |" for row in rows)
    return [head, "|---" * len(rows[0]) + "|", *body]


if __name__ == "__main__":
    auto_cli(main)
