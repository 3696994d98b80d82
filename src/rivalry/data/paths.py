"""Paths as users write them in YAML: with ``~``, and with environment variables such as ``${RIVALRY_DATA}``."""

from __future__ import annotations

import os
import re
from pathlib import Path


def expand(path: str | Path) -> Path:
    """Put in the home folder and environment variables.

    Raises:
        ValueError: If a variable is not set.

    >>> expand("pictures/train").as_posix()
    'pictures/train'
    """
    expanded = os.path.expandvars(Path(path).expanduser())
    unset = re.findall(r"\$\{?(\w+)\}?", expanded)
    if unset:
        raise ValueError(
            f"{path}: the environment variable {unset[0]} is not set; set it to the folder of your data, "
            "or write the path itself"
        )
    return Path(expanded)
