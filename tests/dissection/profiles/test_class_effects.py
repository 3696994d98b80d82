"""Raised and lowered classes; of the analysis as a whole see test_unit_profiles."""

import pytest
import torch
from torch import nn

from rivalry.dissection.profiles import class_effects as module
from rivalry.dissection.profiles.class_effects import class_effects
from rivalry.dissection.profiles.layer_profile import LayerProfile, ProfileStream
from rivalry.recording.pooling import Pooled


def heard(values: torch.Tensor, logits: torch.Tensor) -> LayerProfile:
    stream = ProfileStream(
        values.shape[1], 2, 100, pictures=len(values), classes=logits.shape[1], device=torch.device("cpu")
    )
    stream.add(Pooled(values, (values > 0).float()), logits, torch.arange(len(values)))
    return stream.summarise()


def test_a_mirrored_class_is_lowered_as_much_as_another_is_raised() -> None:
    values = torch.rand(20, 3, generator=torch.Generator().manual_seed(0))
    logits = torch.stack([values[:, 0], -values[:, 0], torch.ones(20)], 1)
    found = class_effects(nn.Identity(), heard(values, logits), 2)
    assert found.by == "correlation"
    assert found.raised.classes[0, 0] == 0
    assert found.raised.effects[0].tolist() == pytest.approx([1.0, 0.0])
    assert found.lowered.classes[0, 0] == 1
    assert found.lowered.effects[0].tolist() == pytest.approx([-1.0, 0.0])


def test_of_equal_effects_the_first_class_comes_first() -> None:
    values = torch.rand(9, 2, generator=torch.Generator().manual_seed(0))
    logits = values[:, :1].repeat(1, 4)
    assert class_effects(nn.Identity(), heard(values, logits), 3).raised.classes[0].tolist() == [0, 1, 2]


def test_some_units_at_a_time_are_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    values, logits = torch.rand(30, 7), torch.rand(30, 5)
    profile = heard(values, logits)
    whole = class_effects(nn.Identity(), profile, 3)
    monkeypatch.setattr(module, "_AT_ONCE", 5)
    parts = class_effects(nn.Identity(), profile, 3)
    for ours, theirs in ((whole.raised, parts.raised), (whole.lowered, parts.lowered)):
        assert torch.equal(ours.classes, theirs.classes)
        assert torch.allclose(ours.effects, theirs.effects, atol=1e-6)


def test_a_classifier_that_reads_something_else_has_no_weights_for_the_units() -> None:
    network = nn.Linear(3, 2)
    values = torch.rand(20, 3)
    with torch.no_grad():
        assert class_effects(network, heard(values, network(values)), 2).by == "weight"
        assert class_effects(network, heard(values, network(values.square())), 2).by == "correlation"
