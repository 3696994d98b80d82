"""What checks the package while tests run: the shapes and types of tensors, and nothing else.

pytest hands every annotated function of the package to `check`, through the import hook of jaxtyping (pyproject.toml).
Plain types are mypy's: a test may well hand over a wrong word to see the package's own error.
"""

import typing
from collections.abc import Callable
from typing import Any, TypeVar

import beartype
from jaxtyping import AbstractArray

F = TypeVar("F", bound=Callable[..., Any])


def check(function: F) -> F:
    """Let beartype check those parameters and results of a function whose annotations speak of shapes."""
    if not isinstance(function, type):
        function.__annotations__ = {
            name: hint if _speaks_of_shapes(hint) else Any for name, hint in function.__annotations__.items()
        }
    return beartype.beartype(function)


def _speaks_of_shapes(hint: Any) -> bool:
    if isinstance(hint, type) and issubclass(hint, AbstractArray):
        return True
    return any(_speaks_of_shapes(part) for part in typing.get_args(hint))
