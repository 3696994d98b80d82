"""How many images are optimised at once, without asking the user: as many as a budget of memory allows.

What one takes is measured; where memory ends before, the number is halved.
"""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from rivalry.prototypes.optimisation.ascent import Ascent
from rivalry.recording.consumption import Consumption

BUDGETS = {"cpu": 2**26}
"""Numbers of 4 bytes that images may take together, by type of device: 256 MB on a CPU."""

BUDGET = 2**30
"""Numbers on other devices: 4 GB."""


def room(ascent: Ascent, parameters: Tensor) -> int:
    """How many images a batch has room for, 1 at least.

    Args:
        ascent: What is climbed.
        parameters: Of all images; the first is tried.
    """
    with Consumption({}) as consumption:
        ascent.rows([0]).slope(parameters[:1], 1)
    numbers: int = consumption.numbers
    budget = BUDGETS.get(parameters.device.type, BUDGET)
    return max(1, budget // max(1, numbers))


def groups_of(fellows: Mapping[int, int], at_once: int, *, together: bool) -> list[list[int]]:
    """Which images are optimised together: so many at most, in the order in which their targets first occur.

    Args:
        fellows: By row of an image, a number that copies of one target share.
        at_once: Images of a group.
        together: Whether copies must be in one group, were it larger.

    >>> fellows = dict(enumerate([0, 1, 0, 1, 2]))
    >>> groups_of(fellows, 3, together=True), groups_of(fellows, 3, together=False)
    ([[0, 2], [1, 3, 4]], [[0, 2, 1], [3, 4]])
    """
    by_target: dict[int, list[int]] = {}
    for row, fellow in fellows.items():
        by_target.setdefault(fellow, []).append(row)
    units = list(by_target.values()) if together else [[row] for rows in by_target.values() for row in rows]
    groups: list[list[int]] = []
    for unit in units:
        if groups and len(groups[-1]) + len(unit) <= at_once:
            groups[-1].extend(unit)
        else:
            groups.append(list(unit))
    return groups
