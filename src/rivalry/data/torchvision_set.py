"""The data sets that torchvision reads: CIFAR, ImageNet, Places365, Flowers102, Food101, STL10, SVHN, MNIST and others.

torchvision knows where the files lie and what they mean; here its sets become samples as all others: colour images of
``uint8``, labels, indices, names of classes as people say them. Nothing is downloaded unless that is asked for.
"""

import hashlib
import inspect
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from jaxtyping import UInt8
from torch import Tensor
from torchvision import datasets

from rivalry.data.class_names import distinct, readable
from rivalry.data.dataset import ImageDataset, Sample, Transform, describe_transform
from rivalry.data.decoding import UnreadableError, decode, to_tensor
from rivalry.data.paths import expand
from rivalry.data.square import Square
from rivalry.numerics.nearest import nearest


class TorchvisionSet(ImageDataset):
    """Labelled pictures of one of torchvision's data sets.

    Args:
        name: What torchvision calls it, such as ``CIFAR10``, ``ImageNet``, ``Places365``.
        root: The folder that torchvision looks into.
        split: Which part, as torchvision calls it: ``train``, ``val``, ``test`` …; None for a set that has no parts.
        download: Whether torchvision may download what is missing. On several processes do so once before.
        classes: Names of the classes, where torchvision has none; else those are "0", "1", ….
        arguments: What else torchvision's class takes, such as ``{small: true}`` for Places365.
        size: Side of the square every picture is made, or the `Square` itself: the shorter side is resized and the
            middle cut out. Without it pictures keep their sizes, and only pictures of one size can share a batch.
        transform: Applied to the image, a ``uint8`` tensor (3, height, width).

    Raises:
        ValueError: If torchvision has no such set or split, its files are not in ``root``, or it gives no labels; on
            reading, if a picture is not there or cannot be decoded.
    """

    def __init__(
        self,
        name: str,
        root: str | Path,
        split: str | None = None,
        *,
        download: bool = False,
        classes: Sequence[str] | None = None,
        arguments: Mapping[str, Any] | None = None,
        size: int | Square | None = None,
        transform: Transform | None = None,
    ) -> None:
        self.name, self.root = name, expand(root)
        self.square = Square.of(size)
        self.transform = transform
        self._said = f"torchvision {name} {split} {dict(arguments or {})}"
        self._inner = _open(name, self.root, split, download, dict(arguments or {}))
        self._labels = _labels_of(self._inner, self._said)
        self.classes = _class_names(self._inner, self._labels) if classes is None else tuple(classes)
        if int(self._labels.max()) >= len(self.classes):
            raise ValueError(f"{self._said} has labels up to {self._labels.max()} and {len(self.classes)} classes")

    @cached_property
    def fingerprint(self) -> str:
        """Hex digest of set, split, arguments, labels, sizes of the files where there is one a picture, and changes."""
        said = f"{self._said} {self.classes} {self.square} {describe_transform(self.transform)}\n"
        digest = hashlib.blake2b(said.encode() + self._labels.tobytes(), digest_size=16)
        if isinstance(_picture(self._inner, 0), Path):
            for index in range(len(self)):
                path = _picture(self._inner, index)
                digest.update(f"{path.name}\0{path.stat().st_size if path.is_file() else 'missing'}\n".encode())
        return digest.hexdigest()

    @property
    def labels(self) -> npt.NDArray[np.int64]:
        """The labels of all pictures."""
        return self._labels

    def __len__(self) -> int:
        return len(self._labels)

    def __getitem__(self, index: int) -> Sample:
        if not 0 <= index < len(self):
            raise IndexError(f"{self._said} has pictures 0 to {len(self) - 1}; asked for {index}")
        image = self._read(index)
        return {
            "image": image if self.transform is None else self.transform(image),
            "label": int(self._labels[index]),
            "index": index,
        }

    def _read(self, index: int) -> UInt8[Tensor, "3 height width"]:
        try:
            picture = _picture(self._inner, index)
        except (OSError, SyntaxError, ValueError, EOFError) as error:
            raise UnreadableError(f"picture {index} of {self._said} in {self.root} cannot be read: {error}") from error
        if isinstance(picture, Path):
            return decode(picture, square=self.square)
        return to_tensor(picture if self.square is None else self.square.cut(picture))


