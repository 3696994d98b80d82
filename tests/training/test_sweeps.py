"""Sweeps of Weights & Biases: what an agent would start runs, and every run has a folder of its own."""

from __future__ import annotations

import csv
import random
from pathlib import Path
from typing import Any

import pytest
import yaml
from wandb.sdk.launch.sweeps.utils import create_sweep_command, create_sweep_command_args

from rivalry.cli import main
from rivalry.training.run import RunFolder, id_in_sweep, name_in_sweep
from rivalry.training.wandb.run_logger import logger_for

ROOT = Path(__file__).parents[2]
SWEEPS = sorted((ROOT / "configs" / "sweeps").glob("*.yaml"))
SMALL = ["--data.validation.init_args.length", "20", "--data.batch_size", "8",
         "--trainer.max_epochs", "1", "--trainer.accelerator", "cpu", "--trainer.enable_progress_bar", "false",
         "--wandb", "off", "--analyses", "[]"]  # fmt: skip


def drawn(parameters: dict[str, dict[str, Any]], seed: int) -> dict[str, dict[str, Any]]:
    """A value of each parameter, in the form in which the server sends it to the agent."""
    choose = random.Random(seed)
    return {
        name: {"value": choose.choice(one["values"]) if "values" in one else choose.uniform(one["min"], one["max"])}
        for name, one in parameters.items()
    }


def command_of(sweep: dict[str, Any], values: dict[str, dict[str, Any]]) -> list[str]:
    """The command line that an agent makes of a sweep's ``command``."""
    parts = {"${env}": ["/usr/bin/env"], "${args}": create_sweep_command_args({"args": values})["args"]}
    return [word for one in create_sweep_command(sweep["command"]) for word in parts.get(one, [one])]


def few(config: Path) -> list[str]:
    """Forty pictures to learn from, of a book, or of the book whose pictures bear a mark."""
    marked = "whole" in yaml.safe_load(config.read_text())["data"]["train"]["init_args"]
    return [f"--data.train.init_args.{'whole.init_args.' if marked else ''}length", "40"]


@pytest.fixture
def in_sweep(monkeypatch: pytest.MonkeyPatch) -> str:
    for name in ("WANDB_DATA_DIR", "WANDB_CACHE_DIR", "WANDB_SILENT"):  # set by the logger: to be taken back
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("WANDB_SWEEP_ID", "s123")
    monkeypatch.setenv("WANDB_RUN_ID", "r456")
    return "r456"


def test_there_is_an_example() -> None:
    assert ROOT / "configs/sweeps/quickstart.yaml" in SWEEPS


@pytest.mark.parametrize("file", SWEEPS, ids=lambda file: file.stem)
def test_the_agent_s_command_runs_and_logs_what_the_sweep_looks_at(
    file: Path, in_sweep: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep = yaml.safe_load(file.read_text())
    assert sweep["method"] in ("grid", "random", "bayes")
    assert sweep["metric"]["goal"] in ("minimize", "maximize")
    values = drawn(sweep["parameters"], seed=0)
    env, program, *arguments = command_of(sweep, values)
    assert (Path(env).name, program) == ("env", "rivalry")
    monkeypatch.chdir(ROOT)
    assert main([*arguments, *SMALL, *few(Path(arguments[2])), "--runs", str(tmp_path)]) == 0
    (root,) = tmp_path.iterdir()
    assert root.name == f"{Path(arguments[2]).stem}-{in_sweep}"
    with (root / "metrics.csv").open(newline="") as rows:
        (row,) = csv.DictReader(rows)
    assert row[sweep["metric"]["name"]]
    settings = yaml.safe_load((root / "config.yaml").read_text())
    for name, one in values.items():
        found = settings
        for key in name.split("."):
            found = found[key]
        assert found == one["value"], name


def test_runs_of_a_sweep_have_names_of_their_own_even_where_one_is_given(
    in_sweep: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert name_in_sweep(None, "quickstart") == "quickstart-r456"
    assert name_in_sweep("mine", "quickstart") == "mine-r456"
    monkeypatch.setenv("WANDB_RUN_ID", "r789")
    assert name_in_sweep("mine", "quickstart") == "mine-r789"


def test_outside_a_sweep_names_stay_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WANDB_SWEEP_ID", raising=False)
    monkeypatch.setenv("WANDB_RUN_ID", "r789")
    assert id_in_sweep() is None
    assert name_in_sweep("mine", "quickstart") == "mine"
    assert name_in_sweep(None, "quickstart") is None


def test_the_run_is_the_one_that_the_agent_waits_for_and_goes_on_as_it(
    in_sweep: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = RunFolder(tmp_path / "x")
    first = logger_for(folder, "offline")
    monkeypatch.delenv("WANDB_SWEEP_ID")
    again = logger_for(folder, "offline")
    assert first is not None
    assert again is not None
    assert first.version == again.version == in_sweep
    assert [path.name for path in (folder.root / "wandb").iterdir()] == ["run-id.txt"]
