"""How many ways lead from the picture to the logits, and through which tensors all of them do.

    ways(a → b) = Σ ways(c → b), over all c that a is fed into,        ways(b → b) = 1

They are counted on the graph that autograd keeps of a pass, in integers of any size: every residual block doubles them.
All ways lead through a tensor t iff ways(picture → t) · ways(t → logits) = ways(picture → logits).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import TypeAlias

from torch import Tensor
from torch.autograd.graph import Node, get_gradient_edge

Output: TypeAlias = tuple[Node, int]
"""One of the tensors that a node of the graph gave."""


def output_of(tensor: Tensor) -> Output:
    """What a tensor is in its graph, as long as nothing is written into it; it must be one that gradients reach."""
    edge = get_gradient_edge(tensor)
    return edge.node, edge.output_nr


class Ways:
    """The ways of one pass.

    Attributes:
        total: How many there are; 0 where the logits do not depend on the picture.

    Args:
        logits: Where all ways end.
        picture: A leaf, where they begin.
    """

    def __init__(self, logits: Tensor, picture: Tensor) -> None:
        self.total = 0
        self._into: dict[Node, int] = {}
        self._out: dict[Output, int] = defaultdict(int)
        if logits.requires_grad:
            self._count(output_of(logits), output_of(picture)[0])

    def all_lead_through(self, output: Output) -> bool:
        """Whether every way leads through a tensor."""
        return self._into.get(output[0], 0) * self._out.get(output, 0) == self.total

    def _count(self, end: Output, begin: Node) -> None:
        order = _consumers_first(end[0])
        for node in reversed(order):
            self._into[node] = int(node is begin) + sum(self._into[fed] for fed, _ in _fed_to(node))
        self._out[end] = 1
        leaving = defaultdict(int, {end[0]: 1})  # of all tensors that a node gave
        for node in order:
            for fed, number in _fed_to(node):
                self._out[fed, number] += leaving[node]
                leaving[fed] += leaving[node]
        self.total = self._into[end[0]]


def _fed_to(node: Node) -> Iterator[Output]:
    """What a node was fed, once for every time."""
    return ((fed, number) for fed, number in node.next_functions if fed is not None)


def _consumers_first(end: Node) -> list[Node]:
    """All nodes of a graph, each after those that it was fed into; without recursion, for graphs are deep."""
    done: list[Node] = []
    seen, entered = {end}, [(end, _fed_to(end))]
    while entered:
        node, rest = entered[-1]
        following = next((fed for fed, _ in rest if fed not in seen), None)
        if following is None:
            done.append(node)
            entered.pop()
        else:
            seen.add(following)
            entered.append((following, _fed_to(following)))
    return done[::-1]
