"""One pass for all, checked before it begins; a record says how it was made."""

import pytest
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from rivalry.numerics.fingerprint import state_fingerprint
from rivalry.recording import Recording, sweep
from rivalry.recording.analysis import Analysis
from tests.recording.tiny import Listener, Tiles, TinyNetwork, hooks_of, tiles_loader


def test_all_analyses_hear_one_pass() -> None:
    network, passes = TinyNetwork(), []
    network.conv.register_forward_hook(lambda *_: passes.append(1))
    one, two = Listener("compete", name="one"), Listener("act", "rivals", name="two")
    records = sweep(network, tiles_loader(7, batch_size=3), [one, two], epoch=4, step=9, progress=False)
    assert len(passes) == 3
    assert [(r.name, r.epoch, r.step, r.scalars["samples"]) for r in records] == [
        ("one", 4, 9, 7.0),
        ("two", 4, 9, 7.0),
    ]
    assert set(one.seen[0].activations) == set(one.seen[0].winners) == {"compete"}
    assert set(two.seen[0].activations) == {"rivals", "act"}
    assert set(two.seen[0].winners) == {"rivals"}
    assert torch.cat([seen.index for seen in one.seen]).tolist() == list(range(7))
    assert one.listening.competitors == {"compete": 2}
    assert two.listening.dims == {"rivals": -1}


def test_what_several_analyses_need_of_a_batch_is_made_once() -> None:
    one, two, made = Listener(name="one"), Listener(name="two"), []
    sweep(TinyNetwork(), tiles_loader(7, batch_size=4), [one, two], progress=False)
    for seen in (*one.seen, *two.seen):
        assert seen.once("sum", lambda batch=seen: made.append(batch) or len(made)) == (
            1 if len(seen.index) == 4 else 2
        )
    assert len(made) == 2


def test_a_record_says_how_it_was_made() -> None:
    network = TinyNetwork()
    (record,) = sweep(network, tiles_loader(), [Listener("*pete")], mode="sample", seed=5, progress=False)
    assert record.settings == {
        "network": "TinyNetwork",
        "weights": state_fingerprint(network),
        "layers": ["compete"],
        "competitors": {"compete": 2},
        "sharpness": {"compete": 1.0},
        "dataset": "tiles-7-0",
        "samples": 7,
        "mode": "sample",
        "seed": 5,
    }


def winners_of(mode: str, seed: int) -> torch.Tensor:
    listener = Listener("compete")
    sweep(TinyNetwork(), tiles_loader(), [listener], mode=mode, seed=seed, progress=False)
    return torch.cat([seen.winners["compete"] for seen in listener.seen])


def test_draws_repeat_with_their_seed_whatever_the_global_state() -> None:
    torch.manual_seed(1)
    first = winners_of("sample", seed=0)
    torch.manual_seed(2)
    assert torch.equal(first, winners_of("sample", seed=0))
    assert not torch.equal(first, winners_of("sample", seed=1))
    assert torch.equal(winners_of("argmax", seed=0), winners_of("argmax", seed=1))


def test_negative_winners_are_told_by_index_not_by_the_largest_output() -> None:
    """Fault 1: where the winner is negative, the argmax of the stored output names a silent loser."""
    network = TinyNetwork()
    with torch.no_grad():
        network.norm.bias.fill_(-3.0)  # nearly every winner is negative
    listener = Listener("compete")
    sweep(network, tiles_loader(), [listener], progress=False)
    output, winners = listener.seen[0].activations["compete"], listener.seen[0].winners["compete"]
    blocks = output.unflatten(1, (4, 2))
    won = blocks.gather(2, winners.unsqueeze(2)).squeeze(2)
    assert (won < 0).float().mean() > 0.5
    assert torch.equal(won, blocks.sum(2))  # all that is not zero is the winner's
    assert (blocks.argmax(2) != winners)[won < 0].all()  # what the output alone would have said


def test_a_custom_forward_feeds_the_network() -> None:
    network, listener = TinyNetwork(), Listener("compete")

    def centred(one: nn.Module, images: Tensor) -> Tensor:
        return one(images.float() - 100)

    sweep(network, tiles_loader(), [listener], forward=centred, progress=False)
    other = Listener("compete")
    sweep(network, tiles_loader(), [other], progress=False)
    assert not torch.equal(listener.seen[0].logits, other.seen[0].logits)


def test_a_progress_bar_changes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    (record,) = sweep(TinyNetwork(), tiles_loader(), [Listener()], progress=True)
    assert record.scalars == {"samples": 7.0}


@pytest.mark.parametrize(
    ("analyses", "message"),
    [
        ([], "at least one analysis"),
        ([Listener(), Listener("act")], "names of their own, got 'listener'"),
        ([Listener(name="a/b")], "'a/b' cannot be the name of a file: .*; 'a_b' would do"),
        ([Listener("compets")], "'compets'; close are compete"),
        ([Listener(needs=frozenset({"masks"}))], "needs masks, which samples of Tiles lack"),
        ([Listener(needs=frozenset({"mask"}))], "needs 'mask', which no sample carries; known is 'masks'"),
    ],
)
def test_what_is_wrong_is_said_before_the_first_batch(analyses: list[Analysis], message: str) -> None:
    network = TinyNetwork()
    with pytest.raises(ValueError, match=message):
        Recording(network, analyses, Tiles())
    assert hooks_of(network) == 0


def test_masks_reach_those_who_need_them() -> None:
    listener = Listener(needs=frozenset({"masks", "labels"}))
    sweep(TinyNetwork(), tiles_loader(masks=True), [listener], progress=False)
    assert listener.seen[0].masks.shape == (3, 5, 8, 8)
    assert listener.seen[0].labels.tolist() == [0, 1, 0]


def test_hooks_are_off_when_observing_fails() -> None:
    network = TinyNetwork()
    batch = next(iter(tiles_loader()))
    with Recording(network, [Listener()], Tiles()) as recording:
        network(batch["image"] / 255)
        recording.observe(batch)
        with pytest.raises(ValueError, match="no layer was heard at all"):
            recording.observe(batch)
        assert hooks_of(network) == 0


def test_a_second_pass_begins_anew() -> None:
    network, listener = TinyNetwork(), Listener()
    recording = Recording(network, [listener], Tiles())
    for epoch in range(2):
        with recording:
            for batch in tiles_loader():
                recording.observe(batch, network(batch["image"] / 255))
            (record,) = recording.conclude(epoch=epoch, step=0)
        assert record.scalars == {"samples": 7.0}


def test_samples_shown_twice_are_noticed() -> None:
    network, batch = TinyNetwork(), next(iter(tiles_loader(4, batch_size=4)))
    with Recording(network, [Listener()], Tiles(4)) as recording:
        recording.observe(batch, network(batch["image"] / 255))
        network(batch["image"] / 255)
        with pytest.raises(ValueError, match="was shown 8 samples of a probe set of 4: some came more than once"):
            recording.observe(batch)


def test_an_empty_pass_is_an_error() -> None:
    with (
        Recording(TinyNetwork(), [Listener()], Tiles()) as recording,
        pytest.raises(ValueError, match="nothing was obs"),
    ):
        recording.conclude(epoch=0, step=0)


def test_a_loader_of_something_else_is_refused() -> None:
    with pytest.raises(ValueError, match="needs a loader of an ImageDataset, got one of TensorDataset"):
        sweep(TinyNetwork(), DataLoader(TensorDataset(torch.zeros(2))), [Listener()])
