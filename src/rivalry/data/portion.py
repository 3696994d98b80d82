"""Part of a data set: some of its classes, or some of its samples, chosen by a seed.

For a trial on fewer pictures or classes, to learn from few samples of each, or to hold some out where there is no
split.
"""

import hashlib
from collections.abc import Sequence
from fnmatch import fnmatchcase
from functools import cached_property

import numpy as np
import numpy.typing as npt
import torch

from rivalry.data.dataset import ImageDataset, Sample
from rivalry.numerics.nearest import nearest


class Portion(ImageDataset):
    """Some samples of a data set, drawn once and kept in the order of the whole.

    Of two portions of the same data set, classes, share and seed, one of them with ``rest``, each has what the other
    has not.

    >>> from rivalry.data import PictureBook
    >>> few = Portion(PictureBook(40, cache=False), limit=4)
    >>> len(few), few[3]["index"]
    (4, 3)

    Args:
        whole: The data set to draw from.
        classes: Names or patterns (``"*terrier"``) of the classes to take; labels are numbered anew, in the order of
            the whole. All classes without it.
        limit: Number of samples to draw; all where there are fewer.
        share: Share of the samples to draw instead, in (0, 1).
        by_class: Draw from every class by itself: ``limit`` samples of each, or the ``share`` of each.
        rest: Take those that the draw left over.
        seed: Decides the draw.

    Raises:
        ValueError: If a name or pattern fits no class, not exactly one of ``limit`` and ``share`` is given (where there
            are ``classes``, neither may be), one is out of range, or nothing is left.
    """

    def __init__(
        self,
        whole: ImageDataset,
        *,
        classes: Sequence[str] | None = None,
        limit: int | None = None,
        share: float | None = None,
        by_class: bool = False,
        rest: bool = False,
        seed: int = 0,
    ) -> None:
        self.whole, self.concepts = whole, whole.concepts
        taken = range(len(whole.classes)) if classes is None else _find(classes, whole.classes)
        self.classes = tuple(whole.classes[number] for number in taken)
        self._renumbered = {old: new for new, old in enumerate(taken)}
        order = torch.randperm(len(whole), generator=torch.Generator().manual_seed(seed)).numpy()
        if classes is not None:
            order = order[np.isin(whole.labels[order], taken)]
        if classes is None or limit is not None or share is not None or by_class or rest:
            groups = [order[whole.labels[order] == number] for number in taken] if by_class else [order]
            drawn = [_count(len(group), limit, share) for group in groups]
            parts = zip(groups, drawn, strict=True)
            order = np.concatenate([group[count:] if rest else group[:count] for group, count in parts])
        self.positions: list[int] = np.sort(order).tolist()
        if not self.positions:
            raise ValueError(f"nothing is left of {len(whole)} samples: {classes=}, {limit=}, {share=}, {rest=}")

    @cached_property
    def fingerprint(self) -> str:
        """Hex digest of the whole's fingerprint, of the positions drawn, and of the classes where they are fewer."""
        fewer = f" {self.classes}" if self.classes != self.whole.classes else ""
        return hashlib.blake2b(f"{self.whole.fingerprint} {self.positions}{fewer}".encode(), digest_size=16).hexdigest()

    @property
    def labels(self) -> npt.NDArray[np.int64]:
        """The labels of the samples, numbered anew."""
        return np.array([self._renumbered[old] for old in self.whole.labels[self.positions].tolist()], dtype=np.int64)

    def prepare(self) -> None:
        """Prepare the whole."""
        self.whole.prepare()

    def __len__(self) -> int:
        return len(self.positions)

    def __getitem__(self, index: int) -> Sample:
        if not 0 <= index < len(self):
            raise IndexError(f"the portion has samples 0 to {len(self) - 1}; asked for {index}")
        sample = self.whole[self.positions[index]]
        return {**sample, "label": self._renumbered[sample["label"]], "index": index}


def _find(patterns: Sequence[str], classes: Sequence[str]) -> list[int]:
    """The places of the classes that have one of these names, or fit one of these patterns."""
    found: set[int] = set()
    for pattern in patterns:
        fitting = [number for number, name in enumerate(classes) if name == pattern or fnmatchcase(name, pattern)]
        if not fitting:
            raise ValueError(f"{pattern!r} is none of the {len(classes)} classes; nearest: {nearest(pattern, classes)}")
        found.update(fitting)
    if not found:
        raise ValueError("classes names the classes to take, at least one; given none")
    return sorted(found)


def _count(whole: int, limit: int | None, share: float | None) -> int:
    if limit is not None and share is None and limit > 0:
        return min(limit, whole)
    if share is not None and limit is None and 0 < share < 1:
        return round(share * whole)
    raise ValueError(f"give either a limit of at least 1 or a share between 0 and 1; given {limit=} and {share=}")
