"""Modules that are imported when they are first used, although somebody else imports them at once.

timm imports Weights & Biases wherever that is installed, for a function that hardly anybody calls; and a process that
only looks at a network has no use for it.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any


@contextmanager
def on_demand(name: str) -> Iterator[None]:
    """Let imports of a module within the context give a stand-in, which fetches the module when it is first used.

    Afterwards the module can be imported as ever. One that is imported already, or is not installed, is left alone.

    Args:
        name: Of a module at the top, such as ``wandb``.

    >>> with on_demand("this"):
    ...     import this
    >>> "this" in sys.modules
    False
    """
    spec = None if name in sys.modules else importlib.util.find_spec(name)
    if spec is None:
        yield
        return
    stand_in = _StandIn(name)
    stand_in.__spec__, stand_in.__file__ = spec, spec.origin  # inspect asks every module for its file
    sys.modules[name] = stand_in
    try:
        yield
    finally:
        stand_in.leave()


class _StandIn(ModuleType):
    """Has what the module of its name has."""

    def leave(self) -> None:
        """Make room for the module itself."""
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]

    def __getattr__(self, attribute: str) -> Any:
        self.leave()
        return getattr(importlib.import_module(self.__name__), attribute)
