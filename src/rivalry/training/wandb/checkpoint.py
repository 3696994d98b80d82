"""A dissected checkpoint as an artifact, an output of the run that it was made from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import wandb
from lightning.pytorch.utilities import rank_zero_info

from rivalry.records import JSON
from rivalry.training.run import RunFolder
from rivalry.training.wandb.login import Place, logged_in
from rivalry.training.wandb.run_logger import logger_for


def log_checkpoint(
    checkpoint: Path,
    run: RunFolder,
    mode: Place,
    *,
    described: Mapping[str, JSON] | None = None,
    data: Mapping[str, str] | None = None,
) -> None:
    """Log a dissected checkpoint's folder as an artifact of the run that it was made from, and say where it went.

    The artifact is of type ``model`` and an output of the run. Online the data sets are inputs of the run: artifacts of
    type ``dataset`` that hold no picture but their fingerprints, so that all runs of the same pictures meet in one. W&B
    knows inputs online alone; offline the fingerprints stand in the model's metadata, as they do online.

    Args:
        checkpoint: The folder. Files are not copied: offline they are sent from here by ``wandb sync``.
        run: The folder of the run. Where it has been at W&B, the artifact is of the same run there.
        mode: As :func:`logger_for` takes it; ``off`` does nothing.
        described: What is to stand beside the artifact.
        data: Fingerprints of data sets by the part that they play, such as ``train``.

    Raises:
        ValueError: If it is to be sent and the user has not logged in.
    """
    if mode == "off":
        return
    offline = mode == "offline" or (mode == "auto" and not logged_in())
    logger = logger_for(run, "offline" if offline else "online")
    if logger is None:
        return
    parts = dict(data or {})
    with logger.experiment as there:
        for part, fingerprint in {} if offline else parts.items():
            there.use_artifact(_data_artifact(part, fingerprint))
        there.log_artifact(_model_artifact(checkpoint, run, {**(described or {}), "data": parts}))
    if offline:
        kept = run.root / "wandb"
        said = f"is recorded offline as an artifact; `wandb login` and `wandb sync {kept}/offline-run-*` send it"
    else:
        said = f"was sent as an artifact of run {run.name}"
    rank_zero_info(f"W&B: {checkpoint} {said}.")


def _model_artifact(checkpoint: Path, run: RunFolder, described: Mapping[str, Any]) -> wandb.Artifact:
    artifact = wandb.Artifact(f"dissected-{_as_artifact(run.name)}", "model", metadata=dict(described))
    artifact.add_dir(str(checkpoint.resolve()), policy="immutable", skip_cache=True)
    return artifact


def _data_artifact(part: str, fingerprint: str) -> wandb.Artifact:
    """Of one content wherever the pictures are the same ones, whatever part they play."""
    artifact = wandb.Artifact(f"pictures-{_as_artifact(fingerprint)[:32]}", "dataset", description=part)
    with artifact.new_file("fingerprint.txt", encoding="utf-8") as file:
        file.write(fingerprint + "\n")
    return artifact


def _as_artifact(name: str) -> str:
    """A name of letters, digits, '_', '-' and '.', as W&B wants it."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", name)[:96]
