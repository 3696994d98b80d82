"""The turns of a training, and pictures changed by turn."""

import torch

from rivalry.data import ImageDataset, Sample
from rivalry.data.augmentation import Recipe
from rivalry.data.turns import ChangedPictures, Turn, TurnSampler


class Shades(ImageDataset):
    """Pictures whose pixels are their index."""

    classes, fingerprint = ("one",), "shades"

    def __len__(self) -> int:
        return 11

    def __getitem__(self, index: int) -> Sample:
        return {"image": torch.full((3, 2, 2), index, dtype=torch.uint8), "label": 0, "index": index}


def turns(*, rank: int = 0, world: int = 1, seed: int = 0, repeats: int = 1, epoch: int = 0) -> list[Turn]:
    sampler = TurnSampler(Shades(), rank=rank, world=world, seed=seed, repeats=repeats)
    sampler.set_epoch(epoch)
    drawn = list(sampler)
    assert len(sampler) == len(drawn)
    return drawn


def test_an_epoch_shows_every_picture_once_in_an_order_by_seed_and_epoch() -> None:
    first = turns()
    assert sorted(turn.index for turn in first) == list(range(11))
    assert {(turn.epoch, turn.repeat) for turn in first} == {(0, 0)}
    orders = [[turn.index for turn in drawn] for drawn in (first, turns(epoch=1), turns(seed=5))]
    assert orders[0] == [turn.index for turn in turns()]
    assert orders[0] != orders[1] != orders[2] != orders[0]
    assert {turn.epoch for turn in turns(epoch=3)} == {3}


def test_ranks_share_an_epoch_without_padding() -> None:
    shares = [turns(rank=rank, world=3) for rank in range(3)]
    assert [len(share) for share in shares] == [3, 3, 3]
    assert len({turn.index for share in shares for turn in share}) == 9


def test_repeats_go_round_the_ranks() -> None:
    shares = [turns(rank=rank, world=3, repeats=3) for rank in range(3)]
    order = [turn.index for turn in turns()]
    for rank, share in enumerate(shares):
        assert [turn.index for turn in share] == order[:3]
        assert {turn.repeat for turn in share} == {rank}


def test_a_picture_is_changed_by_its_turn_and_a_plain_index_is_its_first() -> None:
    recipe = Recipe([lambda image: image + int(torch.randint(100, ()))])
    changed = ChangedPictures(Shades(), recipe, seed=0, repeats=2)
    states = [Turn(3), Turn(3, epoch=1), Turn(3, repeat=1), Turn(4, repeat=1)]
    shades = [int(changed[turn]["image"][0, 0, 0]) - turn.index for turn in states]
    assert len(set(shades)) == 4
    assert torch.equal(changed[3]["image"], changed[Turn(3)]["image"])
    assert [changed[turn]["repeat"] for turn in states] == [0, 0, 1, 1]
    assert "repeat" not in ChangedPictures(Shades(), recipe, seed=0, repeats=1)[3]
    assert ChangedPictures(Shades(), None, seed=0, repeats=1)[3]["image"][0, 0, 0] == 3
