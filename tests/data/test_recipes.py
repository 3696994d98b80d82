"""Recipes: what a single image and a batch go through, and that nothing but seed, epoch and turn decides it."""

import pickle
import random

import numpy as np
import pytest
import torch
from jsonargparse import ArgumentParser
from PIL import Image
from torch import Tensor
from torchvision.transforms import v2

from rivalry.data.augmentation import Augmentation, CropAndFlip, Erase, Mixing, Recipe, Timm, cifar, deit, resnet
from rivalry.data.augmentation.randomness import hashed, seeded

NOISE = torch.randint(0, 256, (3, 40, 48), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


def everyones_randomness() -> list[float]:
    return [torch.rand(()).item(), float(np.random.rand()), random.random()]


def test_a_seed_reaches_all_three_generators_and_leaves_no_trace() -> None:
    torch.manual_seed(1)
    np.random.seed(1)
    random.seed(1)
    expected = everyones_randomness()
    torch.manual_seed(1)
    np.random.seed(1)
    random.seed(1)
    with seeded(hashed(5)):
        first = everyones_randomness()
    with seeded(hashed(6)):
        other = everyones_randomness()
    with seeded(hashed(5)):
        again = everyones_randomness()
    assert everyones_randomness() == expected
    assert first == again
    assert all(one != two for one, two in zip(first, other, strict=True))


def test_a_hash_depends_on_every_part_and_their_order() -> None:
    parts = [(0,), (1,), (-1,), (0, 0), (0, 1), (1, 0), (0, 0, 0), (2**62, 5)]
    assert len({hashed(*one) for one in parts}) == len(parts)
    assert all(0 <= hashed(*one) < 2**64 for one in parts)


@pytest.mark.parametrize(
    "transform",
    [
        v2.RandomResizedCrop(24),
        v2.TrivialAugmentWide(),
        v2.RandAugment(),
        Timm("RandomResizedCropAndInterpolation", {"size": 24}),
        Timm("rand_augment_transform", {"config_str": "rand-m9-mstd0.5-inc1", "hparams": {}}),
        Erase(1.0),
        lambda image: image + int(np.random.randint(50)) + random.randrange(50),
    ],
    ids=["v2 crop", "v2 trivial", "v2 rand", "timm crop", "timm rand", "erase", "callable"],
)
def test_an_image_changes_by_seed_epoch_and_turn_alone(transform: object) -> None:
    recipe = Recipe([transform])  # type: ignore[list-item]

    def change(seed: int, epoch: int, turn: int) -> Tensor:
        everyones_randomness()
        return recipe.on_image(NOISE, seed=seed, epoch=epoch, turn=turn)

    states = [(0, 0, turn) for turn in range(8)] + [(0, 1, 0), (1, 0, 0)]
    first, again = [change(*state) for state in states], [change(*state) for state in reversed(states)][::-1]
    assert all(torch.equal(one, two) for one, two in zip(first, again, strict=True))
    assert len({tuple(image.flatten().tolist()) for image in first}) > 5


def test_transforms_go_one_after_another() -> None:
    recipe = Recipe([lambda image: image[:, :1, :1], lambda image: image.expand(3, 2, 2).contiguous()])
    changed = recipe.on_image(NOISE, seed=0, epoch=0, turn=0)
    assert torch.equal(changed, NOISE[:, :1, :1].expand(3, 2, 2))
    assert Recipe().on_image(NOISE, seed=0, epoch=0, turn=0) is NOISE


def test_what_is_no_image_any_more_is_refused_with_the_transform() -> None:
    with pytest.raises(ValueError, match=r"ToDtype.* gave torch\.float32 \(3, 40, 48\): a transform gives a uint8"):
        Recipe([v2.ToDtype(torch.float32)]).on_image(NOISE, seed=0, epoch=0, turn=0)
    with pytest.raises(ValueError, match="gave Image"):
        Recipe([v2.ToPILImage()]).on_image(NOISE, seed=0, epoch=0, turn=0)


def test_a_batch_is_changed_and_then_mixed() -> None:
    images = torch.randint(0, 256, (6, 3, 8, 8), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))
    batch = {"image": images, "label": torch.arange(6) % 3, "index": torch.arange(6)}
    plain, mixed = Recipe(batch=CropAndFlip(1)), Recipe(batch=CropAndFlip(1), mixing=Mixing())

    def change(recipe: Recipe, **where: object) -> dict[str, Tensor]:
        settings = {"classes": 3, "seed": 0, "epoch": 0, "turns": torch.arange(6), **where}
        return recipe.on_batch(batch, **settings)  # type: ignore[arg-type, return-value]

    assert "target" not in change(plain)
    assert not torch.equal(change(plain)["image"], images)
    first = change(mixed)
    assert first["target"].shape == (6, 3)
    assert torch.equal(first["target"], change(mixed)["target"])
    for other in (change(mixed, seed=1), change(mixed, epoch=1), change(mixed, turns=torch.arange(6, 12))):
        assert not torch.equal(first["target"], other["target"])
    assert change(Recipe())["image"] is images


