"""``rivalry compare A B``: what sets two dissected networks apart, from what they are known by; neither is run.

Which units have other labels, which concepts were gained and lost, what accuracy and sparsity are, how interpretable
the bases are, and all other numbers that both have.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from jsonargparse import ArgumentError, ArgumentParser
from PIL import Image
from rich.console import Console

from rivalry.export.comparing.comparison import Comparison, compare
from rivalry.export.comparing.picture import picture
from rivalry.export.comparing.reading import read_side
from rivalry.export.comparing.report import print_comparison
from rivalry.help_text import command_parser

EPILOGUE = """\
A and B are folders that `rivalry export` has written, or runs with a record of a NeuronDissection. Units are matched by
layer and number, which means something where one network was made of the other, or both of one: compare with what is to
be expected by chance. What the numbers mean is told in docs/comparing.md.

examples
  rivalry compare relu lwta                              in the terminal
  rivalry compare relu lwta --picture comparison.png
  rivalry compare relu lwta --json > comparison.json     all of it
  rivalry compare runs/first runs/second                 two runs, by the records of their last epochs
"""


def compare_from_arguments(arguments: Sequence[str]) -> Comparison:
    """Parse the command's arguments, compare, print tables or JSON, and draw the picture that is asked for.

    Raises:
        ValueError: Where there is no such folder or dissection, or the two have no dissected layer in common.
    """
    try:
        options = _parser().parse_args(list(arguments))
    except ArgumentError as error:
        raise ValueError(str(error)) from error
    if options.rows < 1:
        raise ValueError(f"--rows is 1 or more, got {options.rows}")
    drawn = None if options.picture is None else Path(options.picture)
    if drawn is not None and drawn.suffix != ".png":
        raise ValueError(f"--picture is the name of a PNG file, got {options.picture!r}; {drawn.stem}.png would do")
    first, second = (read_side(Path(folder), options.of) for folder in (options.first, options.second))
    comparison = compare(first, second)
    if options.json:
        print(json.dumps(comparison.to_json(), indent=2, allow_nan=False))
    else:
        print_comparison(Console(), comparison, rows=options.rows)
    if drawn is not None:
        drawn.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture(comparison)).save(drawn)
    return comparison


def _parser() -> ArgumentParser:
    parser = command_parser("compare", __doc__, EPILOGUE)
    parser.add_argument("first", type=str, help="A: a dissected checkpoint's folder, or a run's.")
    parser.add_argument("second", type=str, help="B: another.")
    parser.add_argument("--rows", type=int, default=10, help="Changed units, and concepts gained and lost, to list.")
    parser.add_argument("--of", type=str | None, default=None, help="Name of the dissection, where a run has several.")
    parser.add_argument("--json", action="store_true", help="Print all of it as JSON instead of tables.")
    parser.add_argument("--picture", type=str | None, default=None, help="File to draw into, such as comparison.png.")
    return parser
