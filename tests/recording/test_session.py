"""What an analysis may do in a recording beside listening: refuse, show pictures of its own, follow its last record."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from rivalry.data.dataset import ImageDataset
from rivalry.recording.analysis import Finding
from rivalry.recording.observation import Observation, Shown
from rivalry.recording.session import Recording
from rivalry.recording.sweep import sweep
from rivalry.records import Record
from tests.recording.tiny import Listener, Tiles, TinyNetwork, hooks_of, tiles_loader


class Darkener(Listener):
    """Shows every batch again, darkened, and once more at the end of the pass."""

    def start(self, listening: object) -> None:
        super().start(listening)
        self.shown: list[Shown] = []

    def observe(self, observation: Observation) -> None:
        super().observe(observation)
        if len(observation.index):
            self.shown.append(self.listening.show(observation.images // 2))

    def conclude(self, network: nn.Module) -> Finding:
        self.last = self.listening.show(torch.stack([self.listening.dataset[0]["image"] // 2]))
        return super().conclude(network)


def test_pictures_of_an_analysis_own_are_heard_as_the_pass_itself() -> None:
    network, darkener, other = TinyNetwork(), Darkener("compete", "act"), Listener("rivals", name="other")
    sweep(network, tiles_loader(), [darkener, other], progress=False)
    first = darkener.shown[0]
    with torch.no_grad():
        expected = network.eval()(torch.stack([Tiles()[index]["image"] // 2 for index in range(3)]).float() / 255)
    torch.testing.assert_close(first.logits, expected)
    assert set(first.activations) == {"compete", "act"}
    assert set(first.winners) == {"compete"}
    assert not torch.equal(first.activations["compete"], darkener.seen[0].activations["compete"])
    torch.testing.assert_close(darkener.last.activations["act"], first.activations["act"][:1])
    assert hooks_of(network) == 0


@pytest.mark.parametrize("mode", ["argmax", "sample"])
def test_what_one_analysis_shows_changes_nothing_for_the_others(mode: str) -> None:
    network = TinyNetwork()
    alone, beside = Listener("rivals", name="other"), Listener("rivals", name="other")
    sweep(network, tiles_loader(), [alone], mode=mode, seed=3, progress=False)
    sweep(network, tiles_loader(), [Darkener("compete"), beside], mode=mode, seed=3, progress=False)
    for one, two in zip(alone.seen, beside.seen, strict=True):
        assert torch.equal(one.activations["rivals"], two.activations["rivals"])
        assert torch.equal(one.winners["rivals"], two.winners["rivals"])


def test_what_is_shown_passes_as_the_driver_has_it() -> None:
    def doubled(network: nn.Module, images: Tensor) -> Tensor:
        return 2 * network(images.float())

    darkener = Darkener("compete")
    sweep(network := TinyNetwork().eval(), tiles_loader(), [darkener], forward=doubled, progress=False)
    pictures = darkener.seen[0].images // 2
    with torch.no_grad():
        torch.testing.assert_close(darkener.listening.forward(network, pictures), darkener.shown[0].logits)


class Choosy(Listener):
    """Taps what the network has, and wants classes."""

    def check(self, network: nn.Module, dataset: ImageDataset) -> None:
        if "bright" not in dataset.classes:
            raise ValueError("wanted a class 'bright'")
        self.taps = tuple(name for name, one in network.named_modules() if isinstance(one, nn.ReLU))


def test_an_analysis_settles_its_taps_and_refuses_before_anything_runs() -> None:
    choosy = Choosy("nothing of this name")
    sweep(TinyNetwork(), tiles_loader(), [choosy], progress=False)
    assert set(choosy.seen[0].activations) == {"act"}
    tiles = Tiles()
    tiles.classes = ("plain", "dark")
    with pytest.raises(ValueError, match="wanted a class 'bright'"):
        Recording(TinyNetwork(), [choosy], tiles)


@pytest.mark.parametrize("follows", [True, False])
def test_only_an_analysis_that_follows_is_given_its_last_record(follows: bool) -> None:
    listener, last = Listener(), Record("listener", 2, 10, scalars={"samples": 7.0})
    listener.follows = follows
    sweep(TinyNetwork(), tiles_loader(), [listener], previous={"listener": last}, progress=False)
    assert listener.listening.previous is (last if follows else None)