def test_erasing_puts_noise_into_one_rectangle() -> None:
    grey = torch.full((3, 60, 50), 7, dtype=torch.uint8)
    shares = []
    for seed in range(200):
        with seeded(seed):
            erased = Erase(1.0)(grey)
        changed = (erased != 7).any(0).nonzero()
        sides = changed.amax(0) - changed.amin(0) + 1
        shares.append(float(sides.prod()) / 3000)
        assert len(changed) > 0.9 * sides.prod()
    assert 0.015 < min(shares) < 0.05
    assert 0.28 < max(shares) < 0.35
    with seeded(0):
        left = sum(torch.equal(Erase(0.25)(grey), grey) for _ in range(400))
    assert abs(left - 300) < 4 * (400 * 0.25 * 0.75) ** 0.5


def test_transforms_that_cannot_be_are_named() -> None:
    with pytest.raises(ValueError, match="timm has no transform 'RandomResizedCrop'; nearest: RandomResizedCropAnd"):
        Timm("RandomResizedCrop")
    with pytest.raises(ValueError, match="RandomCropOrPad cannot be made of"):
        Timm("RandomCropOrPad", {"sise": 3})
    with pytest.raises(ValueError, match="wanted a probability in"):
        Erase(2.0)


PRESETS = {
    "cifar": cifar(),
    "resnet": resnet(32),
    "resnet A1": resnet(32, "A1"),
    "resnet A3": resnet(32, "A3"),
    "deit": deit(32),
}


@pytest.mark.parametrize("name", PRESETS)
def test_recipes_of_papers_run_and_travel_to_other_processes(name: str) -> None:
    recipe = pickle.loads(pickle.dumps(PRESETS[name]))
    side = 40 if name == "cifar" else 32
    changed = [recipe.on_image(NOISE[:, :, :40], seed=0, epoch=0, turn=turn) for turn in range(4)]
    batch = {"image": torch.stack(changed), "label": torch.tensor([0, 1, 0, 1]), "index": torch.arange(4)}
    done = recipe.on_batch(batch, classes=2, seed=0, epoch=0, turns=torch.arange(4))
    assert done["image"].shape == (4, 3, side, side)
    assert done["image"].dtype == torch.uint8
    assert ("target" in done) == (name in ("resnet A1", "resnet A3", "deit"))
    same = PRESETS[name].on_image(NOISE[:, :, :40], seed=0, epoch=0, turn=2)
    assert torch.equal(same, changed[2])


def test_the_strongest_operations_are_no_errors() -> None:
    """By itself timm's RandAugment asks Pillow for 0 bits where it draws the greatest magnitude."""
    small = NOISE[:, :8, :8]
    plain = Timm("rand_augment_transform", {"config_str": "rand-m9-mstd0.5-inc1", "hparams": {}})
    for transform in (*deit(8).image, *resnet(8, "A1").image, plain):
        if isinstance(transform, Timm):
            for operation in transform.transform.ops:
                operation.magnitude, operation.prob = 11, 1.0
                for seed in range(3):
                    with seeded(seed):
                        operation(Image.fromarray(small.permute(1, 2, 0).contiguous().numpy()))


@pytest.mark.parametrize(
    "written",
    [
        {"class_path": "rivalry.data.augmentation.CropAndFlip"},
        {"class_path": "rivalry.data.augmentation.deit", "init_args": {"size": 32}},
        {"class_path": "rivalry.data.augmentation.resnet", "init_args": {"procedure": "A2"}},
        {
            "class_path": "rivalry.data.augmentation.Recipe",
            "init_args": {
                "image": [
                    {"class_path": "torchvision.transforms.v2.RandomResizedCrop", "init_args": {"size": 32}},
                    {"class_path": "torchvision.transforms.v2.TrivialAugmentWide"},
                    {
                        "class_path": "rivalry.data.augmentation.Timm",
                        "init_args": {"name": "RandomCropOrPad", "arguments": {"size": 32}},
                    },
                    {"class_path": "rivalry.data.augmentation.Erase"},
                ],
                "batch": {"class_path": "rivalry.data.augmentation.CropAndFlip", "init_args": {"padding": 2}},
                "mixing": {"mixup": 0.2, "cutmix": 0},
            },
        },
    ],
    ids=["batch", "deit", "resnet", "recipe"],
)
def test_yaml_can_name_them(written: dict[str, object]) -> None:
    parser = ArgumentParser(exit_on_error=False)
    parser.add_argument("--augmentation", type=Augmentation | Recipe | None)
    made = parser.instantiate_classes(parser.parse_object({"augmentation": written})).augmentation
    recipe = Recipe(batch=made) if isinstance(made, Augmentation) else made
    assert recipe.on_image(NOISE, seed=0, epoch=0, turn=0).dtype == torch.uint8
