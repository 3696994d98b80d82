"""Weights & Biases: online where the user has logged in, else offline; one event a record. Only this file imports it.

Nothing leaves the machine unasked. A record becomes one ``run.log`` with its scalars, its table, its pictures and the
epoch: never one key a neuron, never ``log(step=…)``.
"""

from __future__ import annotations

import html
import netrc
import os
import re
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlparse

import pyarrow as pa
import wandb
from lightning.pytorch.loggers import Logger, WandbLogger
from lightning.pytorch.utilities import rank_zero_info

from rivalry.lens.pictures import picture_of
from rivalry.records import JSON, Record
from rivalry.training.run import RunFolder, id_in_sweep

Place = Literal["auto", "online", "offline", "off"]

TABLE_ROWS = 10_000
"""W&B shows no more rows of a table; the whole one is in the record's parquet file."""


def logger_for(folder: RunFolder, mode: Place, project: str = "rivalry") -> WandbLogger | None:
    """A logger that keeps everything it writes inside the run's folder.

    Args:
        folder: The run's folder. The run's id is kept in it, so that a resumed run goes on as the same.
        mode: ``auto`` is online where the user has logged in, else offline; ``off`` is none.
        project: W&B's project.

    Raises:
        ValueError: If the run is to be online and the user has not logged in.
    """
    if mode == "off":
        return None
    check_login(mode)
    offline = mode == "offline" or (mode == "auto" and not logged_in())
    if offline and mode == "auto":
        rank_zero_info("W&B: no login found, so the run is recorded offline; `wandb login` and `wandb sync` send it.")
    place = folder.root / "wandb"
    place.mkdir(parents=True, exist_ok=True)
    inside = str(place.resolve())
    os.environ.update(WANDB_DATA_DIR=inside, WANDB_CACHE_DIR=inside, WANDB_SILENT="true")
    logger = WandbLogger(name=folder.name, save_dir=folder.root, project=project, offline=offline, id=_run_id(place))
    logger._wandb_init.pop("anonymous", None)  # W&B warns of this option, which Lightning always gives
    return logger


def check_login(mode: Place) -> None:
    """Refuse to go online without a login.

    Raises:
        ValueError: If that is what the mode asks for.
    """
    if mode == "online" and not logged_in():
        raise ValueError("W&B: no login found; run `wandb login`, or choose --wandb offline or off")


def logged_in() -> bool:
    """Whether W&B has a key, without asking for one and without a network."""
    if os.environ.get("WANDB_MODE") in ("offline", "disabled", "dryrun"):
        return False
    if os.environ.get("WANDB_API_KEY"):
        return True
    host = urlparse(os.environ.get("WANDB_BASE_URL", "https://api.wandb.ai")).hostname or ""
    file = Path(os.environ.get("NETRC", Path.home() / ".netrc"))
    try:
        return netrc.netrc(file).authenticators(host) is not None
    except (OSError, netrc.NetrcParseError):
        return False


def log_record(loggers: Sequence[Logger], record: Record) -> None:
    """Log a record's scalars to every logger; to W&B with tables and pictures, as one event."""
    scalars = {f"{record.name}/{name}": value for name, value in record.scalars.items()}
    step = max(record.step - 1, 0)  # Lightning counts steps from zero where it logs
    for logger in loggers:
        if isinstance(logger, WandbLogger):
            event = {**scalars, **_shown_beside(record), "epoch": record.epoch, "trainer/global_step": step}
            logger.experiment.log(event)
        else:
            logger.log_metrics({**scalars, "epoch": record.epoch}, step=step)


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


def _shown_beside(record: Record) -> dict[str, Any]:
    shown: dict[str, Any] = {
        f"{record.name}/{name}{'_table' if name in record.scalars else ''}": _as_wandb_table(table, record.epoch)
        for name, table in record.tables.items()
    }
    picture = picture_of(record)
    if picture is not None:
        shown[f"{record.name}/picture"] = wandb.Image(picture)
    return shown


def _as_wandb_table(table: pa.Table, epoch: int) -> wandb.Table:
    """The first rows, with an ``epoch`` column; outside words escaped, lists written out, no bytes and vectors."""
    shown = table.select([field.name for field in table.schema if _is_legible(field.type)])
    rows = shown.slice(0, TABLE_ROWS).to_pylist()
    columns = ["epoch", *shown.column_names]
    return wandb.Table(columns=columns, data=[[epoch, *map(_shown, row.values())] for row in rows])


def _is_legible(kind: pa.DataType) -> bool:
    """Whether people read such a column: no bytes, and no vectors of a thousand numbers."""
    return not pa.types.is_binary(kind) and not (pa.types.is_list(kind) and pa.types.is_floating(kind.value_type))


def _shown(value: Any) -> Any:
    """A value as W&B shows it; names, which may have spaces, with commas between them."""
    if isinstance(value, str):
        return html.escape(value)
    if not isinstance(value, list):
        return value
    return (", " if any(isinstance(one, str) for one in value) else " ").join(str(_shown(one)) for one in value)


def _run_id(place: Path) -> str:
    """The run's id in W&B, made once: by the agent of a sweep, or here, by whichever rank comes first."""
    kept = place / "run-id.txt"
    if not kept.exists():
        draft = place / f".run-id-{uuid.uuid4().hex}"
        draft.write_text((id_in_sweep() or uuid.uuid4().hex[:12]) + "\n", encoding="utf-8")
        with suppress(FileExistsError):
            os.link(draft, kept)
        draft.unlink()
    return kept.read_text(encoding="utf-8").strip()
