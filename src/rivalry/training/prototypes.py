"""``rivalry prototypes``: images that a network takes for what it looks for, beside natural pictures of the same.

Optimises an image for each target, and a plain feature visualisation beside it; says how natural the path of both
through the network is, and draws it all.
"""

from __future__ import annotations

import io
import itertools
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from jsonargparse import ArgumentError, ArgumentParser
from PIL import Image
from rich.console import Console
from rich.table import Table

from rivalry.data.dataset import ImageDataset
from rivalry.data.folders import ImageFolder, find_pictures
from rivalry.help_text import command_parser
from rivalry.lens.naturalness_chart import naturalness_chart, shows_naturalness
from rivalry.lens.prototype_sheet import prototype_sheet, shows_prototypes
from rivalry.lens.words import in_terminal
from rivalry.lwta import Mode
from rivalry.prototypes import Prototypes
from rivalry.prototypes.nature import Own
from rivalry.prototypes.optimisation import RECIPES
from rivalry.records import Record
from rivalry.training.analyze import Target, analyze, find_target, read_study
from rivalry.training.chatter import silence_idle_talk
from rivalry.training.given_pictures import GivenPictures, Resized, own_size
from rivalry.training.run import RunFolder, Which

_LONGEST = 50
"""Characters of a target in the name of a file: of four bytes each they leave room for the rest of it."""

EPILOGUE = """\
targets
  class:car  class:3                   the logit of a class, by name or by position
  unit:layer4.1.act2:17                a unit of a layer, by its dotted name
  direction:layer3@FOLDER:4            a direction in the record of an InterpretableBasis
  concept:car:2                        a concept of a class in the record of --concepts

Pictures are those of --pictures or --config, else the run's own. The record goes to records/, every prototype as PNG,
the sheet and the chart of naturalness to prototypes/. A command that was stopped goes on where it was when it is given
again. How to read what it draws is told in docs/prototypes.md.

examples
  rivalry prototypes runs/first                                           the first twenty classes
  rivalry prototypes runs/first --targets class:car unit:layer4.0.act2:17 --copies 3
  rivalry prototypes resnet18 --weights pretrained --pictures photographs --size 224 --targets "class:tabby"
"""


def prototypes_from_arguments(arguments: Sequence[str]) -> list[Path]:
    """Parse the command's arguments, make the prototypes, write the record and draw them.

    Returns:
        The pictures that were written.

    Raises:
        ValueError: Where the network, the pictures or a target is not to be found.
    """
    silence_idle_talk()
    try:
        options = _parser().parse_args(list(arguments))
    except ArgumentError as error:
        raise ValueError(str(error)) from error
    target = find_target(options.checkpoint, checkpoint=options.which, weights=options.weights, seed=options.seed)
    study = _study(target, options)
    told = {name: options[name] for name in ("mode", "seed", "batch_size", "workers")}
    (record,) = analyze(target, study, **told)
    folder = RunFolder(Path(options.out)) if options.out else target.place
    record.save(folder.records)
    pictures = folder.root / "prototypes"
    written = write_pictures(record, pictures)
    console = Console()
    console.print(prototype_table(record))
    console.print(f"  {len(written)} pictures in {pictures}", soft_wrap=True, highlight=False)
    return written


