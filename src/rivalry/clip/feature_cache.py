"""CLIP features that are computed once: of images by their content, of words by words, templates and model.

Under the user's cache, one folder a CLIP (by the digest of its weights)::

    clip/<digest>/images/<digest>.safetensors    keys: one digest a picture's bytes; features: one row each
    clip/<digest>/texts/<digest>.safetensors     features of a whole vocabulary

How files of images are read, shared and merged is told in :mod:`rivalry.clip.feature_files`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import torch
from jaxtyping import Float, UInt8
from rich.progress import track
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from rivalry.cache import cache_folder
from rivalry.clip.feature_files import KEY, FeatureFiles, Keys, read, write
from rivalry.clip.towers import Clip, prepare
from rivalry.data.ahead import ahead
from rivalry.data.dataset import ImageDataset
from rivalry.recording.ranks import rank_and_world, sum_over_ranks

_IMAGES_AT_ONCE = 256
_ROWS_A_FILE = 4096
_WORTH_A_BAR = 2048

Picture: TypeAlias = npt.NDArray[np.uint8]


class ImageFeatures:
    """Features of single images of data sets, computed when first asked for.

    Each picture is decoded once by such an object and encoded once for all time. On several ranks each encodes its
    share.

    Args:
        clip: The CLIP.
        folder: Where its features lie; by default in the user's cache.
    """

    def __init__(self, clip: Clip, folder: Path | None = None) -> None:
        self.clip = clip
        self.files = FeatureFiles(folder or clip_folder(clip, "images"))
        self._keys: dict[str, Keys] = {}

    def of(self, dataset: ImageDataset, indices: Sequence[int], *, workers: int = 0) -> Float[Tensor, "batch features"]:
        """Features of unit length in the order of the indices, on the CLIP's device. A collective of all ranks.

        Args:
            dataset: Where the images are.
            indices: At least one position in it.
            workers: Processes that decode; with 0 a thread of this one does.
        """
        rank, world = rank_and_world()
        own = np.asarray(indices[rank::world], np.int64)
        keys = self._keys.setdefault(dataset.fingerprint, np.zeros(len(dataset), KEY))
        if rank == 0:
            self.files.merge()
        self.files.refresh()
        unseen = own[~self.files.hold(keys[own])]
        if len(unseen):
            self._encode_missing(dataset, keys, unseen, workers=workers, progress=rank == 0)
        features = torch.zeros(len(indices), self.clip.width, device=self.clip.device)
        if len(own):
            features[rank::world] = self.files.get(keys[own]).to(self.clip.device)
        return sum_over_ranks(features)

    def _encode_missing(
        self, dataset: ImageDataset, keys: Keys, indices: npt.NDArray[np.int64], *, workers: int, progress: bool
    ) -> None:
        """Learn the keys of pictures, and encode those that no file knows; the next are decoded meanwhile."""
        loader: DataLoader[Any] = DataLoader(
            _Keyed(dataset, indices), _IMAGES_AT_ONCE, collate_fn=list, num_workers=workers, generator=torch.Generator()
        )
        hidden = not progress or len(indices) < _WORTH_A_BAR
        encoded: dict[bytes, Tensor] = {}
        with ahead(loader) as batches:
            for batch in track(batches, "CLIP looks", len(loader), disable=hidden, transient=True):
                keys[[index for index, _, _ in batch]] = [key for _, key, _ in batch]
                self._encode_new(encoded, {key: image for _, key, image in batch})
                if len(encoded) >= _ROWS_A_FILE:
                    self._keep(encoded)
        self._keep(encoded)

    def _encode_new(self, encoded: dict[bytes, Tensor], images: Mapping[bytes, Picture]) -> None:
        """Add to what is encoded those pictures that are new to it and to the files."""
        keys = [key for key in images if key not in encoded]
        known = self.files.hold(np.array(keys, KEY)).tolist()
        missing = [key for key, there in zip(keys, known, strict=True) if not there]
        if missing:
            encoded |= zip(missing, self._encode([images[key] for key in missing]), strict=True)

    def _keep(self, encoded: dict[bytes, Tensor]) -> None:
        """Write features down, and empty the dictionary."""
        if encoded:
            self.files.add(np.array(list(encoded), KEY), torch.stack(list(encoded.values())))
            encoded.clear()

    def _encode(self, images: Sequence[Picture]) -> Float[Tensor, "batch features"]:
        """Features, on the CPU, of pictures; those of one size are prepared together."""
        places: dict[tuple[int, ...], list[int]] = {}
        for place, image in enumerate(images):
            places.setdefault(image.shape, []).append(place)
        prepared = [self._prepare(np.stack([images[place] for place in same])) for same in places.values()]
        order = torch.tensor([place for same in places.values() for place in same])
        features = self.clip.encode_prepared(torch.cat(prepared)).cpu()
        return torch.empty_like(features).index_copy_(0, order, features)

    def _prepare(self, pictures: UInt8[np.ndarray, "batch 3 height width"]) -> Tensor:
        images, device = torch.from_numpy(pictures), self.clip.device
        pinned = images.pin_memory() if device.type == "cuda" else images
        return prepare(pinned.to(device, non_blocking=True), self.clip.preparation)


def word_features(
    clip: Clip, words: Sequence[str], templates: Sequence[str], folder: Path | None = None
) -> Float[Tensor, "concepts features"]:
    """Features of a vocabulary, from the cache where it has been encoded before. On the CLIP's device.

    Args:
        clip: The CLIP.
        words: The vocabulary.
        templates: Texts with a ``{}``; features are averaged over them.
        folder: Where features of texts lie; by default in the user's cache.
    """
    digest = hashlib.sha256("\n".join([*words, "", *templates]).encode()).hexdigest()[:32]
    file = (folder or clip_folder(clip, "texts")) / f"{digest}.safetensors"
    if not file.is_file():
        write(file, {"features": clip.encode_words(words, templates).cpu().contiguous()})
    return read(file, "features").to(clip.device)


def content_key(image: UInt8[Tensor, "3 height width"]) -> bytes:
    """Digest of a picture's shape and bytes."""
    digest = hashlib.blake2b(str(tuple(image.shape)).encode(), digest_size=KEY.itemsize)
    digest.update(image.cpu().contiguous().numpy().tobytes())
    return digest.digest()


def clip_folder(clip: Clip, part: str) -> Path:
    """A CLIP's folder in the user's cache."""
    folder = cache_folder("clip") / clip.fingerprint[:32] / part
    folder.mkdir(parents=True, exist_ok=True)
    return folder


class _Keyed(Dataset[tuple[int, bytes, Picture]]):
    """Some pictures of a data set, each with index and key; as arrays, of which processes can send any number."""

    def __init__(self, dataset: ImageDataset, indices: npt.NDArray[np.int64]) -> None:
        self.dataset, self.indices = dataset, indices.tolist()

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, place: int) -> tuple[int, bytes, Picture]:
        index = self.indices[place]
        image = self.dataset[index]["image"]
        return index, content_key(image), image.cpu().numpy()
