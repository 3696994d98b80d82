"""Insight into prototypes: all that is asked of them once they are made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc
from torch import nn

from rivalry.clip.towers import check_clip
from rivalry.data.dataset import ImageDataset
from rivalry.data.vocabulary import Vocabulary
from rivalry.data.watermark import Watermark
from rivalry.prototypes.insight.agreement import agreement_rows, read_concepts
from rivalry.prototypes.insight.counter_images import counter_image_rows
from rivalry.prototypes.insight.given import Known, Made
from rivalry.prototypes.insight.marks import mark_rows
from rivalry.prototypes.insight.names import name_rows
from rivalry.prototypes.insight.schemas import SCHEMAS, Row
from rivalry.recording.taps import resolve_taps
from rivalry.records import JSON


@dataclass(frozen=True)
class Found:
    """What was found.

    Attributes:
        tables: Of those that were asked for, by the schemas of :mod:`rivalry.prototypes.insight.schemas`.
        scalars: What they come to.
    """

    tables: Mapping[str, pa.Table] = field(default_factory=dict)
    scalars: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Insight:
    """What is to be asked of prototypes.

    Attributes:
        clip: A CLIP, as for :func:`rivalry.clip.towers.load_clip`, that names prototypes, and looks for the mark.
        vocabulary: The words for it, or the name or file of them; names are given where there are both.
        watermark: A mark that prototypes of classes are searched for, and that is pasted on pictures.
        concepts: Folder of a record of :class:`rivalry.concepts.ConceptExtraction`, whose concepts of a class its
            prototype is compared along.
        pictures: Natural pictures that each question is asked of, at most.
        counter_images: Whether what prototypes suggest is pasted on pictures of other classes.

    Raises:
        ValueError: For fewer than two pictures, a CLIP that is not known or a vocabulary without one, or a record
            that holds no concepts.
    """

    clip: str | None = None
    vocabulary: Vocabulary | str | None = None
    watermark: Watermark | None = None
    concepts: str | None = None
    pictures: int = 200
    counter_images: bool = True

    def __post_init__(self) -> None:
        if self.pictures < 2:
            raise ValueError(f"an insight asks 2 pictures at least, got pictures={self.pictures}")
        if self.vocabulary is not None and self.clip is None:
            raise ValueError("words are chosen by a CLIP: a vocabulary was given, and no clip")
        if self.clip is not None:
            check_clip(self.clip)
        self._words()
        if self.concepts is not None:
            read_concepts(self.concepts)

    @property
    def layers(self) -> tuple[str, ...]:
        """Layers that must be among those of :attr:`Known.show`: those of the concepts."""
        return tuple(dict.fromkeys(one.layer for one in read_concepts(self.concepts))) if self.concepts else ()

    @property
    def settings(self) -> dict[str, JSON]:
        """All that is needed to repeat it."""
        words = self._words()
        return {
            "clip": self.clip,
            "vocabulary": None if words is None else words.fingerprint,
            "watermark": None if self.watermark is None else self.watermark.fingerprint,
            "concepts": self.concepts,
            "insight_pictures": self.pictures,
            "counter_images": self.counter_images,
        }

    def check(self, network: nn.Module, dataset: ImageDataset) -> None:
        """Refuse what cannot be asked, before anything runs.

        Raises:
            ValueError: For a mark that does not fit on the pictures or has no null, or a record of another network.
        """
        if self.watermark is not None:
            self.watermark.check(*dataset[0]["image"].shape[1:])
            self.watermark.null()
        if self.layers:
            resolve_taps(network, self.layers)

    def look(self, made: Made, known: Known) -> Found:
        """Ask everything of all prototypes. A collective: every rank calls it, and finds the same."""
        rows: dict[str, Sequence[Row]] = {}
        words = self._words()
        if self.clip is not None and words is not None:
            rows["names"] = name_rows(made, known, self.clip, words, self.pictures)
        if self.concepts is not None:
            rows["agreement"] = agreement_rows(made, known, read_concepts(self.concepts), self.pictures)
        if self.watermark is not None:
            rows["marks"] = mark_rows(made, known, self.watermark, self.clip, self.pictures)
        if self.counter_images:
            rows["counter_images"] = counter_image_rows(made, known, self.watermark, self.pictures)
        tables = {name: pa.Table.from_pylist(list(of), SCHEMAS[name]) for name, of in rows.items()}
        return Found(tables, _scalars(tables))

    def _words(self) -> Vocabulary | None:
        return Vocabulary.load(self.vocabulary) if isinstance(self.vocabulary, str) else self.vocabulary


def _scalars(tables: Mapping[str, pa.Table]) -> dict[str, float]:
    """Means over classes of what the tables say; only what they do say."""
    found = {
        f"agreement_{name}": pc.mean(tables["agreement"][name]).as_py()
        for name in ("spearman", "same_spearman", "other_spearman")
        if "agreement" in tables
    }
    if "marks" in tables:
        found["marks_shown"] = pc.sum(pc.cast(tables["marks"]["shows_mark"], pa.int64())).as_py()
    if "counter_images" in tables:
        for pasted in ("prototype", "mark"):
            own = tables["counter_images"].filter(pc.field("pasted") == pasted)
            found[f"{pasted}_flips"] = pc.mean(own["flips"]).as_py()
            found[f"{pasted}_flips_above"] = pc.mean(own["flips_above"]).as_py()
    return {name: float(value) for name, value in found.items() if value is not None}
