"""Weights & Biases: online where the user has logged in, else offline. Only this package imports it.

Nothing leaves the machine unasked, and nothing is told twice.

- :mod:`login`: whether the user has logged in.
- :mod:`ledger`: what a run has told already, whichever process of it has.
- :mod:`run_logger`: the logger of a run, its id and its axes.
- :mod:`record_event`: a record as one event: scalars, a table, a picture, interactive figures.
- :mod:`checkpoint`: a dissected checkpoint as an artifact.
- :mod:`workspace`: a workspace of sections and panels, saved at W&B or written as JSON.
"""

from rivalry.training.wandb.checkpoint import log_checkpoint
from rivalry.training.wandb.login import Place, check_login, logged_in
from rivalry.training.wandb.record_event import TABLE_ROWS
from rivalry.training.wandb.run_logger import RunLogger, log_record, logger_for

__all__ = [
    "TABLE_ROWS",
    "Place",
    "RunLogger",
    "check_login",
    "log_checkpoint",
    "log_record",
    "logged_in",
    "logger_for",
]
