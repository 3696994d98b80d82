"""What modules gave for each picture, so that they need not run again: as much of it as anybody reads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from jaxtyping import Int
from torch import Tensor
from torch.utils._pytree import TreeSpec, tree_flatten, tree_unflatten

from rivalry.recording.calls import Call, Calls

Key = tuple[int, int]
"""Number of a call, and which of its tensors."""


@dataclass
class _Part:
    """One tensor that a call gave.

    Attributes:
        template: For one picture.
        axis: The one that counts pictures, the first but for networks that put tokens before; None where the tensor is
            the same for all.
        needed: Whether anybody reads it; else only its shape is known.
        rows: For each picture.
    """

    template: Tensor
    axis: int | None
    needed: bool = True
    rows: list[Tensor] = field(default_factory=list)

    def of(self, image: Int[Tensor, " batch"]) -> Tensor:
        """For some pictures, as memory that may be written into."""
        if self.axis is None:
            return self.template.clone()
        if not self.needed:
            shape = list(self.template.shape)
            shape[self.axis] *= len(image)
            return self.template.new_zeros(()).expand(shape)
        if len(self.rows) > 1:
            self.rows = [torch.cat(self.rows, self.axis)]
        return self.rows[0].index_select(self.axis, image)


class Remembered:
    """What the calls before a layer gave.

    Args:
        one: Of a pass over one picture; holds all that is remembered until :meth:`only` is called.
        two: Of a pass over the same twice, which tells what goes by picture.

    Raises:
        ValueError: If the two passes called other modules.
    """

    def __init__(self, one: Calls, two: Calls) -> None:
        if [(call.name, call.number) for call in one.before] != [(call.name, call.number) for call in two.before]:
            raise ValueError("the network runs other modules for two pictures than for one: its rest cannot be told")
        self._calls: list[tuple[Call, TreeSpec, list[Any]]] = []
        self._parts: dict[Key, _Part] = {}
        for first, second in zip(one.before, two.before, strict=True):
            leaves, structure = tree_flatten(first.output)
            self._calls.append((first, structure, leaves))
            for place, (leaf, twice) in enumerate(zip(leaves, tree_flatten(second.output)[0], strict=True)):
                if isinstance(leaf, Tensor):
                    self._parts[first.number, place] = _Part(leaf, _axis(leaf, twice), rows=[leaf])

    def only(self, read: Collection[Key]) -> frozenset[int]:
        """Forget all rows; from now on keep those that are read, and say of which calls these are.

        Raises:
            ValueError: If something else than pictures is counted along their axis, as windows are.
        """
        names = {call.number: call.name for call, _, _ in self._calls}
        for key, part in self._parts.items():
            part.needed, part.rows = key in read, []
            if part.needed and part.axis is not None and part.template.shape[part.axis] != 1:
                shape = tuple(part.template.shape)
                raise ValueError(f"{names[key[0]]!r} gives {shape} for one picture: no axis counts pictures alone")
        return frozenset(number for number, _ in read)

    def add(self, calls: Calls) -> None:
        """Keep what a pass over further pictures gave."""
        for call in calls.before:
            for place, leaf in enumerate(tree_flatten(call.output)[0]):
                part = self._parts.get((call.number, place))
                if part is not None and part.needed and part.axis is not None:
                    part.rows.append(leaf)

    def tensors(self, image: Int[Tensor, " batch"]) -> dict[Key, Tensor]:
        """All tensors for some pictures."""
        return {key: part.of(image) for key, part in self._parts.items()}

    def outputs(self, tensors: Mapping[Key, Tensor]) -> Mapping[str, list[Any]]:
        """What each call gives, by module, in the order of the calls."""
        outputs = defaultdict(list)
        for call, structure, leaves in self._calls:
            given = [tensors.get((call.number, place), leaf) for place, leaf in enumerate(leaves)]
            outputs[call.name].append(tree_unflatten(given, structure))
        return outputs


def _axis(one: Tensor, two: Tensor) -> int | None:
    """The axis along which two pictures take more than one; None where there is no such."""
    return next((axis for axis, (few, more) in enumerate(zip(one.shape, two.shape, strict=True)) if few != more), None)
