"""Tokens in groups, and what attention gives to each: mass, enrichment and entropy.

    m_G = mean over heads and queries of Σ_{k in G} A[q, k]           enrichment = m_G / (|G| / N)

An enrichment of 1 is a group that gets attention by its number alone. Entropies are those of the queries' attention
over all N keys, divided by log N: 1 looks at all tokens alike, 0 at a single one.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from rivalry.recording.grid import Tokens

GROUPS = ("class", "register", "outlier", "normal")
"""In the order of the axis ``groups``."""


class GroupAttention(NamedTuple):
    """Sums over images, from which :func:`summarise` makes means.

    Attributes:
        mass: Attention that the group got, of 1 an image.
        share: Share of the tokens that are in the group, added up over images.
        entropy: Of the group's queries, added up over them.
        queries: Tokens in the group.
    """

    mass: Float[Tensor, " groups"]
    share: Float[Tensor, " groups"]
    entropy: Float[Tensor, " groups"]
    queries: Float[Tensor, " groups"]


def token_groups(layout: Tokens, outliers: Bool[Tensor, "batch patches"]) -> Bool[Tensor, "batch groups tokens"]:
    """Say which token is in which group; every token is in one.

    >>> token_groups(Tokens(True, 1, 1, 2), torch.tensor([[True, False]])).int().tolist()
    [[[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]]
    """
    groups = outliers.new_zeros(len(outliers), len(GROUPS), layout.count)
    groups[:, 0, : int(layout.class_token)] = True
    groups[:, 1, int(layout.class_token) : layout.prefix] = True
    groups[:, 2, layout.prefix :] = outliers
    groups[:, 3, layout.prefix :] = ~outliers
    return groups


def attention_by_group(
    attention: Float[Tensor, "batch heads queries keys"], groups: Bool[Tensor, "batch groups keys"]
) -> GroupAttention:
    """Add up what groups of tokens get, and how widely they look, over a batch of images."""
    given, chosen = attention.float(), groups.double()
    received = given.mean((1, 2)).double()
    surprise = torch.special.entr(given).sum(3).mean(1).double() / math.log(max(given.shape[3], 2))
    return GroupAttention(
        mass=torch.einsum("bgk,bk->g", chosen, received),
        share=chosen.mean(2).sum(0),
        entropy=torch.einsum("bgk,bk->g", chosen, surprise),
        queries=chosen.sum((0, 2)),
    )


def summarise(sums: GroupAttention, images: int) -> dict[str, float]:
    """Give ``mass_…``, ``enrichment_…`` and ``entropy_…`` of every group over the images; NaN of empty groups."""
    found = {}
    for place, group in enumerate(GROUPS):
        mass, share, entropy, queries = (float(one[place]) for one in sums)
        found[f"mass_{group}"] = mass / images if queries else math.nan
        found[f"enrichment_{group}"] = mass / share if queries else math.nan
        found[f"entropy_{group}"] = entropy / queries if queries else math.nan
    return found
