"""The pictures of a training."""

import random
import re
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from jsonargparse import ArgumentParser
from lightning.pytorch import LightningModule, Trainer
from torch import Tensor, nn
from torchvision.transforms import v2

from rivalry.data import PictureBook, Portion
from rivalry.data.augmentation import CropAndFlip, Mixing, Recipe, draw_evenly
from rivalry.data.dataset import Concept, ImageDataset, Sample
from rivalry.training.data import Pictures, probe_loader


class Numbers(ImageDataset):
    """Pictures whose pixels are a random texture of their own; samples of two classes."""

    def __init__(self, length: int = 40, classes: tuple[str, ...] = ("even", "odd")) -> None:
        self.length, self.classes = length, classes

    fingerprint = "numbers"

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> Sample:
        texture = torch.Generator().manual_seed(index)
        image = torch.randint(0, 256, (3, 8, 8), generator=texture, dtype=torch.uint8)
        return {"image": image, "label": index % 2, "index": index}


class Listener(LightningModule):
    """Learns nothing and keeps the batches it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(()))
        self.heard: dict[str, list[Any]] = {"train": [], "validation": []}

    def training_step(self, batch: Sample, _: int) -> Tensor:
        self.heard["train"].append(batch)
        return self.weight.square()

    def validation_step(self, batch: Sample, _: int) -> None:
        self.heard["validation"].append(batch)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), 0.1)


def fit(pictures: Pictures, folder: Path, *, epochs: int, resume: Path | None = None) -> Listener:
    listener = Listener()
    trainer = Trainer(
        accelerator="cpu", max_epochs=epochs, default_root_dir=folder, logger=False, enable_progress_bar=False,
        enable_model_summary=False, num_sanity_val_steps=0, enable_checkpointing=False,
    )  # fmt: skip
    trainer.fit(listener, datamodule=pictures, ckpt_path=resume, weights_only=True)
    trainer.save_checkpoint(folder / "last.ckpt")
    return listener


def whole_recipe() -> Recipe:
    """One of all three steps; the first draws from torch, NumPy and Python."""

    def noisy(image: Tensor) -> Tensor:
        return image + int(np.random.randint(9)) + random.randrange(9)

    crop = v2.RandomResizedCrop(8, scale=(0.3, 1.0), antialias=True)
    return Recipe([crop, noisy], batch=CropAndFlip(1), mixing=Mixing())


def indices(batches: Iterable[Any]) -> list[list[int]]:
    return [batch["index"].tolist() for batch in batches]


def flat(batches: list[list[int]]) -> list[int]:
    return [index for batch in batches for index in batch]


def pixels(batches: list[Any]) -> Tensor:
    return torch.cat([batch["image"] for batch in batches])


def targets(batches: list[Any]) -> Tensor:
    return torch.cat([batch["target"] for batch in batches])


def test_batches_hold_pixels_labels_and_places() -> None:
    batch: Any = next(iter(Pictures(Numbers(), Numbers(), batch_size=8).val_dataloader()))
    assert batch["image"].shape == (8, 3, 8, 8)
    assert batch["image"].dtype == torch.uint8
    assert batch["label"].tolist() == [0, 1] * 4
    assert batch["index"].tolist() == list(range(8))


def test_every_epoch_has_its_order_and_the_seed_decides_it(tmp_path: Path) -> None:
    def order(seed: int) -> list[list[int]]:
        return indices(fit(Pictures(Numbers(), Numbers(), batch_size=8, seed=seed), tmp_path, epochs=2).heard["train"])

    first = order(0)
    assert sorted(flat(first[:5])) == sorted(flat(first[5:])) == list(range(40))
    assert first[:5] != first[5:]
    assert order(0) == first != order(1)


@pytest.mark.parametrize("repeats", [1, 3])
def test_the_number_of_workers_changes_nothing(tmp_path: Path, repeats: int) -> None:
    heard = []
    for workers in (0, 1, 2):  # which live on in the second epoch
        pictures = Pictures(
            Numbers(), Numbers(), batch_size=8, workers=workers, augmentation=whole_recipe(), repeats=repeats
        )
        heard.append(fit(pictures, tmp_path, epochs=2).heard["train"])
        calibrated = list(pictures.calibration_batches(images=16))
        heard[-1] += calibrated
        assert len(calibrated) == 2
    for one, other in pairwise(heard):
        assert indices(one) == indices(other)
        assert torch.equal(pixels(one), pixels(other))
        assert torch.equal(targets(one), targets(other))


def test_an_image_changes_from_epoch_to_epoch_in_processes_that_live_on(tmp_path: Path) -> None:
    recipe = Recipe([v2.RandomResizedCrop(8, scale=(0.1, 0.5), antialias=True)])
    pictures = Pictures(Numbers(16), Numbers(16), batch_size=8, workers=1, augmentation=recipe)
    heard = fit(pictures, tmp_path, epochs=2).heard["train"]
    shown = [dict(zip(flat(indices(part)), pixels(part), strict=True)) for part in (heard[:2], heard[2:])]
    assert all(not torch.equal(shown[0][index], shown[1][index]) for index in range(16))


def test_mixed_images_come_with_targets_of_their_labels(tmp_path: Path) -> None:
    pictures = Pictures(Numbers(), Numbers(), batch_size=8, augmentation=Recipe(mixing=Mixing(mixup=1.0, cutmix=0)))
    listener = fit(pictures, tmp_path, epochs=2)
    shares = set()
    for batch in listener.heard["train"]:
        target, label = batch["target"], batch["label"]
        assert target.shape == (8, 2)
        torch.testing.assert_close(target.sum(1), torch.ones(8))
        mixed = label != label.flip(0)
        assert bool((target[~mixed].amax(1) > 1 - 1e-6).all())
        shares |= set(target[mixed].gather(1, label[mixed, None]).flatten().tolist())
    assert len(shares) > 5  # another one every batch, in both epochs
    assert not any("target" in batch for batch in listener.heard["validation"])


def test_repeats_show_fewer_images_more_often_and_never_alike(tmp_path: Path) -> None:
    recipe = Recipe([v2.RandomResizedCrop(8, scale=(0.1, 0.9), antialias=True)])
    pictures = Pictures(Numbers(), Numbers(), batch_size=10, augmentation=recipe, repeats=3)
    batches = fit(pictures, tmp_path, epochs=1).heard["train"]
    shown = flat(indices(batches))
    assert len(shown) == 40
    assert [shown[i] for i in range(0, 39, 3)] == [shown[i + 1] for i in range(0, 39, 3)]
    assert len(set(shown)) == 14
    assert len({tuple(image.flatten().tolist()) for image in pixels(batches)}) == 40
    assert torch.cat([batch["repeat"] for batch in batches]).tolist() == [i % 3 for i in range(40)]
    plain = fit(Pictures(Numbers(), Numbers(), batch_size=10, augmentation=recipe), tmp_path, epochs=1).heard["train"]
    assert flat(indices(plain))[:14] == list(dict.fromkeys(shown))
    assert torch.equal(pixels(plain)[0], pixels(batches)[0])  # the first showing is that of a plain run


def test_repeats_fall_to_different_ranks() -> None:
    seen = []
    for rank in range(2):
        pictures = Pictures(Numbers(), Numbers(), batch_size=4, augmentation=CropAndFlip(), repeats=2)
        pictures.trainer = SimpleNamespace(global_rank=rank, world_size=2)  # type: ignore[assignment]
        seen.append(flat(indices(pictures.train_dataloader())))
    assert seen[0] == seen[1]
    assert len(set(seen[0])) == len(seen[0]) == 20


@pytest.mark.parametrize("repeats", [0, 2])
def test_repeats_without_change_are_refused(repeats: int) -> None:
    with pytest.raises(ValueError, match=f"only with an augmentation; given {repeats}"):
        Pictures(Numbers(), Numbers(), batch_size=8, repeats=repeats)


def test_a_resumed_run_goes_on_as_if_it_had_never_stopped(tmp_path: Path) -> None:
    def pictures() -> Pictures:
        return Pictures(Numbers(), Numbers(), batch_size=8, augmentation=whole_recipe())

    straight = fit(pictures(), tmp_path, epochs=3).heard["train"]
    fit(pictures(), tmp_path, epochs=1)
    resumed = fit(pictures(), tmp_path, epochs=3, resume=tmp_path / "last.ckpt").heard["train"]
    assert indices(resumed) == indices(straight[5:])
    assert torch.equal(pixels(resumed), pixels(straight[5:]))
    assert torch.equal(targets(resumed), targets(straight[5:]))


def test_training_images_alone_are_augmented(tmp_path: Path) -> None:
    data = Numbers()
    heard = fit(Pictures(data, data, batch_size=8, augmentation=CropAndFlip()), tmp_path, epochs=1).heard
    for batch in heard["validation"]:
        assert torch.equal(batch["image"], torch.stack([data[i]["image"] for i in batch["index"].tolist()]))
    kept = [
        torch.equal(image, data[i]["image"])
        for b in heard["train"]
        for image, i in zip(b["image"], b["index"].tolist(), strict=True)
    ]
    assert sum(kept) < 8


def test_loading_draws_nothing_from_the_generator_of_the_network() -> None:
    pictures = Pictures(Numbers(), Numbers(), batch_size=8)
    before = torch.get_rng_state()
    pictures.recipe = whole_recipe()
    for loader in (pictures.train_dataloader(), pictures.val_dataloader(), pictures.calibration_batches()):
        list(loader)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("workers", [0, 2])
def test_a_probe_set_is_shown_in_order_and_nothing_is_drawn(workers: int) -> None:
    before = torch.get_rng_state()
    batches = list(probe_loader(PictureBook(7, cache=False), 3, workers=workers))
    assert torch.cat([batch["index"] for batch in batches]).tolist() == list(range(7))
    assert torch.equal(torch.get_rng_state(), before)


def test_the_last_batch_is_full_in_training_alone() -> None:
    pictures = Pictures(Numbers(30), Numbers(30), batch_size=8)
    assert [len(batch) for batch in indices(iter(pictures.train_dataloader()))] == [8, 8, 8]
    assert [len(batch) for batch in indices(iter(pictures.val_dataloader()))] == [8, 8, 8, 6]


def test_ranks_share_the_training_images_and_calibrate_alike() -> None:
    seen, calibrated = [], []
    for rank in range(2):
        pictures = Pictures(Numbers(), Numbers(), batch_size=4)
        pictures.trainer = SimpleNamespace(global_rank=rank, world_size=2)  # type: ignore[assignment]
        seen.append(flat(indices(pictures.train_dataloader())))
        calibrated.append(flat(indices(pictures.calibration_batches(images=12))))
    assert [len(part) for part in seen] == [20, 20]
    assert sorted(seen[0] + seen[1]) == list(range(40))
    assert calibrated[0] == calibrated[1]


def test_calibration_images_are_few_fixed_and_augmented() -> None:
    data = Numbers()
    pictures = Pictures(data, data, batch_size=8, augmentation=CropAndFlip(), seed=3)
    batches: list[Any] = list(pictures.calibration_batches(images=20))
    again: list[Any] = list(pictures.calibration_batches(images=20))
    chosen = flat(indices(batches))
    assert len(set(chosen)) == 20
    assert chosen == flat(indices(again))
    assert torch.equal(pixels(batches), pixels(again))
    plain = torch.stack([data[i]["image"] for i in chosen])
    assert torch.equal(pixels(batches), CropAndFlip()(plain, draw_evenly(3, 0, torch.tensor(chosen), 3)))
    assert len(flat(indices(pictures.calibration_batches()))) == 40


def test_validation_stands_in_for_test_and_probe() -> None:
    train, validation, test, probe = Numbers(), Numbers(24), Numbers(16), Numbers(8, ("a", "b", "c"))
    bare = Pictures(train, validation, batch_size=8)
    full = Pictures(train, validation, test=test, probe=probe, batch_size=8)
    assert len(bare.test_dataloader()) == len(bare.predict_dataloader()) == 3
    assert len(full.test_dataloader()) == len(full.predict_dataloader()) == 2
    assert (bare.probe, full.probe) == (validation, probe)
    assert (full.classes, full.num_classes) == (("even", "odd"), 2)


def test_splits_of_other_classes_are_refused() -> None:
    other = Numbers(classes=("even", "odd", "neither", "both"))
    message = r"has 4 classes \(even, odd, neither …\) and train 2 \(even, odd\)"
    with pytest.raises(ValueError, match=f"validation {message}"):
        Pictures(Numbers(), other, batch_size=8)
    with pytest.raises(ValueError, match=f"test {message}"):
        Pictures(Numbers(), Numbers(), test=other, batch_size=8)
    with pytest.raises(ValueError, match="same, in the same order"):
        Pictures(Numbers(), Numbers(classes=("odd", "even")), batch_size=8)


@pytest.mark.parametrize("batch_size", [0, 41])
def test_a_batch_that_cannot_be_filled_is_refused(batch_size: int) -> None:
    with pytest.raises(ValueError, match=f"batch_size {batch_size} with 40 training images; wanted 1 to 40"):
        Pictures(Numbers(), Numbers(), batch_size=batch_size)


def test_masks_cannot_be_augmented() -> None:
    masked = Numbers()
    masked.concepts = (Concept("dot", "texture"),)
    with pytest.raises(ValueError, match="train without masks"):
        Pictures(masked, Numbers(), batch_size=8, augmentation=CropAndFlip())
    Pictures(masked, Numbers(), batch_size=8)


def test_pictures_are_prepared_before_they_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    prepared: list[ImageDataset] = []
    monkeypatch.setattr(PictureBook, "prepare", lambda self, **_: prepared.append(self))
    train, validation = PictureBook(8, size=32), PictureBook(4, size=32, seed=1)
    Pictures(Portion(train, limit=6), validation, batch_size=2).prepare_data()
    assert set(map(id, prepared)) == {id(train), id(validation)}


def test_what_the_documentation_says_of_data_can_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RIVALRY_DATA", "anywhere")
    page = (Path(__file__).parents[2] / "docs/data.md").read_text(encoding="utf-8")
    blocks = [yaml.safe_load(block)["data"] for block in re.findall(r"^```yaml\n(.*?)^```$", page, re.M | re.S)]
    book = {"class_path": "rivalry.data.PictureBook", "init_args": {"length": 4}}
    parser = ArgumentParser(exit_on_error=False)
    parser.add_class_arguments(Pictures, "data")
    for block in blocks:
        parser.parse_object({"data": {"train": book, "validation": book, **block}})
    assert len(blocks) >= 8
