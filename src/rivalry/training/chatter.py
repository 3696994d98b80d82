"""What Lightning says at every start although it is no news to anybody, left out; everything else is passed on."""

from __future__ import annotations

import logging
import warnings

IDLE_TALK = ("litlogger", "TPU available", "to estimate number of stepping batches")


def silence_idle_talk() -> None:
    """Leave out what Lightning says without need, and a warning that is its own to mend."""
    logger = logging.getLogger("lightning.pytorch.utilities.rank_zero")
    if _is_news not in logger.filters:
        logger.addFilter(_is_news)
    # Lightning's walk over its loaders: https://github.com/Lightning-AI/pytorch-lightning/issues/21326
    warnings.filterwarnings("ignore", r"`isinstance\(treespec, LeafSpec\)` is deprecated", FutureWarning)
    # A run that goes on finds its own checkpoints, perhaps in a folder that was moved.
    warnings.filterwarnings("ignore", "The dirpath has changed from")
    warnings.filterwarnings("ignore", "Checkpoint directory .* exists and is not empty")
    # Which callbacks a run has is said by its settings now, not by those of the checkpoint.
    warnings.filterwarnings("ignore", "Be aware that when using `ckpt_path`, callbacks used to create")
    # More processes for loading: ours decode once and need none.
    warnings.filterwarnings("ignore", "The '.*_dataloader' does not have many workers")


def _is_news(record: logging.LogRecord) -> bool:
    said = record.getMessage()
    return not any(words in said for words in IDLE_TALK)
