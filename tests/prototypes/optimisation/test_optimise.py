"""Many images in one batch are what each would be alone, and a plain loop gives the same; nothing stays behind."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import timm
import torch
from torch import Tensor, nn

from rivalry.lwta.layer import evaluating
from rivalry.numerics.fingerprint import state_fingerprint
from rivalry.prototypes.images import MACO, Fourier, Pixels, Statistics
from rivalry.prototypes.objectives.ground import Ground, Natural
from rivalry.prototypes.objectives.penalties import Penalties
from rivalry.prototypes.objectives.targets import Target
from rivalry.prototypes.objectives.values import Readout
from rivalry.prototypes.optimisation import Recipe, image_ids, optimise
from rivalry.prototypes.optimisation.groups import groups_of
from rivalry.prototypes.views import Affine, Chance, Crops, Noise, seen_through
from rivalry.recording.directions import Directions
from rivalry.recording.layer_maps import LayerMaps
from rivalry.recording.live import Live
from tests.prototypes.optimisation.small import BLUE, GREEN, RED, SIZE, MeanColour, Rivals, apart, made, pixels
from tests.recording.tiny import hooks_of

CLASS = Target("class", 1, "bright")
UNIT = Target("unit", 5, "compete:5", "compete")
DIRECTION = Target("direction", 1, "conv@basis:1", "conv@basis")
RECIPE = Recipe(Fourier(), (Affine("m"), Noise(0.05)), Penalties(high_frequency=0.5, l2=0.1), steps=6, rate=0.1)


def readout(network: nn.Module) -> Readout:
    image = torch.zeros(3, 16, 16, dtype=torch.uint8)
    maps = LayerMaps.settled(network, ["conv", "compete"], {}, image)
    directions = Directions(torch.randn(8, 3, generator=torch.Generator().manual_seed(0)), torch.ones(3))
    return Readout(maps, {"conv@basis": directions})


def tiny(targets: list[Target], recipe: Recipe = RECIPE, **more: Any) -> Any:
    with torch.inference_mode(False):
        network = Rivals()
        canvas = recipe.parametrisation.canvas((3, 16, 16), Statistics.plain(3, 16, 16))
    with Live(network, ["conv", "compete"]) as live:
        return optimise(live, targets, canvas, recipe, readout=readout(network), **more)


@pytest.mark.parametrize(
    "recipe",
    [
        RECIPE,
        replace(RECIPE, parametrisation=MACO(), views=(Crops(), Noise(0.1)), rate=1.0, optimiser="nadam"),
        replace(RECIPE, parametrisation=Pixels(), baseline=3),
    ],
)
def test_a_batch_is_what_each_is_alone(recipe: Recipe) -> None:
    targets = [CLASS, UNIT, DIRECTION]
    batch = tiny(targets, recipe)
    for row, target in enumerate(targets):
        alone = tiny([target], recipe)
        torch.testing.assert_close(batch.images[row], alone.images[0], rtol=1e-3, atol=1e-4)
        torch.testing.assert_close(batch.alpha[row], alone.alpha[0], rtol=1e-3, atol=1e-5)
        torch.testing.assert_close(batch.history[row], alone.history[0], rtol=1e-3, atol=1e-4)


def test_the_size_of_groups_does_not_matter() -> None:
    targets = [CLASS, UNIT, CLASS, DIRECTION, UNIT]
    whole = tiny(targets, at_once=9)
    for at_once in (1, 2, 3):
        torch.testing.assert_close(tiny(targets, at_once=at_once).images, whole.images, rtol=1e-3, atol=1e-4)


def test_a_plain_loop_gives_the_same() -> None:
    """One image, PyTorch's Adam, and the loss as the sheet writes it."""
    found = tiny([CLASS])
    network = Rivals().eval().requires_grad_(False)
    canvas = RECIPE.parametrisation.canvas((3, 16, 16), Statistics.plain(3, 16, 16))
    ids = image_ids([CLASS])
    parameters = canvas.start(Chance(0, ids, 0)).requires_grad_()
    adam, history, alpha = torch.optim.Adam([parameters], lr=0.1), [], torch.zeros(16, 16)
    for step in range(1, 7):
        image = canvas.images(parameters)
        image.retain_grad()
        value = network(seen_through(RECIPE.views, image, Chance(0, ids, step)))[0, 1]
        alpha += torch.autograd.grad(value, image, retain_graph=True)[0].abs().sum(1)[0]
        rough = (image.diff(dim=2).abs().mean() + image.diff(dim=3).abs().mean()) * 0.5
        adam.zero_grad()
        (-value + rough + 0.1 * (image - 0.5).square().mean()).backward()
        adam.step()
        history.append(float(value.detach()))
    torch.testing.assert_close(found.images, canvas.images(parameters).detach(), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(found.alpha[0], alpha, rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(found.history[0], torch.tensor(history), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(found.values[0], network(canvas.images(parameters))[0, 1].detach(), rtol=1e-4, atol=1e-5)


def test_values_rise() -> None:
    found = tiny([CLASS, UNIT, DIRECTION], replace(RECIPE, views=(), steps=40))
    assert bool((found.values > found.history[:, 0] + 0.05).all())


def test_copies_differ_and_the_first_does_not_depend_on_the_second() -> None:
    both, one = tiny([UNIT, UNIT]), tiny([UNIT])
    assert not torch.allclose(both.images[0], both.images[1], atol=1e-3)
    torch.testing.assert_close(both.images[0], one.images[0], rtol=1e-3, atol=1e-4)


def test_another_seed_gives_another_image_and_the_same_the_same() -> None:
    one, same, other = tiny([UNIT], seed=1), tiny([UNIT], seed=1), tiny([UNIT], seed=2)
    assert torch.equal(one.images, same.images)
    assert not torch.allclose(one.images, other.images, atol=1e-3)


def test_ids_tell_targets_and_copies_apart() -> None:
    ids = image_ids([CLASS, UNIT, CLASS])
    assert len(set(ids.tolist())) == 3
    assert torch.equal(image_ids([UNIT, CLASS, CLASS])[[1, 0, 2]], ids)
    assert int(ids.min()) >= 0


def test_it_starts_from_what_is_given() -> None:
    start = torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(0)).clamp(0.1, 0.9)
    found = tiny([CLASS, UNIT], replace(RECIPE, steps=1, rate=1e-9, baseline=9), start=start)
    torch.testing.assert_close(found.images, start, rtol=1e-4, atol=1e-4)


def test_warm_steps_go_on_rising() -> None:
    recipe = replace(RECIPE, views=(), steps=20)
    first = tiny([CLASS, UNIT], recipe)
    second = tiny([CLASS, UNIT], replace(recipe, steps=5), start=first.images)
    assert bool((second.values > first.values).all())


@pytest.mark.parametrize("channels", [1, 5])
def test_images_may_have_any_number_of_channels(channels: int) -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(channels, 2, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    shape = (channels, 9, 12)
    canvas = RECIPE.parametrisation.canvas(shape, Statistics.plain(*shape))
    with Live(network, forward=lambda network, images: network(images / 255)) as live:
        found = optimise(live, [RED, GREEN], canvas, RECIPE)
    assert found.images.shape == (2, *shape)
    assert found.alpha.shape == (2, 9, 12)


@pytest.mark.parametrize("stopped", [None, RuntimeError("broken"), KeyboardInterrupt()])
def test_nothing_stays_behind(stopped: BaseException | None) -> None:
    network = Rivals().train()
    network.norm.eval()
    canvas = Fourier().canvas((3, 16, 16), Statistics.plain(3, 16, 16))

    def state() -> tuple[object, ...]:
        flags = [(one.training, getattr(one, "generator", None)) for one in network.modules()]
        asking = [weight.requires_grad for weight in network.parameters()]
        drawn = (random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist())
        return state_fingerprint(network), hooks_of(network), flags, asking, drawn

    def stop(done: int, total: int) -> None:
        if stopped is not None and done > 4:
            raise stopped

    before = state()
    try:
        with evaluating(network, "sample"), Live(network, ["conv", "compete"]) as live:
            optimise(live, [CLASS, UNIT], canvas, RECIPE, readout=readout(network), on_step=stop)
    except (RuntimeError, KeyboardInterrupt) as error:
        assert error is stopped  # noqa: PT017 (KeyboardInterrupt must not leave pytest.raises either)
    assert state() == before
    assert all(weight.grad is None for weight in network.parameters())


@pytest.mark.parametrize("switched_off", [torch.no_grad, torch.inference_mode])
def test_it_runs_whatever_is_switched_off_around(switched_off: Callable[[], Any]) -> None:
    wanted = tiny([UNIT, DIRECTION])
    with switched_off():
        assert torch.equal(tiny([UNIT, DIRECTION]).images, wanted.images)


def test_draws_are_averaged() -> None:
    network = Rivals()
    canvas = Pixels().canvas((3, 16, 16), Statistics.plain(3, 16, 16))
    recipe = Recipe(Pixels(), (), steps=1, rate=1e-9)
    with evaluating(network, "sample"), Live(network) as live:
        spread = [
            torch.stack(
                [optimise(live, [CLASS], canvas, recipe, seed=seed, draws=draws).values for seed in range(8)]
            ).std()
            for draws in (1, 20)
        ]
    assert float(spread[1]) < 0.5 * float(spread[0])


def test_steps_are_told() -> None:
    told: list[tuple[int, int]] = []
    made(MeanColour(), [RED, GREEN, BLUE], pixels(steps=4), at_once=2, on_step=lambda *step: told.append(step))
    assert told == [(done, 12) for done in (2, 4, 6, 8, 9, 10, 11, 12)]


def test_where_memory_ends_groups_are_halved(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted, shown = tiny([CLASS, UNIT, DIRECTION, CLASS, UNIT]), []
    whole = Live.__call__

    def scarce(live: Live, images: Tensor) -> Any:
        if len(images) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        shown.append(len(images))
        return whole(live, images)

    monkeypatch.setattr(Live, "__call__", scarce)
    found = tiny([CLASS, UNIT, DIRECTION, CLASS, UNIT], at_once=5)
    assert max(shown) == 2
    torch.testing.assert_close(found.images, wanted.images, rtol=1e-3, atol=1e-4)


def test_other_errors_are_not_mistaken_for_want_of_memory() -> None:
    def broken(_done: int, _total: int) -> None:
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        tiny([CLASS, UNIT], on_step=broken)


def test_copies_that_are_pushed_apart_stay_together() -> None:
    targets = [RED, GREEN, RED, BLUE, RED]
    whole = made(MeanColour(), targets, apart(), at_once=9)
    one = made(MeanColour(), targets, apart(), at_once=1)
    torch.testing.assert_close(one.images, whole.images, rtol=1e-4, atol=1e-5)
    assert groups_of(dict(enumerate([0, 1, 0, 2, 0])), 1, together=True) == [[0, 2, 4], [1], [3]]


def test_a_network_of_another_size_is_refused() -> None:
    network = timm.create_model("deit_tiny_patch16_224", num_classes=3, depth=1)
    canvas = Fourier().canvas((3, 32, 32), Statistics.plain(3, 32, 32))
    with (
        Live(network) as live,
        pytest.raises(ValueError, match=r"VisionTransformer cannot be run on images of shape \(3, 32, 32\): .*224"),
    ):
        optimise(live, [RED], canvas, RECIPE)


@pytest.mark.parametrize(
    ("targets", "more", "said"),
    [
        ([], {}, "none was given"),
        ([RED], {"seed": -1}, "a seed is 0 or more.*seed=-1"),
        ([RED], {"draws": 0}, "draws=0"),
        ([RED], {"at_once": 0}, "at_once=0"),
        ([RED], {"ids": torch.arange(2)}, r"an id for each of 1 images, got \(2,\)"),
        ([RED], {"start": torch.zeros(2, 3, SIZE, SIZE)}, r"of shape \(1, 3, 6, 6\), got \(2, 3, 6, 6\)"),
    ],
)
def test_what_cannot_be_optimised_is_refused(targets: list[Target], more: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        made(MeanColour(), targets, pixels(), **more)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"steps": 0}, "steps=0"),
        ({"baseline": -1}, "baseline=-1"),
        ({"rate": 0.0}, "got 0.0"),
        ({"rate": float("nan")}, "got nan"),
        ({"patience": 0}, "got 0"),
        ({"optimiser": "adamw"}, "unknown optimiser 'adamw'; nearest: adam"),
    ],
)
def test_a_recipe_out_of_bounds_is_refused(more: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Recipe(**more)


def test_a_ground_that_does_not_know_a_target_is_refused() -> None:
    ground = Ground({}, {}, {GREEN.text: (0.0, 1.0)})
    with pytest.raises(ValueError, match=r"worth to 'class:red'; nearest: .*class:green"):
        made(MeanColour(), [RED], pixels(natural=Natural()), ground=ground)
