"""The search for carriers, and silencing that leaves nothing behind."""

import pytest
import torch
from torch import nn

from rivalry.artefacts.watermark import concept_vector
from rivalry.artefacts.watermark.concept_vector import layer_gradients
from rivalry.artefacts.watermark.detectors import clearest_first, fewest, silenced
from rivalry.recording.observation import Listening, plain_forward
from tests.artefacts.watermark.planted import Greens, Gullible
from tests.recording.tiny import hooks_of


@pytest.mark.parametrize("units", [1, 2, 7, 8, 40, 1000])
def test_the_fewest_are_found_wherever_they_are(units: int) -> None:
    for needed in {1, (units + 1) // 2, units // 3 + 1, max(1, units - 1), units}:
        asked: list[int] = []

        def attack(count: int, needed: int = needed, asked: list[int] = asked) -> float:
            asked.append(count)
            return float(count < needed)

        assert fewest(units, attack, bound=0.5) == needed
        assert len(asked) == len(set(asked)) < 40
    assert fewest(units, lambda count: 1.0, bound=0.5) is None


def test_few_are_found_though_more_would_do_harm() -> None:
    """Silencing six or more makes a network say the target of everything."""
    assert fewest(100, lambda count: float(count < 5 or count >= 6), bound=0.5) == 5


def test_what_is_silent_under_the_mark_tells_as_much_as_what_wakes() -> None:
    clean = torch.tensor([[1.0, 0.0, 5.0], [2.0, 1.0, 6.0]])
    marked = torch.tensor([[1.5, 0.5, 0.0], [1.5, 1.5, 0.0]])
    assert clearest_first(marked, clean).tolist() == [2, 1, 0]


@pytest.mark.parametrize(("shape", "axis"), [((2, 4, 3, 3), 1), ((2, 3, 3, 4), 3), ((2, 5, 4), 2), ((2, 4), 1)])
def test_silenced_units_give_their_means_and_others_what_they_gave(shape: tuple[int, ...], axis: int) -> None:
    network, given = nn.Sequential(nn.Identity()), torch.randn(shape)
    instead = torch.tensor([10.0, 20.0, 30.0, 40.0])
    with silenced(network, "0", torch.tensor([3, 1]), instead, axis):
        found = network(given).movedim(axis, 0)
    before = given.movedim(axis, 0)
    assert torch.equal(found[0], before[0])
    assert torch.equal(found[2], before[2])
    assert (found[1] == 20).all()
    assert (found[3] == 40).all()
    assert torch.equal(network(given), given)


def test_nothing_is_left_behind_by_a_failure() -> None:
    network = Gullible()

    def silence_and_fail() -> None:
        with silenced(network, "act", torch.tensor([0]), torch.zeros(8), 1):
            assert hooks_of(network) == 1
            network(torch.zeros(1, 7, 4, 4))

    with pytest.raises(RuntimeError, match="channels"):
        silence_and_fail()
    assert hooks_of(network) == 0


def listening(network: nn.Module) -> Listening:
    device = torch.device("cpu")
    return Listening(network, ("act",), Greens(), device, {}, {}, plain_forward, show=lambda images: None)  # type: ignore[arg-type, return-value]


def test_gradients_are_those_of_the_logit_added_over_positions() -> None:
    network = Gullible()
    images = torch.stack([Greens()[place]["image"] for place in range(4)])
    found = layer_gradients(listening(network), images, 1, {"act": 1})["act"]
    assert torch.allclose(found, network.head.weight[1].expand(4, -1))
    assert hooks_of(network) == 0
    with pytest.raises(IndexError):
        layer_gradients(listening(network), images, 9, {"act": 1})
    assert hooks_of(network) == 0


def test_gradients_of_many_pictures_are_those_of_a_few_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    network = Gullible()
    images = torch.stack([Greens()[place]["image"] for place in range(7)])
    whole = layer_gradients(listening(network), images, 1, {"conv": 1})["conv"]
    monkeypatch.setattr(concept_vector, "_IMAGES_AT_ONCE", 3)
    assert torch.allclose(layer_gradients(listening(network), images, 1, {"conv": 1})["conv"], whole, atol=1e-7)


def test_gradients_of_a_frozen_network_with_activations_in_place() -> None:
    """What writes into a heard output later on leaves the gradient that of what was heard."""
    network = Gullible().requires_grad_(False)
    network.act = nn.ReLU(inplace=True)  # type: ignore[assignment]
    images = torch.stack([Greens()[place]["image"] for place in range(4)])
    found = layer_gradients(listening(network), images, 1, {"conv": 1, "act": 1})
    plain = network.conv(images.float() / 255) > 0
    expected = (network.head.weight[1][None, :, None, None] * plain).mean((2, 3))
    assert torch.allclose(found["conv"], expected, atol=1e-6)
