"""What all views promise, and what each does."""

import math

import pytest
import torch
from torchvision.transforms.v2 import functional as peer

from rivalry.prototypes.views import Affine, Chance, Crops, Jitter, Noise, View, seen_through
from rivalry.prototypes.views.affine import REACHES, Reach, maps
from rivalry.prototypes.views.resampling import resampled
from tests.prototypes.images.waves import waves

ALL: list[View] = [Affine("s"), Affine("xl"), Crops(), Jitter(3), Noise(0.1)]


def chance(images: int, step: int = 0) -> Chance:
    return Chance(0, torch.arange(images), step)


@pytest.mark.parametrize("shape", [(3, 32, 32), (1, 20, 33), (5, 9, 8)])
@pytest.mark.parametrize("view", ALL, ids=repr)
def test_views_change_each_image_on_its_own(view: View, shape: tuple[int, int, int]) -> None:
    images = (waves(4, *shape) / 255).requires_grad_()
    seen = view(images, chance(4))
    assert seen.shape == images.shape
    assert seen.dtype == images.dtype
    assert not torch.equal(seen, images)
    torch.testing.assert_close(view(images[2:3], Chance(0, torch.tensor([2]), 0)), seen[2:3])
    assert torch.equal(view(images, chance(4)), seen)
    assert not torch.equal(view(images, chance(4, step=1)), seen)
    (gradient,) = torch.autograd.grad(seen[1].sum(), images)
    assert [bool(row.abs().sum() > 0) for row in gradient] == [False, True, False, False]


@pytest.mark.parametrize("view", ALL, ids=repr)
def test_two_images_alike_are_seen_differently(view: View) -> None:
    images = (waves(1, 3, 16, 16) / 255).expand(2, -1, -1, -1)
    one, other = view(images, chance(2))
    assert not torch.equal(one, other)


def test_views_one_after_another_draw_apart() -> None:
    images = waves(2, 3, 16, 16) / 255
    first, second = Jitter(3)(images, chance(2).apart(0)), Jitter(3)
    expected = second(first, chance(2).apart(1))
    assert torch.equal(seen_through([Jitter(3), Jitter(3)], images, chance(2)), expected)
    assert torch.equal(seen_through([], images, chance(2)), images)


def test_nothing_changes_where_nothing_may() -> None:
    images = waves(2, 3, 12, 15) / 255
    for view in (Jitter(0), Noise(0), Crops(mean=1, spread=0)):
        torch.testing.assert_close(view(images, chance(2)), images, atol=1e-5, rtol=0)
    still = maps(Reach(0, 1, 1, 0, 0), chance(2).evenly(5), 12, 15)
    torch.testing.assert_close(resampled(images, still), images, atol=1e-5, rtol=0)


def test_a_resampled_image_is_the_peers_turned_one() -> None:
    """Torchvision turns the image, ours the places; a quarter of the image wide, away from the edges."""
    images = waves(1, 3, 40, 64) / 255
    turn = math.radians(20)
    rows = [[math.cos(turn), -math.sin(turn), 3.0], [math.sin(turn), math.cos(turn), -2.0]]
    found = resampled(images, torch.tensor([rows]))
    expected = peer.affine(
        peer.affine(images, 0, [-3, 2], 1.0, [0.0, 0.0], interpolation=peer.InterpolationMode.BILINEAR),
        -20, [0, 0], 1.0, [0.0, 0.0], interpolation=peer.InterpolationMode.BILINEAR,
    )  # fmt: skip
    torch.testing.assert_close(found[..., 14:26, 24:40], expected[..., 14:26, 24:40], atol=1e-4, rtol=0)


def test_a_shift_by_hand_and_the_mirror_at_the_edge() -> None:
    image = torch.tensor([[[[1.0, 2.0, 3.0, 4.0]] * 2]])
    shifted = resampled(image, torch.tensor([[[1.0, 0.0, 2.0], [0.0, 1.0, 0.0]]]))
    torch.testing.assert_close(shifted[0, 0, 0], torch.tensor([3.0, 4.0, 4.0, 3.0]))


