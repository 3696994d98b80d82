"""The contract of an analysis: it listens to a pass over the probe set and leaves a finding.

An analysis never draws, logs, or knows Lightning or Weights & Biases. What it must sum over ranks it holds in a
:class:`torchmetrics.Metric`. Its memory is bounded by units × top-k, units × concepts or a stated reservoir, never by
images × units × positions.
"""

from __future__ import annotations

import difflib
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa
from torch import nn

from rivalry.data.dataset import ImageDataset
from rivalry.recording.directions import MARK, Directions
from rivalry.recording.observation import Listening, Observation
from rivalry.records import JSON, Picture, check_record_name

NEEDS = frozenset({"labels", "masks"})
"""What an analysis may need of the samples."""


@dataclass(frozen=True)
class Finding:
    """The content of a record, before the recording adds name, epoch, step and the settings common to all.

    Attributes:
        scalars: Single numbers by name.
        tables: Tables by name.
        images: Pictures by name, ``uint8`` (height, width, 3).
        settings: All that is the analysis' own and needed to repeat it.
    """

    scalars: dict[str, float] = field(default_factory=dict)
    tables: dict[str, pa.Table] = field(default_factory=dict)
    images: dict[str, Picture] = field(default_factory=dict)
    settings: dict[str, JSON] = field(default_factory=dict)


class Analysis(ABC):
    """Something that listens to one pass. The same object serves many passes, one after the other.

    Attributes:
        name: Folder of its record.
        taps: Layers to hear, dotted names or globs.
        needs: What samples must carry, of ``NEEDS``; a missing one is an error before anything runs.
        follows: Whether it goes on from its record of the epoch before (see :attr:`Listening.previous`).
        offers: Whether it offers directions of its layers, which other analyses hear as layers of their own (see
            :mod:`rivalry.recording.directions`); it starts before them.
        hears_directions: Whether it can hear such layers: it treats all layers by what they give alone.
    """

    name: str
    taps: tuple[str, ...]
    needs: frozenset[str] = frozenset()
    follows: bool = False
    offers: bool = False
    hears_directions: bool = False

    def check(self, network: nn.Module, dataset: ImageDataset) -> None:  # noqa: B027 (most have nothing to refuse)
        """Refuse what cannot be analysed, before anything runs; and settle ``taps`` that depend on the network.

        Raises:
            ValueError: Naming what was given, what was wanted, and the nearest valid choice.
        """

    @abstractmethod
    def start(self, listening: Listening) -> None:
        """Begin a pass with new, empty state on ``listening.device``."""

    @abstractmethod
    def observe(self, observation: Observation) -> None:
        """Take in one batch. Every rank calls this once at least, perhaps with an empty batch."""

    def directions(self) -> Mapping[str, Directions]:
        """What it :attr:`offers`, by layer; asked for after :meth:`start`."""
        return {}

    @abstractmethod
    def conclude(self, network: nn.Module) -> Finding:
        """Say what was found, the same on every rank. A collective: all ranks must call it."""


def check_analyses(analyses: Sequence[Analysis], network: nn.Module, dataset: ImageDataset) -> None:
    """Refuse analyses that cannot listen together to a network's pass over a probe set.

    Raises:
        ValueError: For none, two of one name, a name that no record can have, one that needs what the samples do not
            carry, directions for one that cannot hear them, or whatever one refuses.
    """
    if not analyses:
        raise ValueError("a recording needs at least one analysis, got none")
    twice = [name for name, count in Counter(one.name for one in analyses).items() if count > 1]
    if twice:
        raise ValueError(f"analyses need names of their own, got {', '.join(map(repr, twice))} more than once")
    carried = {"labels": bool(dataset.classes), "masks": bool(dataset.concepts)}
    for one in analyses:
        check_record_name(one.name)
        unknown = one.needs - NEEDS
        if unknown:
            near = difflib.get_close_matches(min(unknown), NEEDS, n=1) or sorted(NEEDS)
            raise ValueError(
                f"analysis {one.name!r} needs {min(unknown)!r}, which no sample carries; known is {near[0]!r}"
            )
        missing = sorted(need for need in one.needs if not carried[need])
        if missing:
            raise ValueError(
                f"analysis {one.name!r} needs {' and '.join(missing)}, which samples of {type(dataset).__name__} lack"
            )
        directed = [tap for tap in one.taps if MARK in tap]
        if directed and not one.hears_directions:
            raise ValueError(
                f"analysis {one.name!r} hears layers of the network, not directions of one: {directed[0]!r}"
            )
        one.check(network, dataset)
