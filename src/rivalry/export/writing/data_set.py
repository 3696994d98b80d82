"""What people call the pictures that a run was validated on, as far as its settings tell."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from rivalry.records import JSON

_TOLD_BY = {"TorchvisionSet": "name", "ImageParquet": "path", "ImageFolder": "root", "ImageList": "table"}
"""By data set of ours, which of its settings says what the pictures are."""


def validated_on(configuration: Mapping[str, JSON] | None) -> str:
    """A name, or the last two parts of a path, without the folders before; else the class of the data set.

    Args:
        configuration: The run's settings.

    >>> read = {"class_path": "rivalry.data.ImageParquet", "init_args": {"path": "${DATA}/cifar10/test.parquet"}}
    >>> validated_on({"data": {"validation": read}})
    'cifar10/test.parquet'
    """
    told = _within(_within(configuration, "data"), "validation")
    while inner := _within(_within(told, "init_args"), "whole"):
        told = inner
    kind = str(told.get("class_path", "unknown")).rpartition(".")[2]
    value = _within(told, "init_args").get(_TOLD_BY.get(kind, ""))
    first = value[0] if isinstance(value, list) and value else value
    if not isinstance(first, str):
        return kind
    return "/".join(part for part in PurePath(first).parts[-2:] if part.strip("/") and "$" not in part) or kind


def _within(told: Any, key: str) -> dict[str, Any]:
    value = told.get(key) if isinstance(told, dict) else None
    return value if isinstance(value, dict) else {}
