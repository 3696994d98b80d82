"""What operations of torch take: which of some tensors they read, and how much room all their results need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


class Consumption(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Watches every operation in the context.

    Attributes:
        read: Names of the watched tensors that any operation took, also to look at them otherwise (a view).
        numbers: Room that results needed, in numbers of 4 bytes, without giving any back; views need none.

    Args:
        watched: Tensors by name; each must have memory of its own.
    """

    def __init__(self, watched: Mapping[Any, Tensor]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.read: set[Any] = set()
        self.numbers = 0
        self._watched = {_place(tensor): name for name, tensor in watched.items()}
        self._known = set(self._watched)
        self._held: list[Tensor] = []

    def __torch_dispatch__(
        self, function: Any, _types: Sequence[type], inputs: tuple[Any, ...] = (), named: dict[str, Any] | None = None
    ) -> Any:
        """Run an operation, and note what it took and gave."""
        named = named or {}
        for taken in _tensors((inputs, named)):
            if _place(taken) in self._watched:
                self.read.add(self._watched[_place(taken)])
            self._known.add(_place(taken))
        results = function(*inputs, **named)
        for made in _tensors(results):
            if _place(made) not in self._known:
                self._known.add(_place(made))
                self._held.append(made)  # or its place might be given to another
                self.numbers += made.untyped_storage().nbytes() // 4
        return results


def _tensors(tree: Any) -> list[Tensor]:
    return [leaf for leaf in tree_leaves(tree) if isinstance(leaf, Tensor)]


def _place(tensor: Tensor) -> int:
    """Where a tensor's memory begins; views share it."""
    return tensor.untyped_storage().data_ptr()
