"""What a probe has found, in a sentence: for the overview, and for the top of the probe's page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from rivalry.lens.site.shelf import Shelf, Volume


@dataclass(frozen=True)
class Verdict:
    """One sentence.

    Attributes:
        tone: Whether it is good news, bad news or neither.
        text: The sentence; may hold outside words.
        address: The page that says more, within the site.
    """

    tone: Literal["good", "bad", "plain"]
    text: str
    address: str | None = None


def verdicts(volume: Volume, shelf: Shelf) -> list[Verdict]:
    """What a record says, the most telling first; none where it says nothing that fits a sentence."""
    return []
