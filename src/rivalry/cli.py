"""The command line: ``rivalry COMMAND``. ``--help`` answers at once; a command imports what it needs when it runs."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence

from rivalry.numerics.nearest import nearest

HELP = """\
rivalry: train vision networks whose units compete, and see which concepts emerge in them.

usage: rivalry COMMAND [options]        rivalry COMMAND --help

train (every option can stand in a YAML file given by --config; options after it win)
  fit        train, evaluate and analyse        rivalry fit --config configs/quickstart.yaml --name first
  validate   evaluate, with analyses            rivalry validate --config runs/first/config.yaml --ckpt_path best
  test       evaluate on the test images        rivalry test --config runs/first/config.yaml --ckpt_path last
  predict    classify the test images           rivalry predict --config runs/first/config.yaml --ckpt_path last

look
  lens       build a site of all that a run has found: units, layers, classes, concepts, probes, epoch by epoch
               rivalry lens runs/first --open
               rivalry lens runs/first --serve             look on while it trains
  dashboard  make a Weights & Biases workspace that shows the same (needs a login)
               rivalry dashboard --entity me --project rivalry
  analyze    run analyses on a run, a checkpoint, or any network by its name
               rivalry analyze runs/first --config configs/quickstart.yaml
               rivalry analyze resnet18 --weights none --config configs/analyze/timm.yaml
  clusters   see which parts of pictures a network treats alike
               rivalry clusters street.jpg --model runs/first
               rivalry clusters *.jpg --model deit_tiny_patch16_224 --weights pretrained
  concepts   draw what classes are made of, and by which strategies pictures are classified
               rivalry concepts runs/first car house
  prototypes make the pictures that a network responds to most, and ask whether their path is natural
               rivalry prototypes runs/first --targets class:car unit:layer4.0.act2:17
  emergence  follow the labels of a run's units over its epochs
               rivalry emergence runs/first

share
  export     write a dissected checkpoint: weights, names of neurons, records, one folder that loads without the run
               rivalry export runs/first --out exported
  explain    say why a dissected checkpoint takes pictures for what it takes them for
               rivalry explain exported car.jpg --page why.html
  compare    lay two networks side by side: labels, concepts, accuracy, sparsity, bases
               rivalry compare exported another

A run leaves all it makes in runs/NAME: config.yaml, checkpoints/, records/, metrics.csv, predictions.csv, wandb/.
Weights & Biases is offline unless you have logged in; --wandb off leaves it out.
"""

TRAINING = ("fit", "validate", "test", "predict")
OTHERS = {
    "lens": "rivalry.lens.site.command",
    "dashboard": "rivalry.training.dashboard",
    **{name: f"rivalry.training.{name}" for name in ("analyze", "clusters", "concepts", "prototypes", "emergence")},
    "export": "rivalry.export.writing.command",
    "explain": "rivalry.export.explaining.command",
    "compare": "rivalry.export.comparing.command",
}
"""All other commands: modules with a function ``COMMAND_from_arguments``."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit status.

    Errors that a user can mend are one line on standard error, without a traceback.
    """
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    command = arguments[0] if arguments else "--help"
    if command in ("-h", "--help", "help"):
        print(HELP)
        return 0
    if command == "--version":
        from rivalry import __version__

        print(__version__)
        return 0
    if command not in (*TRAINING, *OTHERS):
        return _unknown(command)
    try:
        if command in OTHERS:
            module = importlib.import_module(OTHERS[command])
            getattr(module, f"{command}_from_arguments")(arguments[1:])
        else:
            from rivalry.training.command_line import train_from_arguments

            train_from_arguments(arguments)
    except ValueError as error:
        print(f"rivalry {command}: {_told(error)}", file=sys.stderr)
        return 2
    return 0


def _told(error: ValueError) -> str:
    """What an error says; of one in a process that loads pictures without that process' traceback.

    It may speak of names from a stranger's folder, which give the terminal no commands.
    """
    from rivalry.lens.words import printable

    lines = str(error).expandtabs().split("\n")
    if "Original Traceback (most recent call last):" in lines:
        last = max(number for number, line in enumerate(lines) if line.startswith("  "))
        lines = "\n".join(lines[last + 1 :]).partition(": ")[2].split("\n")
    return "\n".join(map(printable, lines))


def _unknown(command: str) -> int:
    meant = nearest(command, [*TRAINING, *OTHERS], count=1)
    print(f"rivalry: no command {command!r}; did you mean {meant!r}? See rivalry --help", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
