"""Writes ``docs/configuration.md``: every setting of a run, from the signatures and docstrings that the code has.

``python docs/configuration.py`` (or ``make docs``) writes the page beside this file. A test compares the two, so that
the page cannot say anything else than the code.
"""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import pkgutil
import re
import sys
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import yaml
from docstring_parser import parse
from lightning.pytorch.cli import LightningArgumentParser

import rivalry.artefacts
import rivalry.basis
import rivalry.clusters
import rivalry.concepts
import rivalry.data
import rivalry.dissection
import rivalry.prototypes
import rivalry.recording
from rivalry import prototypes
from rivalry.basis import rotation
from rivalry.concepts import extraction, importance
from rivalry.concepts.extraction import DirectedBasis, Extraction
from rivalry.concepts.importance import Importance
from rivalry.data import augmentation
from rivalry.data.augmentation import Recipe
from rivalry.data.dataset import ImageDataset
from rivalry.data.watermark import Watermark
from rivalry.prototypes.examples import Examples
from rivalry.prototypes.images import Parametrisation
from rivalry.prototypes.insight import Insight
from rivalry.prototypes.objectives.ground import Natural
from rivalry.prototypes.objectives.penalties import Penalties
from rivalry.prototypes.views import View
from rivalry.recording.analysis import Analysis
from rivalry.training import settings
from rivalry.training.classifier import SparseClassifier
from rivalry.training.command_line import TRAINER_DEFAULTS, TrainingCommandLine
from rivalry.training.data import Pictures
from rivalry.training.schedules import Schedule

PAGE = Path(__file__).with_name("configuration.md")

HEAD = """\
# Configuration

Every setting of a YAML file, which is an option of the command line too (`--model.backbone.competitors 8`).
[training.md](training.md) shows a file as a whole; `rivalry fit --help` says the same as this page.

*Made from the code by `make docs`: what is to be changed here is changed there.*
"""


def page() -> str:
    """The whole page."""
    return "\n".join([HEAD, *_run(), *_model(), *_data(), *_analyses(), *_trainer()])


def _run() -> Iterator[str]:
    parser = LightningArgumentParser()
    parser.add_argument("--seed_everything", type=bool | int, default=0, help="Seed of weights, order and draws.")
    for name, described in (("model", SparseClassifier), ("data", Pictures)):  # what the run's own arguments link
        parser.add_class_arguments(described, name)
    TrainingCommandLine.add_arguments_to_parser(None, parser)  # type: ignore[arg-type]
    own = [one for one in parser._actions if one.help and not re.match(r"(model|data)\b|.*(help|config)$", one.dest)]
    yield "## The run\n"
    yield _table(("setting", "default", ""), ([f"`{one.dest}`", _yaml(one.default), one.help] for one in own))


def _model() -> Iterator[str]:
    yield "## `model`\n"
    yield _arguments(SparseClassifier, leave_out={"num_classes"})  # the data tell it
    known = {name: one for name, one in vars(settings).items() if dataclasses.is_dataclass(one)}
    for name, parameter in inspect.signature(SparseClassifier).parameters.items():
        for group in set(re.findall(r"\w+", str(parameter.annotation))) & known.keys():
            yield from _described(f"### `model.{name}`", known[group])
    yield from _described("### A schedule", Schedule)


def _data() -> Iterator[str]:
    yield "## `data`\n"
    yield _arguments(Pictures)
    yield "### Data sets\n\nFor `data.train`, `validation`, `test` and `probe`, as `class_path` and `init_args`.\n"
    yield from _classes(rivalry.data, ImageDataset)
    yield from _described("### A watermark", Watermark)
    yield "### Augmentations\n\nFor `data.augmentation`: a recipe by name, or one put together of parts.\n"
    offered = [getattr(augmentation, name) for name in augmentation.__all__]
    recipes = [one for one in offered if inspect.isfunction(one) and inspect.signature(one).return_annotation is Recipe]
    parts = [one for one in offered if inspect.isclass(one) and not inspect.isabstract(one)]
    for one in [*recipes, *parts]:
        yield from _described(f"#### `{_path(one)}`", one)


def _analyses() -> Iterator[str]:
    yield "## `analyses`\n\nA list; each entry has `class_path` and `init_args`.\n"
    subjects = (
        rivalry.dissection,
        rivalry.clusters,
        rivalry.artefacts,
        rivalry.basis,
        rivalry.concepts,
        rivalry.prototypes,
    )
    for package in (rivalry.recording, *subjects):
        yield from _classes(package, Analysis)
    yield from _described("#### The `recipe` of an `InterpretableBasis`", rotation.Recipe)
    yield from _described("##### Its `objective`: weights", rotation.Weights)
    yield from _described("##### Its `objective`: bounds", rotation.Bounds)
    yield "### Extractions\n\nFor `extraction` and `compared` of a `ConceptExtraction`.\n"
    yield from (line for name in extraction.__all__ for line in _method(getattr(extraction, name), Extraction))
    yield "### Importances\n\nFor `importance` and `importances` of a `ConceptExtraction`.\n"
    yield from (line for name in importance.__all__ for line in _method(getattr(importance, name), Importance))
    yield "### Prototypes\n\nFor `examples`, `insight` and `recipe` of `Prototypes`.\n"
    for described in (Examples, Insight, prototypes.optimisation.Recipe, Natural, Penalties):
        yield from _described(f"#### `{_path(described)}`", described)
    for package, kind in ((prototypes.images, Parametrisation), (prototypes.views, View)):
        yield from (line for name in package.__all__ for line in _method(getattr(package, name), kind))


