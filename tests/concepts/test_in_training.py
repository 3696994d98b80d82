"""A training with a study of its classes after every epoch is the training without."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from rivalry.concepts import ConceptExtraction
from rivalry.concepts.extraction import KMeans
from rivalry.concepts.importance import SobolTotal
from rivalry.records import Record, find_records
from tests.training.small_run import classifier, listening, pictures, trainer


def trained(folder: Path, *analyses: ConceptExtraction) -> tuple[dict[str, Tensor], Tensor]:
    """The weights after two epochs, and the state of the random numbers."""
    network = classifier()
    callbacks = [listening(folder, *analyses)] if analyses else []
    torch.manual_seed(3)
    trainer(folder, callbacks=callbacks).fit(network, pictures())
    return network.state_dict(), torch.get_rng_state()


def test_a_training_with_a_study_ends_in_the_same_bits_as_one_without(tmp_path: Path) -> None:
    read = ConceptExtraction(["layer4.0.act2"], concepts=1, compared=[KMeans()])
    within = ConceptExtraction(["layer3.0.act1"], concepts=1, importances=[SobolTotal(designs=2)], name="within")
    alone, state = trained(tmp_path / "alone")
    heard, after = trained(tmp_path / "heard", read, within)
    assert alone.keys() == heard.keys()
    assert all(torch.equal(alone[name], heard[name]) for name in alone)
    assert torch.equal(state, after)
    records = [Record.load(folder) for folder in find_records(tmp_path / "heard" / "records")]
    assert [(one.epoch, one.name) for one in records] == [
        (epoch, name) for epoch in (0, 1) for name in ("concepts", "within")
    ]
    assert all(one.scalars["classes"] >= 1 for one in records)
