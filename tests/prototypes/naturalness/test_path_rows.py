"""The path of a target's prototypes, through layers of which every number is known."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa
import pytest
import torch
from scipy import stats
from torch import Tensor

from rivalry.prototypes.naturalness.path_rows import NATURALNESS, PathMeasure, Row, measure_path
from rivalry.recording.observation import Shown

LAYERS = ("pixels", "rectified", "dead")
QUICK = PathMeasure(resamples=50)


class Network:
    """Shows pictures to three layers: the pixels from 0 to 1, those above a half, and one that gives nothing."""

    def __init__(self) -> None:
        self.batches: list[int] = []

    def __call__(self, images: Tensor) -> Shown:
        self.batches.append(len(images))
        pixels = images.float() / 255
        given = {"pixels": pixels, "rectified": (pixels - 0.5).relu().flatten(1), "dead": torch.zeros(len(images), 4)}
        return Shown(torch.zeros(len(images), 2), given, {})


def pictures(count: int, pattern: int, seed: int) -> Tensor:
    """Noise over one pattern, uint8: what bears the same pattern is alike."""
    drawn = torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(pattern))
    noise = torch.rand(count, 3, 16, 16, generator=torch.Generator().manual_seed(seed))
    return (127 * drawn + 128 * noise).to(torch.uint8)


def measured(**changes: object) -> list[Row]:
    given: dict[str, object] = {
        "prototypes": {"prototype": pictures(2, 0, 9) / 255, "fourier": pictures(1, 1, 8) / 255},
        "own": pictures(12, 0, 1).split(5),
        "others": pictures(10, 2, 2).split(4),
        "layers": LAYERS,
        "measure": QUICK,
    }
    return measure_path(Network(), "class:0", **{**given, **changes})  # type: ignore[arg-type]


def by_layer(rows: list[Row], method: str, copy: int = 0) -> Mapping[str, Row]:
    return {row["layer"]: row for row in rows if (row["method"], row["copy"]) == (method, copy)}


def test_there_is_a_row_of_every_method_copy_and_layer() -> None:
    rows = measured()
    keys = [(row["method"], row["copy"], row["layer"], row["depth"]) for row in rows]
    made = [("prototype", 0), ("prototype", 1), ("fourier", 0)]
    assert keys == [(*one, layer, depth) for one in made for depth, layer in enumerate(LAYERS)]
    assert all(list(row) == NATURALNESS.names or set(row) == set(NATURALNESS.names) for row in rows)
    assert pa.Table.from_pylist(rows, NATURALNESS).num_rows == 9
    assert {(row["pictures"], row["others"]) for row in rows} == {(12, 10)}
    assert [row["places"] for row in rows[:3]] == [768, 768, 4]


def test_similarities_are_means_over_pictures() -> None:
    row = by_layer(measured(), "prototype", 1)["pixels"]
    prototype = (pictures(2, 0, 9)[1] / 255).flatten().double()
    own, others = ((pictures(*one).flatten(1) / 255).double() for one in ((12, 0, 1), (10, 2, 2)))

    def spearman(first: Tensor, second: Tensor) -> float:
        return float(stats.spearmanr(first.numpy(), second.numpy()).statistic)

    def apart(first: Tensor, second: Tensor) -> float:
        return float((first - second).abs().mean() / second.abs().mean())

    def cosine(first: Tensor, second: Tensor) -> float:
        return float(torch.cosine_similarity(first, second, dim=0))

    for name, like in (("spearman", spearman), ("cosine", cosine), ("relative_l1", apart)):
        to_own = [like(prototype, one) for one in own]
        same = [like(one, other) for place, one in enumerate(own) for at, other in enumerate(own) if place != at]
        other = [like(one, picture) for one in others for picture in own]
        expected = (sum(pairs) / len(pairs) for pairs in (to_own, same, other))
        found = row[name], row[f"same_{name}"], row[f"other_{name}"]
        assert found == pytest.approx(tuple(expected), rel=1e-5)
        assert row[f"averaged_{name}"] == pytest.approx(like(prototype, own.mean(0).float().double()), rel=1e-5)
    normalised = (row["spearman"] - row["other_spearman"]) / (row["same_spearman"] - row["other_spearman"])
    assert row["normalised"] == pytest.approx(normalised)
    assert row["low"] < row["normalised"] < row["high"]


def test_what_is_made_as_the_class_is_natural_and_what_is_not_is_not() -> None:
    rows = measured()
    for layer in ("pixels", "rectified"):
        for key in ("normalised", "normalised_cosine"):
            assert by_layer(rows, "prototype")[layer][key] == pytest.approx(1, abs=0.25)
            assert by_layer(rows, "fourier")[layer][key] == pytest.approx(0, abs=0.25)
        ours = by_layer(rows, "prototype")[layer]
        assert ours["averaged_spearman"] > ours["spearman"], "a mean is more like everything than its parts are"


def test_a_layer_that_gives_nothing_has_no_scale() -> None:
    dead = by_layer(measured(), "prototype")["dead"]
    assert [dead[name] for name in ("spearman", "cosine")] == [0, 0]
    unknown = ("relative_l1", "averaged_relative_l1", "same_relative_l1", "normalised", "low", "normalised_cosine")
    assert [dead[name] for name in unknown] == [None] * 6


def test_batches_and_company_do_not_matter() -> None:
    rows = measured()
    assert_alike(measured(own=[pictures(12, 0, 1)], others=pictures(10, 2, 2).split(1)), rows)
    assert_alike(measured(prototypes={"prototype": pictures(2, 0, 9) / 255}), rows[:6])


def assert_alike(first: list[Row], second: list[Row]) -> None:
    """Equal but for the last digits: products of batches of other sizes are rounded otherwise."""
    assert len(first) == len(second)
    for one, other in zip(first, second, strict=True):
        assert one.keys() == other.keys()
        for name, value in one.items():
            expected = pytest.approx(value, rel=1e-6, abs=1e-9, nan_ok=True) if isinstance(value, float) else value
            assert other[name] == expected, name


def test_every_picture_is_shown_once() -> None:
    network = Network()
    own = (batch for batch in pictures(12, 0, 1).split(5))
    made = {"prototype": pictures(1, 0, 9) / 255}
    measure_path(network, "class:0", made, own, [pictures(3, 2, 2), pictures(0, 2, 2)], LAYERS, QUICK)
    assert network.batches == [5, 5, 2, 3, 1]


def test_wide_layers_are_measured_at_some_places() -> None:
    whole, some = (measured(measure=PathMeasure(places, 50)) for places in (4096, 24))
    assert [row["places"] for row in some[:3]] == [24, 24, 4]
    assert some[0]["spearman"] == pytest.approx(whole[0]["spearman"], abs=0.25)
    assert some[0]["spearman"] != whole[0]["spearman"]


@pytest.mark.parametrize("changes", [{"own": [pictures(1, 0, 1)]}, {"others": []}])
def test_without_pictures_to_compare_there_is_no_curve(changes: dict[str, object]) -> None:
    row = measured(**changes)[0]
    assert row["spearman"] is not None
    assert [row[name] for name in ("normalised", "low", "high", "normalised_cosine")] == [None] * 4


def test_what_cannot_be_measured_is_refused() -> None:
    with pytest.raises(ValueError, match=r"naturalness of 'class:0' .* got none"):
        measured(own=[])
    with pytest.raises(ValueError, match="lacks blue"):
        measured(layers=("pixels", "blue"))
    with pytest.raises(ValueError, match="prototypes through layers"):
        measured(prototypes={})