def write_pictures(record: Record, folder: Path) -> list[Path]:
    """Write every prototype, with and without its α map, the sheet and the chart.

    Args:
        record: Of a :class:`rivalry.prototypes.Prototypes`.
        folder: Made where it is not there yet.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    rows = record.tables["prototypes"].to_pylist()
    stems = _stems(row["target"] for row in rows)
    for row in rows:
        if row["picture"] is None:
            continue
        name = f"{stems[row['target']]}-{row['copy']}-{row['method']}"
        picture, alpha = (Image.open(io.BytesIO(row[one])) for one in ("picture", "alpha"))
        written += [folder / f"{name}.png", folder / f"{name}-alpha.png"]
        picture.save(written[-2])
        picture.putalpha(alpha)
        picture.save(written[-1])
    figures = {"sheet": (shows_prototypes, prototype_sheet), "naturalness": (shows_naturalness, naturalness_chart)}
    for name, (shows, draw) in figures.items():
        if shows(record):
            written.append(folder / f"{name}.png")
            Image.fromarray(draw(record)).save(written[-1])
    return written


def prototype_table(record: Record) -> Table:
    """A line for each prototype: what it is worth to its target, and what natural pictures are."""
    table = Table(title="Prototypes", title_justify="left")
    table.add_column("target", overflow="fold")
    table.add_column("by")
    for column in ("value", "p", "natural", "best", "steps"):
        table.add_column(column, justify="right")
    for row in record.tables["prototypes"].to_pylist():
        name = in_terminal(row["target"])
        if row["picture"] is None:
            table.add_row(name, in_terminal(row["reason"]))
            continue
        by = row["method"] if not row["copy"] else f"{row['method']} {row['copy'] + 1}"
        if row["reason"] is not None:
            by += f": {in_terminal(row['reason'])}"
        numbers = [_number(row[column]) for column in ("value", "probability", "natural_value", "natural_top")]
        table.add_row(name, by, *numbers, str(row["steps"]))
    return table


def _study(target: Target, options: Any) -> Any:
    """The analysis that the options ask for, and the pictures."""
    study = _pictures(target, options)
    study.analyses = [
        Prototypes(
            options.targets,
            recipe=options.recipe,
            steps=options.steps,
            copies=options.copies,
            own=options.own,
            draws=options.draws,
            concepts=options.concepts,
            seed=options.seed,
        )
    ]
    return study


def _pictures(target: Target, options: Any) -> Any:
    """The pictures that the options name, with those by which statistics are re-estimated."""
    path = Path(options.config) if options.config else target.configuration
    if path is None and options.pictures is None:
        raise ValueError("say which pictures stand beside: --pictures FOLDER, or --config FILE with `probe` or `data`")
    study = SimpleNamespace(data=None, probe=None)
    if path is not None:
        found = read_study(path, run=target.configuration, analyses=False)
        study = SimpleNamespace(data=found.data, probe=found.probe)
    if options.pictures is not None:
        size = own_size(target) if options.size is None else (options.size, options.size)
        study.probe = _folder(Path(options.pictures), size)
    elif options.size is not None:
        study.probe = Resized(study.probe or study.data.probe, (options.size, options.size))
    return study


def _folder(root: Path, size: tuple[int, int]) -> ImageDataset:
    """The pictures of a folder: of classes where it has sub-folders, else as they are."""
    if not root.is_dir():
        raise ValueError(f"there is no folder {root}")
    if any(one.is_dir() and not one.name.startswith(".") for one in root.iterdir()):
        return Resized(ImageFolder(root, size=max(size)), size)
    return GivenPictures(list(find_pictures(root)), size)


def _stems(targets: Iterable[str]) -> dict[str, str]:
    """Targets as parts of files' names: what comes from outside names no other folder, and no two share a file."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    for target in dict.fromkeys(targets):
        stem = re.sub(r"[^\w.-]+", "_", target).strip("_.-")
        stem = stem if len(stem) <= _LONGEST else f"{stem[:15]}_{stem[16 - _LONGEST :]}"  # its end tells it from others
        names = itertools.chain([stem], (f"{stem}_{number}" for number in itertools.count(2)))
        found[target] = next(name for name in names if name.casefold() not in taken)
        taken.add(found[target].casefold())
    return found


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}"


def _parser() -> ArgumentParser:
    parser = command_parser("prototypes", __doc__, EPILOGUE)
    checkpoint = "A run's folder, a checkpoint (.ckpt), or a network by its name, as model.backbone.name takes it."
    parser.add_argument("checkpoint", type=str, help=checkpoint)
    parser.add_argument("--targets", type=str, nargs="+", default=None, help="See below; by default the first classes.")
    parser.add_argument("--config", type=str | None, default=None, help="YAML file with pictures; or the run's own.")
    parser.add_argument("--pictures", type=str | None, default=None, help="Folder of pictures, perhaps of classes.")
    parser.add_argument("--which", type=Which, default="last", help="Checkpoint of a run's folder.")
    parser.add_argument("--weights", type=str | None, default=None, help="Of a network: FILE, pretrained or none.")
    parser.add_argument("--recipe", type=str, default="prototype", help=f"One of {', '.join(RECIPES)}.")
    parser.add_argument("--steps", type=int | None, default=None, help="Of the optimisation; by default the recipe's.")
    parser.add_argument("--copies", type=int, default=1, help="Prototypes of each target.")
    parser.add_argument("--own", type=Own, default="labelled", help="A class's own pictures.")
    parser.add_argument("--concepts", type=str | None, default=None, help="Folder of a record, for concept: targets.")
    parser.add_argument("--mode", type=Mode, default="argmax", help="How LWTA layers find their winners.")
    parser.add_argument("--draws", type=int, default=1, help="Runs that are averaged where the mode is sample.")
    parser.add_argument("--seed", type=int, default=0, help="Of all that is drawn, and of random weights.")
    parser.add_argument("--size", type=int | None, default=None, help="Side that pictures and prototypes are made.")
    parser.add_argument("--batch_size", type=int, default=128, help="Pictures a step of the sweep.")
    parser.add_argument("--workers", type=int | None, default=None, help="Processes that decode; as `data` has it.")
    parser.add_argument(
        "--out", type=str | None, default=None, help="Folder to write to; by default analyses/ in the run's folder."
    )
    return parser
