"""Which units detect the mark, and how few of them carry the network's answer to it. Our operationalisation.

Detector: a unit's AUROC between marked and clean pictures, of its pooled activation, or of its win rate where units
compete; ½ tells nothing, and a unit that the mark silences (AUROC near 0) tells as much as one that it wakes.

Carriers of a layer. Half of a sample of pictures chooses, the other half judges:

1. On the first half, order the layer's units by |AUROC − ½|, the clearest first.
2. Silence the first k: put each one's mean over clean pictures and positions in place of what it gives, everywhere.
3. The layer's carriers are the first k units of that order, for the smallest k at which the attack success on the
   first half is back to within a tenth of the mark's whole effect: ≤ clean + ⅒ · (marked − clean).
4. On the second half: attack success and accuracy (of clean pictures) with the carriers silenced, beside the same
   number of other units of the layer, chosen at random and silenced likewise.

Means, not zeros: zeros are no answer that later layers have ever seen, and overstate what a unit does. Every k up to 8
is tried, then steps of a half, and between the last of them that does not do and the first that does k is found by
bisection. (By steps, because silencing more may make the attack succeed more: a layer that is all silent says one class
of every picture, and that may be the target.) There is nothing to carry where the mark lifts attack success by less
than a tenth; and no k where none that was tried brings it down: the mark takes another way, such as a skip connection.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from jaxtyping import Float, Int
from torch import Tensor, nn

from rivalry.numerics.separation import auroc

LEFT = 0.1
"""Share of the mark's effect on attack success that may be left when its carriers are silent."""

SMALLEST_EFFECT = 0.1
"""Lift of attack success below which there is nothing to carry."""


def clearest_first(
    marked: Float[Tensor, "samples units"], clean: Float[Tensor, "samples units"]
) -> Int[Tensor, " units"]:
    """Units by how well they tell marked from clean pictures, by either sign; of equal ones the lower number first.

    >>> import torch
    >>> marked = torch.tensor([[0.0, 3.0, 1.0], [0.0, 3.0, 0.0]])
    >>> clearest_first(marked, torch.tensor([[0.0, 1.0, 4.0], [0.0, 1.0, 4.0]]))
    tensor([1, 2, 0])
    """
    return (auroc(marked, clean) - 0.5).abs().sort(descending=True, stable=True).indices


def fewest(units: int, attack: Callable[[int], float], bound: float) -> int | None:
    """The smallest number of units whose silence brings the attack success down; None where none is found.

    Args:
        units: How many there are, one at least.
        attack: From a number of silenced units to the attack success.
        bound: What it must not pass.

    >>> fewest(100, lambda silenced: 1.0 - silenced / 50, bound=0.25)
    38
    """
    enough, too_few = 1, 0
    while attack(enough) > bound:
        if enough == units:
            return None
        enough, too_few = min(enough + (1 if enough < 8 else enough // 2), units), enough
    while enough - too_few > 1:
        middle = (too_few + enough) // 2
        if attack(middle) > bound:
            too_few = middle
        else:
            enough = middle
    return enough


@contextmanager
def silenced(
    network: nn.Module, layer: str, units: Int[Tensor, " silenced"], instead: Float[Tensor, " units"], axis: int
) -> Iterator[None]:
    """Let units of a layer give the same number everywhere, for the time of the context, also after an exception.

    Args:
        network: The network.
        layer: Dotted name.
        units: Which units.
        instead: What each of the layer's units gives when it is silenced.
        axis: Of the layer's units.
    """

    def hook(_layer: nn.Module, _inputs: object, output: Tensor) -> Tensor:
        shape = [1] * output.ndim
        shape[axis] = len(units)
        there = instead[units].to(output.dtype).reshape(shape)
        sizes = list(output.shape)
        sizes[axis] = len(units)
        return output.index_copy(axis, units, there.expand(sizes))

    handle = network.get_submodule(layer).register_forward_hook(hook)
    try:
        yield
    finally:
        handle.remove()
