"""``rivalry analyze``: the analyses of a YAML file on a run, a checkpoint or any network, after training.

The same ``analyses:`` block works in training and here. The network is evaluated on a copy with the statistics of the
mode asked for. A run's own records stay as they are: those of this command go to ``analyses/`` in the run's folder.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import torch
import yaml
from jsonargparse import ArgumentError, ArgumentParser
from lightning.pytorch.utilities import rank_zero_info
from rich.console import Console

from rivalry.data.dataset import ImageDataset
from rivalry.help_text import command_parser
from rivalry.lwta import Mode
from rivalry.numerics.nearest import nearest
from rivalry.recording.analysis import Analysis
from rivalry.recording.sweep import sweep
from rivalry.records import Record
from rivalry.training.chatter import silence_idle_talk
from rivalry.training.classifier import SparseClassifier
from rivalry.training.data import Pictures, probe_loader
from rivalry.training.evaluation import evaluation_copy
from rivalry.training.run import RunFolder, Which
from rivalry.training.settings import Backbone
from rivalry.training.sources import find_source
from rivalry.training.summary import print_summary

EPILOGUE = """\
examples
  rivalry analyze runs/first                                    the run's own analyses, on its last checkpoint
  rivalry analyze runs/first --config configs/quickstart.yaml   other analyses
  rivalry analyze resnet18 --weights pretrained --config configs/analyze/timm.yaml
"""


@dataclass(frozen=True)
class Target:
    """What is to be analysed.

    Attributes:
        classifier: The network with its normalisation.
        epoch: Epoch of the checkpoint, 0 where there is none.
        step: Optimiser steps done by then.
        folder: The run's folder, or that of a network which is no run's.
        configuration: The YAML file of the run, if it is one.
    """

    classifier: SparseClassifier
    epoch: int
    step: int
    folder: RunFolder
    configuration: Path | None

    @property
    def place(self) -> RunFolder:
        """Where its records go by default: apart from those that the training left."""
        return RunFolder(self.folder.root / "analyses") if self.folder.checkpoints.is_dir() else self.folder


def analyze_from_arguments(arguments: Sequence[str]) -> list[Record]:
    """Parse the command's arguments, run the analyses, write their records and print a summary.

    Raises:
        ValueError: Where the target, the YAML file or a layer is not to be found.
    """
    silence_idle_talk()
    with _told_in_few_words():
        options = _parser().parse_args(list(arguments))
    target = find_target(options.target, checkpoint=options.checkpoint, weights=options.weights, seed=options.seed)
    folder = RunFolder(Path(options.out)) if options.out else target.place
    study = read_study(Path(options.config) if options.config else target.configuration, run=target.configuration)
    records = analyze(target, study, **{name: options[name] for name in ("mode", "seed", "batch_size", "workers")})
    for record in records:
        record.save(folder.records)
    print_summary(Console(), folder, {}, records)
    return records


def analyze(
    target: Target, study: Any, *, mode: Mode, seed: int, batch_size: int, workers: int | None = None
) -> list[Record]:
    """Run the study's analyses on the target; ``study`` has ``analyses``, and ``data`` or ``probe``."""
    if workers is None:
        workers = study.data.workers if study.data else 0
    probe = study.probe or study.data.probe
    probe.prepare()
    classifier = target.classifier.to("cuda" if torch.cuda.is_available() else "cpu").eval()
    calibration = study.data.calibration_batches() if study.data else None
    network = evaluation_copy(classifier.network, calibration, classifier.normalise, mode=mode, keep=classifier.still)
    return sweep(
        network,
        probe_loader(probe, batch_size, workers=workers),
        study.analyses,
        forward=classifier.logits_of,
        mode=mode,
        seed=seed,
        epoch=target.epoch,
        step=target.step,
    )


def find_target(name: str, *, checkpoint: Which = "last", weights: str | None = None, seed: int = 0) -> Target:
    """Find a run's folder, a checkpoint file, or a network by its name (random weights come from ``seed``).

    Raises:
        ValueError: If it is none of them, or a network without a word on its weights.
    """
    path = Path(name)
    if path.is_dir():
        folder = RunFolder(path)
        found = folder.checkpoint(checkpoint)
        if found is None:
            raise ValueError(f"{path} has no {checkpoint} checkpoint in {folder.checkpoints}")
        return _from_checkpoint(found, folder)
    if path.suffix == ".ckpt":
        if not path.is_file():
            raise ValueError(f"there is no checkpoint {path}")
        return _from_checkpoint(path, RunFolder(path.parent.parent))
    if path.parent.is_dir() and path.parent != Path():
        beside = [one.name for one in path.parent.iterdir() if one.is_dir()]
        raise ValueError(f"there is no run {name}; the nearest in {path.parent} are {nearest(path.name, beside)}")
    find_source(name)
    if weights is None:
        raise ValueError(
            f"say which weights {name} shall have: --weights FILE, pretrained (their source downloads them) or none"
        )
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        classifier = SparseClassifier(Backbone(name, competitors=1, weights=weights), None)
    return Target(classifier, 0, 0, RunFolder(Path("runs") / f"analyze-{re.sub(r'[:/]+', '-', name)}"), None)


