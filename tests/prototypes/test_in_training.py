"""A training with prototypes after every epoch is the training without; later ones start from the earlier."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from rivalry.prototypes import Examples, Prototypes
from rivalry.records import Record, find_records
from tests.training.small_run import classifier, listening, pictures, trainer


def trained(folder: Path, *analyses: Prototypes) -> tuple[dict[str, Tensor], Tensor]:
    """The weights after two epochs, and the state of the random numbers."""
    network = classifier()
    callbacks = [listening(folder, *analyses)] if analyses else []
    torch.manual_seed(3)
    trainer(folder, callbacks=callbacks).fit(network, pictures())
    return network.state_dict(), torch.get_rng_state()


def test_a_training_with_prototypes_ends_in_the_same_bits_as_one_without(tmp_path: Path) -> None:
    study = Prototypes(
        ["class:0", "class:1"], steps=4, warm_steps=2, layers=["layer1", "layer4"], examples=Examples(own=2, others=2)
    )
    alone, state = trained(tmp_path / "alone")
    heard, after = trained(tmp_path / "heard", study)
    assert all(torch.equal(alone[name], heard[name]) for name in alone)
    assert torch.equal(state, after)
    first, second = (Record.load(folder) for folder in find_records(tmp_path / "heard" / "records"))
    assert set(first.tables["prototypes"]["steps"].to_pylist()) == {4}
    assert set(second.tables["prototypes"]["steps"].to_pylist()) == {2}
    assert set(second.tables["prototypes"]["start"].to_pylist()) == {"earlier"}
    assert second.settings["started_from"] == 0
