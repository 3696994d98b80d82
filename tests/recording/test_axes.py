"""Whose word counts on where a layer's units lie: its own, the user's, then what is found."""

import pytest
import torch
from jsonargparse import ArgumentParser
from torch import Tensor, nn

from rivalry.recording import Activity, sweep
from rivalry.recording.axes import check_axes
from rivalry.records import Record
from tests.recording.tiny import TinyNetwork, tiles_loader


class Cubes(nn.Module):
    """Pictures of 8 px become 8 × 8 × 8; of no layer's neighbours can it be told which axis is which."""

    def __init__(self) -> None:
        super().__init__()
        self.act = nn.ReLU()
        self.pool = nn.AvgPool2d(2)

    def forward(self, images: Tensor) -> Tensor:
        cubes = torch.cat([images, images, images[:, :2]], dim=1)
        return self.pool(self.act(cubes)).mean((2, 3))


def units_of(layers: list[str] | dict[str, int | None], network: nn.Module | None = None) -> dict[str, int]:
    record: Record
    (record,) = sweep(network or Cubes(), tiles_loader(), [Activity(layers)], progress=False)
    axes = record.settings["unit_axes"]
    assert isinstance(axes, dict)
    return axes  # type: ignore[return-value]


def test_what_cannot_be_told_is_an_error_that_names_the_way_out() -> None:
    message = r"act gives shape \(3, 8, 8, 8\).*neither the shape nor the layers beside it.*layers: \{'act': -1\}"
    with pytest.raises(RuntimeError, match=message) as error:
        units_of(["act"])
    assert isinstance(error.value.__cause__, ValueError)


@pytest.mark.parametrize(
    ("layers", "axes"),
    [
        ({"act": -1, "pool": None}, {"act": 3, "pool": 1}),
        ({"act": 1, "pool": None}, {"act": 1, "pool": 1}),
        ({"*": 2}, {"act": 2, "pool": 2}),
        ({"a*": 1, "*": -1}, {"act": 1, "pool": 3}),
    ],
)
def test_the_user_may_say(layers: dict[str, int | None], axes: dict[str, int]) -> None:
    assert units_of(layers) == axes


def test_a_layer_that_competes_knows_better() -> None:
    assert units_of({"compete": 3, "rivals": None}, TinyNetwork()) == {"compete": 1, "rivals": 1}


def test_an_axis_that_the_layer_lacks_is_refused() -> None:
    with pytest.raises(RuntimeError, match=r"act gives shape \(3, 6\), which has no axis 2"):
        units_of({"act": 2}, TinyNetwork())
    with pytest.raises(ValueError, match="axis 1, 2, 3 or -1; 'act' was given 0"):
        check_axes({"act": 0})


def test_the_command_line_takes_both_forms() -> None:
    parser = ArgumentParser(exit_on_error=False)
    parser.add_class_arguments(Activity, "activity")
    for layers, taps in (('["act"]', ("act",)), ('{"a*": -1, "pool": null}', ("a*", "pool"))):
        given = parser.parse_args([f"--activity.layers={layers}"])
        assert parser.instantiate_classes(given).activity.taps == taps