def _open(name: str, root: Path, split: str | None, download: bool, arguments: dict[str, Any]) -> Any:
    """Have torchvision open a set, and say what is wrong in one line."""
    kind = getattr(datasets, name, None)
    takes = _parameters(kind) if isinstance(kind, type) else set()
    if kind is None or "root" not in takes:
        known = [one for one in datasets.__all__ if "root" in _parameters(getattr(datasets, one))]
        alike = [one for one in known if one.lower() == name.lower()] or [nearest(name, known)]
        raise ValueError(f"torchvision has no set of pictures {name!r}; nearest: {alike[0]}")
    options = {"root": str(root), **_split_argument(name, split, takes, arguments), **arguments}
    if "loader" in takes:
        options["loader"] = Path  # gives the path itself: pictures are decoded here, and named where they cannot be
    if download:
        if "download" not in takes:
            raise ValueError(f"torchvision cannot download {name}: get it by hand, and put it into {root}")
        options["download"] = True
    try:
        return kind(**options)
    except (RuntimeError, OSError) as error:
        way = "give download: true, or put it there by hand" if "download" in takes else "put it there by hand"
        raise ValueError(
            f"{name}{f' ({split})' if split else ''} is not in {root}: {error} To get it, {way}, as "
            f"torchvision.datasets.{name} describes"
        ) from error
    except ImportError as error:
        raise ValueError(f"torchvision needs {error.name} to read {name}: pip install {error.name}") from error
    except (TypeError, ValueError) as error:
        raise ValueError(f"torchvision does not open {name} with {options}: {error}") from error


def _split_argument(name: str, split: str | None, takes: set[str], arguments: dict[str, Any]) -> dict[str, Any]:
    if "split" in takes and "split" not in arguments:
        return {"split": split or ""}  # of an empty one torchvision says which there are
    if "train" in takes and "train" not in arguments:
        if split not in ("train", "test"):
            raise ValueError(f"{name} has the splits train and test; given {split!r}")
        return {"train": split == "train"}
    if split is not None and not takes & {"split", "train"}:
        raise ValueError(f"{name} has no splits, given {split!r}; rivalry.data.Portion holds some pictures out")
    return {}


def _parameters(kind: Any) -> set[str]:
    """What a class can be called with, with what it passes on to those it derives from."""
    names: set[str] = set()
    for one in inspect.getmro(kind) if isinstance(kind, type) else ():
        if "__init__" in vars(one):
            parameters = inspect.signature(vars(one)["__init__"]).parameters.values()
            names |= {parameter.name for parameter in parameters}
            if all(parameter.kind is not parameter.VAR_KEYWORD for parameter in parameters):
                break
    return names


def _labels_of(inner: Any, said: str) -> npt.NDArray[np.int64]:
    """All labels: torchvision's sets keep them under different names, or only tell them with the picture."""
    for name in ("targets", "labels", "_labels", "y"):
        kept = getattr(inner, name, None)
        if kept is not None and len(kept) == len(inner):
            break
    else:
        kept = [inner[index][1] for index in range(len(inner))]
    labels = np.asarray(kept)
    if not len(labels):
        raise ValueError(f"{said} holds no pictures")
    if labels.ndim != 1 or not np.issubdtype(labels.dtype, np.integer) or int(labels.min()) < 0:
        raise ValueError(f"{said} does not give every picture one label: it cannot be learnt as classes")
    return labels.astype(np.int64)


def _class_names(inner: Any, labels: npt.NDArray[np.int64]) -> tuple[str, ...]:
    """Names of the classes in the order of labels; numbers where torchvision has no names."""
    count = int(labels.max()) + 1
    names: Any = getattr(inner, "classes", None) or getattr(inner, "categories", None) or range(count)
    places: Mapping[str, int] = getattr(inner, "class_to_idx", {})
    if sorted(places.values()) == list(range(len(names))):
        names = sorted(places, key=places.__getitem__)
    first = [str(name[0] if isinstance(name, tuple) else name) for name in names]  # of ImageNet's synonyms
    return distinct([readable(name) for name in first], range(len(first)))


def _picture(inner: Any, index: int) -> Any:
    """The path of a picture, where there is a file for each, else the picture as torchvision gives it."""
    for name in ("_images", "_samples"):  # of sets that open files themselves
        files = getattr(inner, name, None)
        if files is not None:
            return Path(files[index][0] if isinstance(files[index], tuple) else files[index])
    return inner[index][0]
