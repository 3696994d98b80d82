"""Directions of a layer are heard as a layer of their own, whoever offers them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from rivalry.recording import Activity
from rivalry.recording.analysis import Finding
from rivalry.recording.directions import Directions, directions_in, part, read_directions
from rivalry.recording.observation import Listening
from rivalry.recording.session import Recording
from rivalry.recording.sweep import sweep
from rivalry.records import Record
from tests.recording.tiny import Listener, Tiles, TinyNetwork, hooks_of, tiles_loader


class Offerer(Listener):
    """Offers two directions of a layer of eight units, and shows a picture before it does."""

    offers = True

    def start(self, listening: Listening) -> None:
        super().start(listening)
        shown = listening.show(listening.dataset[0]["image"][None])
        assert shown.activations["compete"].shape[1] == 8
        self.offered = {"compete": some_directions()}

    def directions(self) -> Mapping[str, Directions]:
        return self.offered

    def conclude(self, network: nn.Module) -> Finding:
        return Finding(tables={"directions": some_directions().rows("compete")})


class Hearer(Listener):
    hears_directions = True


def some_directions() -> Directions:
    return Directions(torch.linspace(-1, 1, 16).reshape(8, 2), torch.tensor([0.5, -0.5]))


def test_directions_are_affine_maps_of_a_layers_outputs() -> None:
    directions, maps = some_directions(), torch.randn(2, 8, 3, 4, generator=torch.Generator().manual_seed(0))
    made = directions.of(maps)
    assert made.shape == (2, 2, 3, 4)
    torch.testing.assert_close(made[1, :, 2, 3], maps[1, :, 2, 3] @ directions.weights - directions.bias)


@pytest.mark.parametrize("order", [1, -1])
def test_other_analyses_hear_what_one_offers_in_the_same_pass(order: int) -> None:
    network, hearer = TinyNetwork(), Hearer("compete@basis", "act", "compete")
    sweep(network, tiles_loader(), [Offerer("compete", name="basis"), hearer][::order], progress=False)
    assert hearer.listening.layers == ("compete", "compete@basis", "act")
    assert set(hearer.listening.competitors) == {"compete"}
    told = hearer.listening.directions
    assert list(told) == ["compete@basis"]
    assert torch.equal(told["compete@basis"].weights, some_directions().weights)
    for seen in hearer.seen:
        expected = some_directions().of(seen.activations["compete"])
        torch.testing.assert_close(seen.activations["compete@basis"], expected)
        assert set(seen.winners) == {"compete"}
    shown = hearer.listening.show(hearer.listening.dataset[1]["image"][None])
    torch.testing.assert_close(shown.activations["compete@basis"], some_directions().of(shown.activations["compete"]))
    assert hooks_of(network) == 0


def test_a_direction_wins_where_it_is_above_zero() -> None:
    activity = Activity(["compete@basis"])
    hearer = Hearer("compete@basis")
    records = sweep(TinyNetwork(), tiles_loader(), [Offerer("compete", name="basis"), activity, hearer], progress=False)
    units = records[1].tables["units"]
    assert units["layer"].to_pylist() == ["compete@basis"] * 2
    positive = torch.cat([seen.activations["compete@basis"] for seen in hearer.seen]) > 0
    assert units["win_rate"].to_pylist() == pytest.approx(positive.float().mean((0, 2, 3)).tolist())


def test_directions_of_a_record_and_of_a_file_are_heard_alike(tmp_path: Path) -> None:
    table = {"directions": some_directions().rows("compete")}
    folder = Record("basis", 3, 7, tables=table).save(tmp_path)
    file = tmp_path / "mine.safetensors"
    save_file({"weights": some_directions().weights.contiguous(), "bias": some_directions().bias}, file)
    hearer = Hearer(f"compete@{folder}", f"compete@{file}")
    sweep(TinyNetwork(), tiles_loader(), [hearer], progress=False)
    first, second = hearer.seen[0].activations.values()
    assert first.shape[1] == 2
    assert torch.equal(first, second)


def test_directions_come_back_from_a_table() -> None:
    one, other = some_directions(), Directions(torch.eye(3), torch.zeros(3), axis=2)
    back = directions_in(pa.concat_tables([one.rows("a"), other.rows("b")]))
    assert torch.equal(back["a"].weights, one.weights)
    assert torch.equal(back["a"].bias, one.bias)
    assert (back["a"].axis, back["b"].axis) == (None, 2)
    assert torch.equal(back["b"].weights, torch.eye(3))


@pytest.mark.parametrize(
    ("tap", "said"),
    [
        ("compete@bases", r"'bases' is neither an analysis that offers directions.*nearest of the analyses: basis"),
        ("act@basis", r"analysis 'basis' offers no directions of 'act'; nearest: compete"),
        ("competes@basis", r"no layer of TinyNetwork is called 'competes'; close are compete"),
    ],
)
def test_directions_that_nobody_offers_are_refused_before_the_pass(tap: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Recording(TinyNetwork(), [Offerer("compete", name="basis"), Hearer(tap)], Tiles())


def test_an_analysis_that_needs_the_network_itself_hears_no_directions() -> None:
    with pytest.raises(ValueError, match=r"'listener' hears layers of the network, not directions.*'compete@basis'"):
        Recording(TinyNetwork(), [Offerer("compete", name="basis"), Listener("compete@basis")], Tiles())


def test_files_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    file, other = tmp_path / "mine.safetensors", tmp_path / "other.safetensors"
    save_file({"weights": torch.ones(5, 2)}, file)
    with pytest.raises(ValueError, match="directions are of 5 units, and the layer has 8"):
        Recording(TinyNetwork(), [Hearer(f"compete@{file}")], Tiles())
    save_file({"weight": torch.ones(5, 2)}, other)
    with pytest.raises(ValueError, match=r"must hold `weights` of shape \(channels, directions\); it holds none"):
        read_directions("compete", str(other))
    save_file({"weights": torch.ones(5, 2), "bias": torch.ones(3)}, other)
    with pytest.raises(ValueError, match=r"2 directions and a `bias` of shape \(3,\)"):
        read_directions("compete", str(other))
    save_file({"weights": torch.full((8, 2), torch.nan)}, other)
    with pytest.raises(ValueError, match="must be finite, and some are NaN"):
        read_directions("compete", str(other))
    other.write_bytes(b"no tensors")
    with pytest.raises(ValueError, match="is no safetensors file"):
        read_directions("compete", str(other))
    with pytest.raises(ValueError, match="holds no directions"):
        read_directions("compete", str(Record("activity", 0, 0).save(tmp_path)))
    folder = Record("basis", 0, 0, tables={"directions": some_directions().rows("conv")}).save(tmp_path)
    with pytest.raises(ValueError, match="no directions of 'compete'; nearest: conv"):
        read_directions("compete", str(folder))


def test_a_layer_without_places_has_no_directions(tmp_path: Path) -> None:
    file = tmp_path / "mine.safetensors"
    save_file({"weights": torch.ones(5, 2)}, file)
    with pytest.raises(ValueError, match=r"directions of layer 'head' want places: .*tap a layer that still has"):
        Recording(TinyNetwork(), [Hearer(f"head@{file}")], Tiles())


def test_half_precision_moves_no_threshold() -> None:
    maps = torch.randn(2, 8, 3, 4, generator=torch.Generator().manual_seed(0)).bfloat16()
    assert torch.equal(some_directions().of(maps), some_directions().of(maps.float()))


def test_a_name_is_parted_at_the_first_mark() -> None:
    assert part("layer3@runs/a@b/basis") == ("layer3", "runs/a@b/basis")
