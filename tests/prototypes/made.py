"""Prototypes of a network of coloured fields: small, quick, and what they must look like is known."""

from __future__ import annotations

from typing import Any

from torch import nn
from torch.utils.data import DataLoader

from rivalry.prototypes import Examples, Prototypes
from rivalry.recording import sweep
from rivalry.records import Record
from tests.concepts.planted import Colourist, colours_loader

FEW = Examples(top=3, quantiles=(0.9, 0.5), own=6, others=6, reservoir=40)


def study(**options: Any) -> Prototypes:
    """Of all three classes, in a few steps."""
    arguments: dict[str, Any] = {"steps": 4, "examples": FEW} | options
    return Prototypes(**arguments)


def prototypes(network: nn.Module | None = None, loader: DataLoader[Any] | None = None, **options: Any) -> Record:
    """What is found of the network of coloured fields."""
    told = {name: options.pop(name) for name in ("mode", "previous", "epoch", "forward") if name in options}
    (record,) = sweep(network or Colourist(), loader or colours_loader(), [study(**options)], progress=False, **told)
    return record


def rows_of(record: Record, table: str, **wanted: object) -> list[dict[str, Any]]:
    return [row for row in record.tables[table].to_pylist() if wanted.items() <= row.items()]