def _from_checkpoint(path: Path, folder: RunFolder) -> Target:
    stored = torch.load(path, map_location="cpu", weights_only=True)
    remembered: Mapping[str, Any] = stored["hyper_parameters"]
    known = {field.name for field in fields(Backbone)}
    backbone = Backbone(**{key: value for key, value in remembered["backbone"].items() if key in known})
    backbone.weights = "none"
    classifier = SparseClassifier(backbone, remembered["num_classes"])
    classifier.load_state_dict(stored["state_dict"])
    classifier.on_load_checkpoint(stored)
    rank_zero_info(f"{path}: {backbone.name} after epoch {stored['epoch']}")
    configuration = folder.configuration if folder.configuration.is_file() else None
    return Target(classifier, stored["epoch"], stored["global_step"], folder, configuration)


def read_study(path: Path | None, run: Path | None, *, analyses: bool = True) -> Any:
    """The analyses and the pictures that a YAML file asks for; what else it says is for training.

    Without ``data`` in it, the training pictures that statistics are re-estimated from are those of the ``run``.

    Args:
        path: The file.
        run: The YAML file of the run, if the network is one's.
        analyses: Whether they are wanted; else the pictures alone are.

    Raises:
        ValueError: If there is no such file, or what is wanted is not in it.
    """
    if path is None:
        raise ValueError("say what to analyse: --config FILE with `analyses` and `probe` or `data`")
    chosen = _sections(path)
    if not analyses:
        chosen.pop("analyses", None)
    elif not chosen.get("analyses"):
        raise ValueError(f"{path} has no `analyses`")
    if run is not None and "data" not in chosen:
        chosen |= {key: value for key, value in _sections(run).items() if key == "data"}
    if not chosen.keys() & {"data", "probe"}:
        raise ValueError(f"{path} has no pictures to show: neither `data` nor `probe`")
    if "data" in chosen and "class_path" not in chosen["data"]:
        chosen["data"] = {"class_path": "rivalry.training.data.Pictures", "init_args": chosen["data"]}
    parser = ArgumentParser(exit_on_error=False)
    parser.add_argument("--analyses", type=list[Analysis], default=[])
    parser.add_argument("--probe", type=ImageDataset | None, default=None)
    parser.add_subclass_arguments(Pictures, "data", required=False)
    with _told_in_few_words():
        return parser.instantiate_classes(parser.parse_object(chosen))


def _sections(path: Path) -> dict[str, Any]:
    """What a YAML file says of analyses and pictures."""
    if not path.is_file():
        raise ValueError(f"there is no file {path}")
    with _told_in_few_words():
        written = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    return {key: written[key] for key in ("analyses", "probe", "data") if written.get(key) is not None}


@contextmanager
def _told_in_few_words() -> Iterator[None]:
    """Make what a user can mend a ValueError."""
    try:
        yield
    except (ArgumentError, yaml.YAMLError) as error:
        raise ValueError(str(error)) from error


def _parser() -> ArgumentParser:
    parser = command_parser("analyze", __doc__, EPILOGUE)
    target = "A run's folder, a checkpoint (.ckpt), or a network by its name, as model.backbone.name takes it."
    parser.add_argument("target", type=str, help=target)
    parser.add_argument("--config", type=str | None, default=None, help="YAML file; by default the run's own.")
    parser.add_argument("--checkpoint", type=Which, default="last", help="Of a run's folder.")
    parser.add_argument("--weights", type=str | None, default=None, help="Of a network: FILE, pretrained or none.")
    parser.add_argument("--mode", type=Mode, default="argmax", help="How LWTA layers find their winners.")
    parser.add_argument("--seed", type=int, default=0, help="Of draws where the mode is sample, and of random weights.")
    parser.add_argument("--batch_size", type=int, default=128, help="Images a step of the sweep.")
    parser.add_argument("--workers", type=int | None, default=None, help="Processes that decode; as `data` has it.")
    parser.add_argument(
        "--out", type=str | None, default=None, help="Folder to write to; by default analyses/ in the run's folder."
    )
    return parser
