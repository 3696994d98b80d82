"""What the competition does, against a plain count over everything that was heard."""

import pytest
import timm
import torch
from torch import nn

from rivalry.lens.drawable import shows_activity
from rivalry.recording import Activity, sweep
from tests.recording.tiny import Listener, TinyNetwork, tiles_loader


def test_against_a_plain_count() -> None:
    network, listener = TinyNetwork(), Listener("compete", "act")
    record, _ = sweep(network, tiles_loader(), [Activity(["compete", "act"]), listener], progress=False)
    maps = torch.cat([seen.activations["compete"] for seen in listener.seen])
    relu = torch.cat([seen.activations["act"] for seen in listener.seen])
    units = record.tables["units"].to_pylist()
    assert [(row["layer"], row["unit"]) for row in units] == [("compete", u) for u in range(8)] + [
        ("act", u) for u in range(6)
    ]
    expected = [*(maps != 0).float().mean((0, 2, 3)).tolist(), *(relu > 0).float().mean(0).tolist()]
    assert [row["win_rate"] for row in units] == pytest.approx(expected, abs=1e-6)
    assert [row["dead"] for row in units] == [rate == 0 for rate in expected]
    layers = {row["layer"]: row for row in record.tables["layers"].to_pylist()}
    assert layers["compete"]["active_fraction"] == 0.5
    assert layers["compete"]["competitors"] == 2
    assert layers["compete"]["negative_share"] == pytest.approx(((maps < 0).sum() / (maps != 0).sum()).item())
    assert layers["act"]["competitors"] == 1
    assert layers["act"]["negative_share"] == 0.0
    assert layers["act"]["winner_entropy"] is None
    assert record.scalars["active_fraction"] == pytest.approx((0.5 + (relu > 0).float().mean().item()) / 2)
    assert record.scalars["dead_units"] == sum(rate == 0 for rate in expected)
    assert 0 < record.scalars["winner_entropy"] <= 1


def test_channels_last_maps_are_counted_along_their_channels() -> None:
    network = nn.Sequential(nn.Upsample(64), timm.create_model("test_convnext", num_classes=2))
    layer = "1.stages.1.blocks.0.mlp.act"
    listener = Listener(layer)
    record, _ = sweep(network, tiles_loader(), [Activity([layer]), listener], progress=False)
    maps = torch.cat([seen.activations[layer] for seen in listener.seen])
    expected = (maps > 0).float().mean((0, 1, 2)).tolist()
    assert len(expected) == 128
    assert [row["win_rate"] for row in record.tables["units"].to_pylist()] == pytest.approx(expected, abs=1e-6)
    assert record.settings["unit_axes"] == {layer: 3}


def test_its_record_can_be_drawn() -> None:
    for layers in (["compete", "act"], ["act"], ["rivals"]):
        (record,) = sweep(TinyNetwork(), tiles_loader(), [Activity(layers)], progress=False)
        assert shows_activity(record)
