"""The upper reference of judged labels: the network's own classes, whose units have their names by training.

Where the classes are concepts of the masks, every logit is a unit with a natural label, the name of its class, and is
judged as the labels of other units are. No word that CLIP finds for a hidden unit can be expected to be truer.
"""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from rivalry.data.dataset import ImageDataset
from rivalry.dissection.judge import Verdict, judge_labels, normalised
from rivalry.dissection.truth import TruthStream
from rivalry.dissection.unit_table import JUDGED, agreement_scalars, judged_row


class NaturalLabels:
    """Judges the logits by the names of their classes, where these are concepts of the data set.

    Args:
        dataset: Where the images are.
        device: Where observations lie.
    """

    def __init__(self, dataset: ImageDataset, device: torch.device) -> None:
        self._concepts = dataset.concepts
        known = {normalised(concept.name) for concept in dataset.concepts}
        self.classes: Sequence[str] = dataset.classes if known & set(map(normalised, dataset.classes)) else ()
        count = len(self.classes)
        self._stream = TruthStream(count, len(self._concepts), len(dataset), device=device) if count else None
        self._heard = False

    def add(
        self,
        logits: Float[Tensor, "batch _"] | None,
        shown: Bool[Tensor, "batch concepts"] | None,
        index: Int[Tensor, " batch"],
    ) -> None:
        """Take in a batch; nothing where there are no masks, or other outputs than the classes' logits."""
        if self._stream is None or logits is None or shown is None or logits.shape[1] != len(self.classes):
            return
        self._stream.add(logits, shown, index)
        self._heard = True

    def judge(self) -> Verdict | None:
        """Judge the classes' names. A collective."""
        if self._stream is None or not self._heard:
            return None
        return judge_labels(self._stream.compute(), self.classes, self._concepts)

    def table(self, verdict: Verdict) -> pa.Table:
        """One row a class, with the columns by which labels are judged."""
        fields = {"class": pa.string(), **JUDGED}
        rows = [
            {"class": name, **judged_row(judgement)}
            for name, judgement in zip(self.classes, verdict.judgements, strict=True)
        ]
        return pa.Table.from_pylist(rows, schema=pa.schema(list(fields.items())))

    @staticmethod
    def scalars(verdict: Verdict) -> dict[str, float]:
        """``natural_confirmed``, ``natural_pearson``, ``natural_auprc``, ``natural_iou``."""
        found = agreement_scalars(verdict.judgements)
        return {f"natural_{name.removeprefix('label_')}": value for name, value in found.items()}
