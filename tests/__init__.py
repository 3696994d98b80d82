"""The tests mirror the package; `tests.shapes` checks the shapes of tensors while they run."""

from tests import shapes

__all__ = ["shapes"]