@pytest.mark.parametrize("size", list(REACHES))
def test_affine_maps_reach_as_far_as_they_say(size: str) -> None:
    """Turn, shear, scale and shift read back from the matrices of many draws; the extremes come near the reach."""
    reach = REACHES[size]
    found = maps(reach, Chance(0, torch.arange(4000), 0).evenly(5), 50, 80)
    turn = torch.atan2(found[:, 1, 0], found[:, 0, 0])
    scale = 1 / found[:, :2, :2].det().sqrt()
    back = torch.stack((turn.cos(), turn.sin(), -turn.sin(), turn.cos()), 1).view(-1, 2, 2) @ found[:, :, :2]
    shear = torch.atan(back[:, 0, 1] / back[:, 0, 0])
    for angles, limit in ((turn, reach.turn), (shear, reach.shear)):
        assert 0.98 * limit < math.degrees(float(angles.abs().max())) <= limit + 1e-3
        assert abs(math.degrees(float(angles.mean()))) < 0.05 * limit
    assert float(scale.min()) == pytest.approx(reach.smallest, rel=0.01)
    assert float(scale.max()) == pytest.approx(reach.largest, rel=0.01)
    assert found[:, :, 2].abs().amax(0).tolist() == pytest.approx([80 * reach.shift, 50 * reach.shift], rel=0.02)


def test_larger_sizes_reach_farther() -> None:
    for smaller, larger in zip(list(REACHES.values())[:-1], list(REACHES.values())[1:], strict=True):
        assert smaller.turn < larger.turn
        assert smaller.shear < larger.shear
        assert smaller.shift < larger.shift
        assert larger.smallest < smaller.smallest <= smaller.largest < larger.largest


def test_crops_are_windows_within_the_image() -> None:
    """Of an image that says where it is, windows tell their sides and places; mirrored edges would fold them."""
    down, across = torch.meshgrid(torch.linspace(0, 1, 100), torch.linspace(0, 1, 200), indexing="ij")
    images = torch.stack((down, across)).expand(500, -1, -1, -1)
    seen = Crops()(images, chance(500))
    sides = torch.stack((seen[:, 0, -1, 0] - seen[:, 0, 0, 0], seen[:, 1, 0, -1] - seen[:, 1, 0, 0]))
    torch.testing.assert_close(sides[0], sides[1], atol=0.02, rtol=0)
    assert sides.mean() == pytest.approx(0.25, abs=0.015)
    assert sides.std() == pytest.approx(0.1, abs=0.01)
    assert bool((seen.diff(dim=2)[:, 0] > -1e-6).all())
    assert bool((seen.diff(dim=3)[:, 1] > -1e-6).all())
    middles = seen.mean((2, 3))
    reach = (1 - sides.mean()) / 2
    torch.testing.assert_close(middles.mean(0), torch.full((2,), 0.5), atol=0.03, rtol=0)
    assert float((middles - 0.5).abs().max()) > reach


def test_jitter_moves_whole_pixels_round() -> None:
    image = torch.arange(20.0).view(1, 1, 4, 5)
    shifts = set()
    for step in range(300):
        seen = Jitter(1)(image, chance(1, step))
        fits = [
            (down, across)
            for down in (-1, 0, 1)
            for across in (-1, 0, 1)
            if torch.equal(seen, image.roll((down, across), (2, 3)))
        ]
        shifts.update(fits)
        assert len(fits) == 1
    assert len(shifts) == 9


def test_noise_has_its_deviation() -> None:
    noise = Noise(0.2)(torch.zeros(10, 3, 32, 32), chance(10))
    assert noise.std() == pytest.approx(0.2, rel=0.02)
    assert noise.mean() == pytest.approx(0, abs=0.005)


def test_bad_input_is_refused() -> None:
    with pytest.raises(ValueError, match="of size s, m, l, xl, not 'x'; nearest: xl"):
        Affine("x")
    with pytest.raises(ValueError, match="0 pixels or more, got -1"):
        Jitter(-1)
    with pytest.raises(ValueError, match=r"deviation of 0 or more, got -0\.1"):
        Noise(-0.1)
    with pytest.raises(ValueError, match="0 < least ≤ mean ≤ 1"):
        Crops(mean=1.5)


@pytest.mark.gpu
@pytest.mark.parametrize("view", ALL, ids=repr)
def test_a_gpu_shows_the_same(view: View) -> None:
    images = waves(3, 3, 20, 24) / 255
    there = view(images.cuda(), Chance(0, torch.arange(3, device="cuda"), 0))
    torch.testing.assert_close(there.cpu(), view(images, chance(3)), atol=1e-4, rtol=0)
