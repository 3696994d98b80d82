"""torchvision's data sets, from tiny files in their formats; nothing is downloaded."""

import pickle
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision import datasets

from rivalry.data import Square, TorchvisionSet
from rivalry.data.decoding import UnreadableError


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: Any, **_: Any) -> None:
        raise AssertionError(f"download of {arguments}")

    for module in ("cifar", "mnist", "places365", "food101", "oxford_iiit_pet"):
        monkeypatch.setattr(f"torchvision.datasets.{module}.download_and_extract_archive", refuse)


@pytest.fixture
def any_checksum(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let torchvision take files that are not the published ones."""

    def there(path: str, *_: Any, **__: Any) -> bool:
        return Path(path).is_file()

    for module in ("cifar", "flowers102", "places365", "stl10", "svhn"):
        monkeypatch.setattr(f"torchvision.datasets.{module}.check_integrity", there)


def picture(path: Path, shade: int, size: tuple[int, int] = (12, 8)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (shade,) * 3).save(path)


def cifar(root: Path, folder: str, files: list[str], meta: tuple[str, str], key: str, names: list[str]) -> None:
    (root / folder).mkdir(parents=True)
    for number, file in enumerate(files):
        pixels = np.full((2, 3072), 0, np.uint8)
        pixels[:, :1024] = 10 * number
        (root / folder / file).write_bytes(pickle.dumps({"data": pixels, key: [number % 2, 1]}))
    (root / folder / meta[0]).write_bytes(pickle.dumps({meta[1]: names}))


def cifar10(root: Path) -> None:
    batches = [f"data_batch_{number}" for number in range(1, 6)]
    cifar(root, "cifar-10-batches-py", [*batches, "test_batch"], ("batches.meta", "label_names"), "labels", ["a", "b"])


@pytest.mark.usefixtures("any_checksum")
def test_cifar_has_colours_labels_and_names(tmp_path: Path) -> None:
    cifar10(tmp_path)
    train, test = (TorchvisionSet("CIFAR10", tmp_path, split) for split in ("train", "test"))
    assert (len(train), len(test)) == (10, 2)
    assert train.classes == ("a", "b")
    assert train.labels.tolist() == [0, 1, 1, 1, 0, 1, 1, 1, 0, 1]
    sample = train[4]
    assert (sample["label"], sample["index"]) == (0, 4)
    assert sample["image"].shape == (3, 32, 32)
    assert sample["image"].dtype == torch.uint8
    assert sample["image"][:, 0, 0].tolist() == [20, 0, 0]
    assert test[0]["image"][:, 0, 0].tolist() == [50, 0, 0]
    assert train.fingerprint != test.fingerprint == TorchvisionSet("CIFAR10", tmp_path, "test").fingerprint
    assert TorchvisionSet("CIFAR10", tmp_path, "test", size=16)[0]["image"].shape == (3, 16, 16)
    assert TorchvisionSet("CIFAR10", tmp_path, "test", classes=["x", "y"]).classes == ("x", "y")
    with pytest.raises(ValueError, match="labels up to 1 and 1 classes"):
        TorchvisionSet("CIFAR10", tmp_path, "test", classes=["x"])
    with pytest.raises(IndexError, match="pictures 0 to 1; asked for 2"):
        test[2]


@pytest.mark.usefixtures("any_checksum")
def test_names_of_cifar100_are_written_as_said(tmp_path: Path) -> None:
    names = ["aquarium_fish", "tractor"]
    cifar(tmp_path, "cifar-100-python", ["train", "test"], ("meta", "fine_label_names"), "fine_labels", names)
    assert TorchvisionSet("CIFAR100", tmp_path, "train").classes == ("aquarium fish", "tractor")


def imagenet(root: Path) -> None:
    words = {"n01440764": ("tench", "Tinca tinca"), "n02012849": ("crane",), "n03126707": ("crane",)}
    torch.save((words, []), root / "meta.bin")
    for number, wnid in enumerate(words):
        picture(root / "val" / wnid / "a.JPEG", 10 * number)


def test_imagenet_has_words_instead_of_numbers(tmp_path: Path) -> None:
    imagenet(tmp_path)
    val = TorchvisionSet("ImageNet", tmp_path, "val", size=Square(8, crop=0.8))
    assert val.classes == ("tench", "crane (1)", "crane (2)")
    assert [val[i]["label"] for i in range(3)] == [0, 1, 2]
    assert val[2]["image"].shape == (3, 8, 8)
    before = val.fingerprint
    (tmp_path / "val/n02012849/a.JPEG").write_bytes(b"broken")
    assert TorchvisionSet("ImageNet", tmp_path, "val", size=Square(8, crop=0.8)).fingerprint != before
    with pytest.raises(UnreadableError, match=r"n02012849/a\.JPEG is no picture"):
        val[1]
    (tmp_path / "val/n02012849/a.JPEG").unlink()
    with pytest.raises(UnreadableError, match=r"n02012849/a\.JPEG is not there"):
        val[1]


@pytest.mark.usefixtures("any_checksum")
def test_places_reads_its_lists_and_keeps_their_numbers(tmp_path: Path) -> None:
    (tmp_path / "categories_places365.txt").write_text("/a/airfield 0\n/b/bazaar/outdoor 1\n/b/bazaar/indoor 2\n")
    (tmp_path / "places365_val.txt").write_text("1.jpg 2\n2.jpg 0\n")
    for number in (1, 2):
        picture(tmp_path / f"val_256/{number}.jpg", 10 * number)
    places = TorchvisionSet("Places365", tmp_path, "val", arguments={"small": True})
    assert places.classes == ("airfield", "bazaar outdoor", "bazaar indoor")
    assert [places[i]["label"] for i in range(2)] == [2, 0]
    assert int(places[1]["image"][0, 0, 0]) == 20


@pytest.mark.usefixtures("any_checksum")
def test_flowers_have_torchvisions_names_and_matlabs_splits(tmp_path: Path) -> None:
    scipy_io = pytest.importorskip("scipy.io")
    base = tmp_path / "flowers-102"
    picture(base / "jpg/image_00002.jpg", 20)
    scipy_io.savemat(base / "imagelabels.mat", {"labels": [[1, 3, 2]]})
    scipy_io.savemat(base / "setid.mat", {"trnid": [[1, 3]], "valid": [[2, 2]], "tstid": [[1, 1]]})
    flowers = TorchvisionSet("Flowers102", tmp_path, "val")
    assert (len(flowers.classes), flowers.classes[0]) == (102, "pink primrose")
    assert flowers.labels.tolist() == [2, 2]
    assert int(flowers[1]["image"][0, 0, 0]) == 20


@pytest.mark.usefixtures("any_checksum")
def test_sets_without_names_are_numbered_or_named_by_hand(tmp_path: Path) -> None:
    scipy_io = pytest.importorskip("scipy.io")
    pixels = np.zeros((32, 32, 3, 2), np.uint8)
    pixels[..., 1] = 9
    scipy_io.savemat(tmp_path / "test_32x32.mat", {"X": pixels, "y": [[10], [3]]})
    numbers = TorchvisionSet("SVHN", tmp_path, "test")
    assert numbers.classes == ("0", "1", "2", "3")
    assert numbers.labels.tolist() == [0, 3]
    assert int(numbers[1]["image"].min()) == 9
    words = ["zero", "one", "two", "three", "four"]
    assert TorchvisionSet("SVHN", tmp_path, "test", classes=words).classes == tuple(words)


@pytest.mark.usefixtures("any_checksum")
def test_pictures_that_have_no_label_are_refused(tmp_path: Path) -> None:
    base = tmp_path / "stl10_binary"
    base.mkdir()
    for part, shade in (("train", 5), ("test", 6), ("unlabeled", 7)):
        (base / f"{part}_X.bin").write_bytes(bytes([shade]) * (3 * 96 * 96))
        (base / f"{part}_y.bin").write_bytes(bytes([2]))
    (base / "class_names.txt").write_text("airplane\nbird\n")
    test = TorchvisionSet("STL10", tmp_path, "test")
    assert (test.classes, test[0]["label"]) == (("airplane", "bird"), 1)
    assert int(test[0]["image"][2, 95, 95]) == 6
    with pytest.raises(ValueError, match=r"STL10 unlabeled .* does not give every picture one label"):
        TorchvisionSet("STL10", tmp_path, "unlabeled")


def test_grey_digits_become_three_channels(tmp_path: Path) -> None:
    raw = tmp_path / "MNIST/raw"
    raw.mkdir(parents=True)
    for part in ("train", "t10k"):
        pixels = bytes([7] * 784) * 3
        (raw / f"{part}-images-idx3-ubyte").write_bytes(struct.pack(">IIII", 2051, 3, 28, 28) + pixels)
        (raw / f"{part}-labels-idx1-ubyte").write_bytes(struct.pack(">II", 2049, 3) + bytes([3, 9, 0]))
    digits = TorchvisionSet("MNIST", tmp_path, "test", size=32)
    assert digits.classes[:3] == ("zero", "one", "two")
    assert digits[1]["label"] == 9
    assert digits[1]["image"].shape == (3, 32, 32)
    assert digits[1]["image"][:, 5, 5].tolist() == [7, 7, 7]


def test_pictures_that_torchvision_opens_itself_are_named_too(tmp_path: Path) -> None:
    base = tmp_path / "oxford-iiit-pet"
    (base / "annotations").mkdir(parents=True)
    (base / "annotations/test.txt").write_text("Abyssinian_1 1 1 1\nbeagle_7 2 2 1\n")
    picture(base / "images/Abyssinian_1.jpg", 10)
    picture(base / "images/beagle_7.jpg", 20, (64, 64))
    pets = TorchvisionSet("OxfordIIITPet", tmp_path, "test")
    assert pets.classes == ("Abyssinian", "Beagle")
    assert int(pets[1]["image"][0, 0, 0]) == 20
    whole = (base / "images/beagle_7.jpg").read_bytes()
    (base / "images/beagle_7.jpg").write_bytes(whole[:-30])
    with pytest.raises(UnreadableError, match=r"beagle_7\.jpg is no picture that can be decoded: .*truncated"):
        pets[1]


@pytest.mark.parametrize(
    ("name", "split", "message"),
    [
        ("CIFAR10", "train", r"CIFAR10 \(train\) is not in .*empty: .* give download: true, or put it there by hand"),
        ("Food101", "test", r"Food101 \(test\) is not in .*empty: .* give download: true"),
        ("Places365", "val", r"Places365 \(val\) is not in .*categories_places365"),
        ("ImageNet", "val", r"ImageNet \(val\) is not in .*empty: .*devkit.* put it there by hand"),
        ("SUN397", None, r"SUN397 is not in .*empty"),
    ],
)
def test_a_set_that_is_not_there_is_not_downloaded(tmp_path: Path, name: str, split: str, message: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match=message):
        TorchvisionSet(name, tmp_path / "empty", split)
    assert not [path for path in (tmp_path / "empty").rglob("*") if path.is_file()]


def test_a_download_that_is_asked_for_is_torchvisions(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=r"download of .*cifar-10-python\.tar\.gz"):
        TorchvisionSet("CIFAR10", tmp_path, "train", download=True)
    with pytest.raises(ValueError, match="torchvision cannot download ImageNet: get it by hand"):
        TorchvisionSet("ImageNet", tmp_path, "val", download=True)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda root: TorchvisionSet("Cifar10", root, "train"), "no set of pictures 'Cifar10'; nearest: CIFAR10"),
        (lambda root: TorchvisionSet("FakeData", root), "no set of pictures 'FakeData'; nearest: "),
        (lambda root: TorchvisionSet("CIFAR10", root, "val"), "splits train and test; given 'val'"),
        (lambda root: TorchvisionSet("ImageNet", root), "Unknown value '' for argument split.*train.*val"),
        (lambda root: TorchvisionSet("ImageNet", root, "test"), "Unknown value 'test' for argument split"),
        (lambda root: TorchvisionSet("SUN397", root, "train"), "SUN397 has no splits, given 'train'"),
        (lambda root: TorchvisionSet("CIFAR10", root, "train", arguments={"big": 1}), "does not open CIFAR10 with"),
    ],
)
def test_what_torchvision_does_not_have_is_said(
    tmp_path: Path, make: Callable[[Path], TorchvisionSet], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        make(tmp_path)


def test_pictures_without_one_label_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Boxes(datasets.VisionDataset):
        def __len__(self) -> int:
            return 2

        def __getitem__(self, index: int) -> Any:
            return Image.new("L", (4, 4)), [index, 1.5]

    monkeypatch.setattr(datasets, "Boxes", Boxes, raising=False)
    with pytest.raises(ValueError, match="does not give every picture one label"):
        TorchvisionSet("Boxes", tmp_path)
