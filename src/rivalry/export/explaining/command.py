"""``rivalry explain DIR IMAGE…``: why a dissected checkpoint takes pictures for what it takes them for.

For every picture: the units that won with their labels and what each contributes, the concepts of the class, the
clusters that the network sees, and the nearest prototypes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import torch
from jsonargparse import ArgumentError, ArgumentParser
from rich.console import Console
from rich.progress import track

from rivalry.data.folders import find_pictures
from rivalry.export.explaining.explained import explain
from rivalry.export.explaining.explanation import Explanation
from rivalry.export.explaining.page import write_page
from rivalry.export.explaining.report import print_explanation
from rivalry.export.loading import DissectedCheckpoint, load
from rivalry.help_text import command_parser
from rivalry.lens.words import printable

EPILOGUE = """\
DIR is a folder that `rivalry export` has written. A folder among the pictures means all pictures in it. Winners are
found by argmax: the same picture has the same explanation. What the numbers mean is told in docs/explaining.md.

examples
  rivalry explain exported cat.jpg
  rivalry explain exported cat.jpg --why cat --not dog      what speaks for the one and not for the other
  rivalry explain exported pictures --page why.html         a folder, as one page
  rivalry explain exported cat.jpg --layers "layer4.*" --units 20
  rivalry explain exported cat.jpg --json > why.json
"""


def explain_from_arguments(arguments: Sequence[str]) -> list[Explanation]:
    """Parse the command's arguments, explain the pictures, and print tables or JSON, or write a page.

    Raises:
        ValueError: Where a picture, a class or a layer is not to be found, or the folder is no dissected checkpoint.
    """
    try:
        options = _parser().parse_args(list(arguments))
    except ArgumentError as error:
        raise ValueError(str(error)) from error
    page = None if options.page is None else Path(options.page)
    if page is not None and page.suffix not in (".html", ".htm"):
        raise ValueError(f"--page is the name of an HTML file, got {options.page!r}; {page.stem}.html would do")
    pictures = pictures_at(options.images)
    checkpoint = load(options.checkpoint)
    checkpoint.network.to("cuda" if torch.cuda.is_available() else "cpu")
    explanations = explain(
        checkpoint,
        track(pictures, "explaining", transient=True, console=Console(stderr=True), disable=len(pictures) < 10),
        options.layers,
        why=options.why,
        against=options["not"],
        units=None if options.units == "all" else options.units,
        clusters=options.clusters,
    )
    if page is not None:
        write_page(page, _title(checkpoint), explanations)
    _print(explanations, page, as_json=options.json)
    return explanations


def pictures_at(given: Sequence[str]) -> list[Path]:
    """The picture files that are meant: files as they are, and of folders all pictures in them.

    Raises:
        ValueError: If there is no such file, or no picture in a folder.
    """
    paths = [Path(one) for one in given]
    if missing := [path for path in paths if not path.exists()]:
        raise ValueError(f"there is no picture {missing[0]}" + (f", nor {missing[1]}" if missing[1:] else ""))
    return [picture for path in paths for picture in (find_pictures(path) if path.is_dir() else [path])]


def _print(explanations: Sequence[Explanation], page: Path | None, *, as_json: bool) -> None:
    """Print JSON; else where the page is, or tables."""
    console = Console()
    if as_json:
        print(json.dumps([one.to_json() for one in explanations], indent=2, allow_nan=False))
    elif page is not None:
        console.print(
            f"  {printable(str(page))}  {len(explanations)} picture{'s' * (len(explanations) != 1)}",
            soft_wrap=True,
            highlight=False,
            markup=False,
        )
    else:
        for one in explanations:
            print_explanation(console, one)


def _title(checkpoint: DissectedCheckpoint) -> str:
    """What explains the pictures."""
    config, provenance = checkpoint.config, checkpoint.provenance
    name = config.model_args.get("base", config.architecture)
    return f"{name} of {provenance.run}, epoch {provenance.epoch}"


def _parser() -> ArgumentParser:
    parser = command_parser("explain", __doc__, EPILOGUE)
    parser.add_argument("checkpoint", type=str, metavar="DIR", help="A dissected checkpoint.")
    parser.add_argument("images", type=str, nargs="+", metavar="IMAGE", help="Picture files, or folders of such.")
    layers = "Dotted names or globs; by default the layers that were dissected."
    parser.add_argument("--layers", type=str, nargs="+", default=None, help=layers)
    units = "Units of each layer, those that contribute most; or all."
    parser.add_argument("--units", type=int | Literal["all"], default=10, help=units)
    parser.add_argument("--why", type=str | None, default=None, help="A class, by name or number; else the predicted.")
    parser.add_argument("--not", type=str | None, default=None, help="A class that it is set against.")
    parser.add_argument("--clusters", type=int, default=5, help="K of the cluster map; 0 for none.")
    parser.add_argument("--json", action="store_true", help="Print JSON instead of tables.")
    parser.add_argument("--page", type=str | None, default=None, metavar="FILE.html", help="Write a page instead.")
    return parser
