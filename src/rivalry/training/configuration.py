"""``config.yaml``: the settings of a run, written where it begins and read where it is repeated."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.cli import SaveConfigCallback
from lightning.pytorch.loggers import WandbLogger

import rivalry
from rivalry.training.run import RunFolder


class KeepConfiguration(SaveConfigCallback):
    """Writes the settings of a run into its folder, and only there."""

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Write nothing yet: a checkpoint may be refused, and then the settings of its run must stay."""

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Write ``config.yaml`` at the start of a fit."""
        if trainer.is_global_zero:
            folder = RunFolder(Path(trainer.default_root_dir))
            settings = self.config.clone()
            settings.ckpt_path = None  # where this fit went on from is no setting of the run
            settings.rivalry = rivalry.__version__
            text = self.parser.dump(settings)
            folder.configuration.write_text(text, encoding="utf-8")
            for logger in trainer.loggers:
                if isinstance(logger, WandbLogger):
                    logger.log_hyperparams(yaml.safe_load(text))


def configuration_files(arguments: Sequence[str]) -> list[Path]:
    """The files that ``--config`` names.

    >>> configuration_files(["fit", "--config", "a.yaml", "--name", "x", "--config=b.yaml"])
    [PosixPath('a.yaml'), PosixPath('b.yaml')]
    """
    following = [value for word, value in pairwise(arguments) if word in ("--config", "-c")]
    joined = [word.split("=", 1)[1] for word in arguments if word.startswith("--config=")]
    return [Path(one) for one in (*following, *joined)]


def refuse_newer(file: Path) -> None:
    """Refuse settings that a newer Rivalry wrote, before its new options are called unknown.

    Raises:
        ValueError: Naming both versions.
    """
    if not file.is_file():
        return
    try:
        settings: Any = yaml.safe_load(file.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise ValueError(f"{file} is no YAML: {error}") from error
    written = settings.get("rivalry") if isinstance(settings, dict) else None
    if written is not None and _numbers(str(written)) > _numbers(rivalry.__version__):
        raise ValueError(
            f"{file} was written by Rivalry {written}, and this is {rivalry.__version__}: use that version or a later "
            "one, or take the line `rivalry:` out and see which options are unknown here"
        )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version))
