"""``rivalry fit | validate | test | predict``: Lightning's command line, with a folder a run.

A YAML file says all: ``model`` (:class:`SparseClassifier`), ``data`` (:class:`Pictures`), ``analyses`` (a list of
class paths), ``trainer`` (Lightning's own), ``name``, ``wandb`` …
"""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jsonargparse import ArgumentError
from lightning.fabric.utilities.exceptions import MisconfigurationException
from lightning.pytorch import Callback, Trainer
from lightning.pytorch.callbacks import ModelCheckpoint, RichProgressBar
from lightning.pytorch.cli import LightningArgumentParser, LightningCLI
from lightning.pytorch.loggers import Logger
from lightning.pytorch.utilities.exceptions import SIGTERMException
from rich.console import Console

import rivalry.lwta.networks  # noqa: F401  (registers the networks with timm)
from rivalry.recording.analysis import Analysis
from rivalry.training.analysis_callback import AnalysisCallback
from rivalry.training.chatter import silence_idle_talk
from rivalry.training.classifier import SparseClassifier
from rivalry.training.complaints import in_few_words
from rivalry.training.configuration import KeepConfiguration, configuration_files, refuse_newer
from rivalry.training.data import Pictures
from rivalry.training.metrics_table import MetricsTable
from rivalry.training.predictions import KeepPredictions
from rivalry.training.resuming import GoOn
from rivalry.training.run import RunFolder, Which, has_begun, name_in_sweep, open_run
from rivalry.training.summary import latest_records, print_summary
from rivalry.training.survival import SayWatermarkSurvival
from rivalry.training.wandb.login import Place
from rivalry.training.wandb.run_logger import logger_for

TRAINER_DEFAULTS = {
    "accelerator": "auto",
    "devices": "auto",
    "num_sanity_val_steps": 0,
    "enable_model_summary": False,
    "log_every_n_steps": 1,  # scalars are those of an epoch; else a short epoch is warned of
}


class TrainingCommandLine(LightningCLI):
    """Lightning's command line, with Rivalry's run folder, analyses and loggers."""

    run_folder: RunFolder

    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        """Add what a run has beside Lightning's own."""
        parser.add_argument("--name", type=str | None, default=None, help="Name of the run: its folder in --runs.")
        parser.add_argument("--runs", type=str, default="runs", help="Folder of all runs.")
        parser.add_argument("--wandb", type=Place, default="auto", help="auto: online if logged in, else offline.")
        parser.add_argument("--project", type=str, default="rivalry", help="Project in Weights & Biases.")
        parser.add_argument("--analyses", type=list[Analysis], default=[], help="Analyses to run each epoch.")
        parser.add_argument("--every_n_epochs", type=int, default=1, help="How often the analyses run.")
        parser.add_argument("--rivalry", type=str | None, default=None, help="The version that wrote these settings.")
        parser.link_arguments("data.num_classes", "model.num_classes", apply_on="instantiate")

    def parse_arguments(self, parser: LightningArgumentParser, args: Any) -> None:
        """Parse the arguments given, whatever ``sys.argv`` holds."""
        self.config = parser.parse_args(args)

    def _parse_ckpt_path(self) -> None:
        """Find ``last`` and ``best`` in the run's folder. What the user says beats what the checkpoint remembers."""
        options = self.config[self.config.subcommand]
        if options.get("ckpt_path") in ("last", "best"):
            options["ckpt_path"] = str(find_checkpoint(Path(options.runs), options.name, options.ckpt_path))

    def before_instantiate_classes(self) -> None:
        """Open the run's folder before anything costly is made."""
        options = self.config[self.config.subcommand]
        goes_on = self.config.subcommand != "fit" or bool(options.get("ckpt_path"))
        if goes_on and not options.get("ckpt_path") and options.name and has_begun(Path(options.runs) / options.name):
            raise ValueError(f"say which weights of run {options.name!r} to take: --ckpt_path last, best or a file")
        default = _default_name(options.get("config"))
        name = options.name if goes_on else name_in_sweep(options.name, default)
        self.run_folder = open_run(Path(options.runs), name, resuming=goes_on, default=default)
        options.name = self.run_folder.name

    def instantiate_trainer(self, **arguments: Any) -> Trainer:
        """Make the trainer with the run's loggers and callbacks."""
        options = self.config_init[self.config_init.subcommand]
        quick = bool(options.trainer.get("fast_dev_run"))
        given = options.trainer.get("callbacks") or []
        nothing_to_log = quick or self.config_init.subcommand == "predict"
        loggers: list[Logger] = [] if nothing_to_log else self._loggers(options)
        callbacks: list[Callback] = [
            AnalysisCallback(options.analyses, self.run_folder, every_n_epochs=options.every_n_epochs),
            GoOn(self.run_folder),
            KeepPredictions(self.run_folder),
            SayWatermarkSurvival(),
            *given,
            _keep_last(self.run_folder),
        ]
        if not any(isinstance(one, ModelCheckpoint) for one in given):
            callbacks.append(_keep_best(self.run_folder))
        if options.trainer.get("enable_progress_bar") is not False:
            callbacks.append(RichProgressBar(leave=True))
        return super().instantiate_trainer(
            logger=loggers or False, callbacks=callbacks, default_root_dir=str(self.run_folder.root), **arguments
        )

    def after_fit(self) -> None:
        """Say what came out, once the progress bar is gone."""
        if self.trainer.is_global_zero and not self.trainer.fast_dev_run:  # type: ignore[attr-defined]
            scalars = {name: float(value) for name, value in self.trainer.callback_metrics.items()}
            print_summary(Console(), self.run_folder, scalars, latest_records(self.run_folder))

    def _prepare_subcommand_kwargs(self, subcommand: str) -> dict[str, Any]:
        """Load nothing but tensors and plain values from checkpoints, unless the user says otherwise."""
        arguments = super()._prepare_subcommand_kwargs(subcommand)
        return {**arguments, "weights_only": arguments.get("weights_only") is not False}

    def _loggers(self, options: Any) -> list[Logger]:
        folder = self.run_folder
        table = MetricsTable(folder.metrics)
        wandb = logger_for(folder, options.wandb, options.project)
        return [table, wandb] if wandb else [table]


