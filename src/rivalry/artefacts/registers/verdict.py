"""Whether a network has outliers at all. "None" is a legitimate answer: many small networks have none.

A layer shows outliers where at least ``LEAST_IMAGES`` of the images have one, and more than ``TIMES_RANDOM`` times as
many images as in the same architecture with random weights. A network has outliers where a layer shows them. Our
operationalisation: a single long token in one picture of a thousand is no habit of the network, and what an untrained
network shows was not learnt.
"""

from __future__ import annotations

from collections.abc import Mapping

LEAST_IMAGES = 0.05
TIMES_RANDOM = 2.0


def shows_outliers(images_with: float, images_with_random: float) -> bool:
    """Whether a layer shows outliers, from the shares of images that have one, here and with random weights.

    >>> shows_outliers(0.9, 0.0), shows_outliers(0.01, 0.0), shows_outliers(0.3, 0.2)
    (True, False, False)
    """
    return images_with >= LEAST_IMAGES and images_with > TIMES_RANDOM * images_with_random


def verdict(shown: Mapping[str, bool], fractions: Mapping[str, float]) -> str:
    """The verdict in words.

    >>> verdict({"blocks.0": False, "blocks.1": False}, {"blocks.0": 0.0, "blocks.1": 0.0})
    'none'
    >>> verdict({"blocks.0": False, "blocks.1": True}, {"blocks.0": 0.0, "blocks.1": 0.024})
    'outliers from blocks.1 to blocks.1, at most 2.4 % of the patches'
    """
    there = [layer for layer, shows in shown.items() if shows]
    if not there:
        return "none"
    most = max(fractions[layer] for layer in there)
    return f"outliers from {there[0]} to {there[-1]}, at most {100 * most:.2g} % of the patches"
