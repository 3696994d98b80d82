"""Whether a network uses what tokens say of their own image: put something else in their place, and look at the logits.

``mean``: every token of the group becomes the group's mean over images. ``shuffle``: it becomes the group's token of
another image, so images must come in an order that says nothing of what they show. Both leave the group as large, and
as much of it the same in all images, as it was; only what it says of this image is gone. Zeroing is not offered: a
token of zeros is one that the network has never met, and what it loses by it is not what it read there. (By it the
reliance on registers was overstated by up to 36 points.)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Literal, get_args

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

Replacement = Literal["mean", "shuffle"]
REPLACEMENTS: tuple[Replacement, ...] = get_args(Replacement)


def replace_tokens(
    tokens: Float[Tensor, "batch tokens channels"], group: Bool[Tensor, "batch tokens"], kind: Replacement
) -> Float[Tensor, "batch tokens channels"] | None:
    """Put the group's mean, or its tokens of other images, in the place of its tokens.

    Args:
        tokens: Of all images that are compared.
        group: Which tokens to replace, perhaps none in some images.
        kind: With what.

    Returns:
        A copy; None where a shuffle cannot spare every token its own image, as one image has more than half of them.

    Raises:
        ValueError: For any other kind.

    >>> tokens, first = torch.tensor([[[1.0], [5.0]], [[3.0], [7.0]]]), torch.tensor([[True, False]] * 2)
    >>> replace_tokens(tokens, first, "mean").tolist()
    [[[2.0], [5.0]], [[2.0], [7.0]]]
    """
    if kind not in REPLACEMENTS:
        raise ValueError(
            f"tokens are replaced by {' or '.join(map(repr, REPLACEMENTS))}, got {kind!r}: zeroing overstates"
        )
    old = tokens[group]
    most = int(group.sum(1).max()) if len(group) else 0
    if kind == "shuffle" and 2 * most > len(old):
        return None
    replaced = tokens.clone()
    replaced[group] = old.mean(0) if kind == "mean" else old.roll(most, 0)  # tokens lie image by image
    return replaced


def replace_each(
    tokens: Float[Tensor, "batch tokens channels"], places: range, kind: Replacement
) -> Float[Tensor, "batch tokens channels"] | None:
    """Replace the tokens at some places, such as registers, each by those of other images at the same place."""
    replaced: Tensor | None = tokens
    for place in places:
        group = torch.zeros(tokens.shape[:2], dtype=torch.bool, device=tokens.device)
        group[:, place] = True
        replaced = None if replaced is None else replace_tokens(replaced, group, kind)
    return replaced


@contextmanager
def giving(
    layer: nn.Module, tokens: Float[Tensor, "batch tokens channels"], *, skipping: Sequence[nn.Module] = ()
) -> Iterator[None]:
    """Let a layer give these tokens instead of its own, batch after batch in their order, while the context is open.

    Args:
        layer: The layer, which does not run.
        tokens: What it gives.
        skipping: Layers before it, which need not run either, as nothing of theirs gets past it: they give what they
            are given.
    """
    begin = 0

    def give(given: Tensor, *_: object, **__: object) -> Tensor:
        nonlocal begin
        begin += len(given)
        return tokens[begin - len(given) : begin]

    try:
        for one in skipping:
            one.forward = lambda given, *_, **__: given
        layer.forward = give
        yield
    finally:
        for one in (*skipping, layer):
            vars(one).pop("forward", None)  # the class's own comes back