def train_from_arguments(arguments: Sequence[str]) -> TrainingCommandLine:
    """Run one of Lightning's commands with everything around it.

    Raises:
        ValueError: For whatever the user can mend: arguments, YAML files, names, files.
        SystemExit: With a status that is not 0 where the run was stopped from outside.
    """
    silence_idle_talk()
    for file in configuration_files(arguments):
        refuse_newer(file)
    speak_up: dict[str, Any] = {"exit_on_error": False, "allow_abbrev": False}
    try:
        return TrainingCommandLine(
            SparseClassifier,
            Pictures,
            save_config_callback=KeepConfiguration,
            seed_everything_default=0,
            trainer_defaults=TRAINER_DEFAULTS,
            parser_kwargs={
                "prog": "rivalry",
                **speak_up,
                **{command: dict(speak_up) for command in TrainingCommandLine.subcommands()},
            },
            auto_configure_optimizers=False,
            load_from_checkpoint_support=False,
            args=list(arguments),
        )
    except (ArgumentError, MisconfigurationException, ValueError) as error:
        raise ValueError(in_few_words(str(error))) from error
    except SIGTERMException as stopped:  # it would exit as if all were done
        raise SystemExit(128 + signal.SIGTERM) from stopped


def find_checkpoint(runs: Path, name: str | None, which: Which) -> Path:
    """The last or the best checkpoint of a run.

    Raises:
        ValueError: If the run is not named or has none.
    """
    if name is None:
        raise ValueError(f"--ckpt_path={which} needs the run's --name")
    folder = RunFolder(runs / name)
    found = folder.checkpoint(which)
    if found is None:
        there = sorted(path.name for path in runs.glob("*") if has_begun(path))
        raise ValueError(
            f"run {name!r} has no {which} checkpoint in {folder.checkpoints}; runs there: {there or 'none'}"
        )
    return found


def _keep_best(folder: RunFolder) -> ModelCheckpoint:
    return ModelCheckpoint(
        dirpath=folder.checkpoints,
        filename="best-{epoch:04d}",
        monitor="val/top1",
        mode="max",
        auto_insert_metric_name=False,
    )


class KeepLast(ModelCheckpoint):
    """A class of its own: its state in a checkpoint is not that of a ``ModelCheckpoint`` of the user's."""


def _keep_last(folder: RunFolder) -> ModelCheckpoint:
    """Every epoch's; ``save_last`` of the callback above would only copy the best."""
    return KeepLast(dirpath=folder.checkpoints, filename="last", enable_version_counter=False)


def _default_name(configurations: Any) -> str:
    """The name of the last YAML file, for a run that has no name of its own."""
    files = [str(one) for one in configurations or [] if one is not None]
    return Path(os.fspath(files[-1])).stem if files else "run"
