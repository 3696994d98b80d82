"""An optimisation that was stopped goes on, and ends bit by bit where it would have; what decides it counts."""

from __future__ import annotations

from dataclasses import fields, replace
from functools import partial
from pathlib import Path

import pytest
import torch
from torch import nn

from rivalry.cache import cache_folder
from rivalry.lwta.layer import Mode, evaluating
from rivalry.prototypes.images import Fourier, Statistics
from rivalry.prototypes.objectives.ground import COLOURS, Ground, GroundStatistics, Natural
from rivalry.prototypes.objectives.targets import Target
from rivalry.prototypes.optimisation import Kept, Optimised, Recipe, group, optimise
from rivalry.prototypes.optimisation.rates import searched_rates
from rivalry.prototypes.views import Affine
from rivalry.recording.live import Live
from tests.prototypes.optimisation.small import Rivals

TARGETS = [Target("class", 0, "plain"), Target("class", 1, "bright"), Target("class", 1, "bright")]
RECIPE = Recipe(Fourier(), (Affine("m"),), steps=12, rate=0.1, patience=5)


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RIVALRY_CACHE", str(tmp_path))


def files() -> list[Path]:
    return sorted(cache_folder("prototypes").iterdir())


def run(
    network: nn.Module,
    kept: Kept | None,
    *,
    stop: int | None = None,
    recipe: Recipe = RECIPE,
    mode: Mode = "argmax",
    ground: Ground | None = None,
) -> tuple[Optimised, int]:
    """What comes of it, and how many steps were made."""
    layers = () if ground is None or recipe.natural is None else ground.heard(recipe.natural)
    canvas = recipe.parametrisation.canvas((3, 16, 16), Statistics.plain(3, 16, 16))
    steps = 0

    def told(_done: int, _total: int) -> None:
        nonlocal steps
        steps += 1
        if steps == stop:
            raise KeyboardInterrupt

    with evaluating(network, mode, seed=0), Live(network, layers) as live:
        return optimise(live, TARGETS, canvas, recipe, ground=ground, at_once=2, kept=kept, on_step=told), steps


def some_ground(network: nn.Module) -> Ground:
    """Of noise pictures."""
    pictures = torch.rand(9, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    statistics = GroundStatistics({"norm": 1, "again": 1}, torch.device("cpu"))
    with Live(network, ["norm", "again"], logits=False) as live:
        statistics.update(live(255 * pictures).outputs, pictures)
    scales = {target.text: (0.0, 0.5) for target in TARGETS}
    return Ground(statistics.compute(), {COLOURS: 1, "norm": 1, "again": 1}, scales)


def same(one: Optimised, other: Optimised) -> bool:
    pairs = [(getattr(one, part.name), getattr(other, part.name)) for part in fields(Optimised)]
    return all(torch.allclose(a, b, rtol=0, atol=0, equal_nan=True) for a, b in pairs)


@pytest.mark.parametrize("mode", ["argmax", "sample"])
@pytest.mark.parametrize("rate", [0.1, None])
def test_it_goes_on_bit_by_bit(mode: Mode, rate: float | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group, "searched_rates", partial(searched_rates, candidates=(0.05, 0.1), steps=3))
    recipe = replace(RECIPE, rate=rate)
    wanted, steps = run(Rivals(), None, recipe=recipe, mode=mode)
    for stop in (7, 17):  # in the first group, and in the second
        with pytest.raises(KeyboardInterrupt):
            run(Rivals(), Kept(every=3), stop=stop, recipe=recipe, mode=mode)
    kept = Kept(every=3)
    found, later = run(Rivals(), kept, recipe=recipe, mode=mode)
    assert same(found, wanted)
    assert later < steps - 12
    assert len(files()) == 2
    kept.forget()
    assert not files()


@pytest.mark.parametrize("mode", ["mean", "sample"])
def test_on_natural_ground_it_goes_on_bit_by_bit(mode: Mode) -> None:
    recipe = replace(RECIPE, natural=Natural(path=0.5, colours=0.1), optimiser="nadam")
    ground = some_ground(Rivals())
    wanted, _ = run(Rivals(), None, recipe=recipe, mode=mode, ground=ground)
    with pytest.raises(KeyboardInterrupt):
        run(Rivals(), Kept(every=3), stop=8, recipe=recipe, mode=mode, ground=ground)
    found, steps = run(Rivals(), Kept(every=3), recipe=recipe, mode=mode, ground=ground)
    assert same(found, wanted)
    assert 0 < steps < 24 - 3
    other = replace(ground, scales=dict.fromkeys(ground.scales, (0.0, 0.7)))
    assert run(Rivals(), Kept(every=3), recipe=recipe, mode=mode, ground=other)[1] > steps  # begins anew


def test_what_is_whole_is_not_done_again() -> None:
    first, _ = run(Rivals(), Kept())
    again, steps = run(Rivals(), Kept())
    assert same(first, again)
    assert steps == 0


def test_another_network_or_recipe_begins_anew() -> None:
    run(Rivals(), Kept())
    other = Rivals()
    with torch.no_grad():
        other.head.bias += 1
    assert run(other, Kept())[1] > 0
    assert run(Rivals(), Kept(), recipe=replace(RECIPE, rate=0.2))[1] > 0
    assert run(Rivals(), Kept(), mode="mean")[1] > 0
    assert len(files()) == 8


def test_a_file_that_is_not_whole_is_dropped() -> None:
    wanted, steps = run(Rivals(), Kept())
    for file in files():
        file.write_bytes(file.read_bytes()[:100])
    again, later = run(Rivals(), Kept())
    assert same(again, wanted)
    assert later == steps


def test_without_a_place_nothing_is_written() -> None:
    run(Rivals(), None)
    assert not files()


def test_a_state_is_kept_every_step_at_most() -> None:
    with pytest.raises(ValueError, match="every=0"):
        Kept(every=0)