def _method(offered: type, kind: type) -> Iterator[str]:
    """A way to do something that YAML can name; what its package offers beside is none."""
    if inspect.isclass(offered) and issubclass(offered, kind) and offered is not kind and offered is not DirectedBasis:
        yield from _described(f"#### `{_path(offered)}`", offered)


def _trainer() -> Iterator[str]:
    yield "## `trainer`\n"
    link = "https://lightning.ai/docs/pytorch/stable/common/trainer.html"
    yield f"All arguments of Lightning's [Trainer]({link}). It begins with:\n"
    yield _table(("setting", "default"), ([f"`{name}`", _yaml(value)] for name, value in TRAINER_DEFAULTS.items()))


def _classes(package: Any, kind: type) -> Iterator[str]:
    """The classes of a kind that a package defines, by the shortest path that YAML can name them with."""
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        importlib.import_module(module.name)
    found = [one for one in _below(kind) if one.__module__.startswith(package.__name__) and not inspect.isabstract(one)]
    for one in sorted(found, key=lambda each: each.__name__):
        yield from _described(f"#### `{_path(one)}`", one)


def _below(kind: type) -> Iterator[type]:
    for one in kind.__subclasses__():
        yield one
        yield from _below(one)


def _path(described: Any) -> str:
    """The shortest path that leads to a class."""
    parts = described.__module__.split(".")
    packages = (".".join(parts[:length]) for length in range(1, len(parts) + 1))
    return next(
        f"{package}.{described.__name__}"
        for package in packages
        if getattr(sys.modules[package], described.__name__, None) is described
    )


def _described(heading: str, described: Any) -> Iterator[str]:
    yield f"{heading}\n"
    yield _words(parse(inspect.getdoc(described) or "").short_description) + "\n"
    yield _arguments(described)


def _arguments(described: Any, leave_out: Collection[str] = ()) -> str:
    """A table of a class's arguments; what they mean is in its docstring."""
    said = {one.arg_name: one.description for one in parse(inspect.getdoc(described) or "").params}
    rows = [
        [f"`{name}`", f"`{_kind(one.annotation, described)}`", _default(one, described), _words(said.get(name))]
        for name, one in inspect.signature(described).parameters.items()
        if name not in leave_out
    ]
    return _table(("setting", "takes", "default", ""), rows) if rows else "No settings.\n"


def _table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    header = list(header)
    lines = [header, ["---"] * len(header), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _kind(annotation: Any, described: Any) -> str:
    """A type as it is written, without the modules of names, and the words that a choice has for its own name."""
    written = annotation if isinstance(annotation, str) else getattr(annotation, "__name__", str(annotation))
    if get_origin(annotation):
        written = str(annotation)
    around = vars(sys.modules[described.__module__])
    for word in re.findall(r"[A-Z]\w+", written):
        if get_origin(around.get(word)) is Literal:
            written = written.replace(word, " | ".join(map(str, get_args(around[word]))))
    written = re.sub(r"Literal\[(.*?)\]", lambda found: found[1].replace("'", "").replace(", ", " | "), written)
    return re.sub(r"\b(?:\w+\.)+(\w+)", r"\1", written)


def _default(parameter: inspect.Parameter, described: Any) -> str:
    if parameter.default is inspect.Parameter.empty:
        return "*required*"
    fields = {one.name: one for one in dataclasses.fields(described)} if dataclasses.is_dataclass(described) else {}
    field = fields.get(parameter.name)
    if field is not None and field.default_factory is not dataclasses.MISSING:
        return _yaml(field.default_factory())
    return _yaml(parameter.default)


def _yaml(value: Any) -> str:
    if isinstance(value, tuple):
        value = list(value)
    if isinstance(value, Schedule):
        value = {"start": value.start}  # those that are defaults stay as they begin
    if isinstance(value, rotation.Recipe | rotation.Weights | Examples | Penalties):
        return "see below"
    if isinstance(value, Extraction | Importance | Parametrisation):
        return f"`{type(value).__name__}`"
    written = yaml.safe_dump(value, default_flow_style=True, width=1000).removesuffix("...\n").strip()
    return f"`{written}`"


def _words(said: str | None) -> str:
    """Restructured text as Markdown, in one line."""
    text = re.sub(r":\w+:`~?([^`]+)`", r"`\1`", said or "")
    return " ".join(text.replace("``", "`").split())


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
