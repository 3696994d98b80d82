"""What was told, whichever process told it."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from rivalry.training.wandb.ledger import Ledger


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "told.jsonl"


def test_what_one_process_told_another_knows(file: Path) -> None:
    Ledger(file).add(3, 40, {"val/top1": 0.5, "val/loss": math.nan})
    ledger = Ledger(file)
    assert ledger.told("val/top1", 3, 40)
    assert ledger.told("val/loss", 3, 40)
    assert not ledger.told("val/top1", 2, 40)
    assert not ledger.told("val/top5", 3, 40)


def test_an_epoch_may_have_several_values_at_growing_steps(file: Path) -> None:
    ledger = Ledger(file)
    ledger.add(0, 5, {"train/loss": 2.0})
    assert ledger.told("train/loss", 0, 4)
    assert not ledger.told("train/loss", 0, 6)
    ledger.add(0, 6, {"train/loss": 1.0})
    assert ledger.told("train/loss", 0, 6)
    assert ledger.values("train/loss") == [1.0]


def test_an_epoch_that_is_over_has_all_of_its_values(file: Path) -> None:
    ledger = Ledger(file)
    ledger.add(0, 5, {"val/top1": 0.1})
    ledger.add(1, 11, {"val/top1": 0.2})
    assert ledger.told("val/top1", 0, 9)  # batches are smaller now, and steps more
    assert not ledger.told("val/top1", 1, 19)


def test_it_tells_values_that_have_become_others(file: Path) -> None:
    ledger = Ledger(file)
    ledger.add(0, 5, {"val/top1": 0.1, "gap": math.nan})
    assert not ledger.differs("val/top1", 0, 0.1)
    assert not ledger.differs("gap", 0, math.nan)
    assert ledger.differs("val/top1", 0, 0.2)
    assert ledger.differs("gap", 0, 0.2)
    assert ledger.values("gap") == []


def test_a_line_that_was_being_written_is_no_event_and_spoils_none(file: Path) -> None:
    Ledger(file).add(0, 5, {"val/top1": 0.1})
    with file.open("a") as out:
        out.write('{"epoch": 1, "step": 11, "val')
    ledger = Ledger(file)
    assert not ledger.told("val/top1", 1, 11)
    ledger.add(1, 11, {"val/top1": 0.2})
    again = Ledger(file)
    assert again.told("val/top1", 0, 5)
    assert again.told("val/top1", 1, 11)
