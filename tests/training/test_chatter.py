"""What Lightning says without need is left out, and the rest is heard."""

import logging
import warnings

import pytest
from lightning.pytorch import Trainer
from lightning.pytorch.utilities import rank_zero_info

from rivalry.training.chatter import silence_idle_talk


def test_no_advertisement_and_no_news_of_absent_hardware(caplog: pytest.LogCaptureFixture) -> None:
    silence_idle_talk()
    silence_idle_talk()  # twice is once
    with caplog.at_level(logging.INFO):
        Trainer(accelerator="cpu", logger=False, enable_checkpointing=False)
        rank_zero_info("this is news")
    said = [one.getMessage() for one in caplog.records]
    assert "this is news" in said
    assert not [one for one in said if "litlogger" in one or "TPU" in one]


def test_other_warnings_are_passed_on() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        silence_idle_talk()
        with pytest.warns(FutureWarning, match="something else"):
            warnings.warn("something else is deprecated", FutureWarning, stacklevel=1)
