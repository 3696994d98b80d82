"""CLIP features that are computed once: of images by their content, of words by words, templates and model.

Under the user's cache, one folder a CLIP (by the digest of its weights)::

    clip/<digest>/images/<digest>.safetensors    keys: one digest a picture's bytes; features: one row each
    clip/<digest>/texts/<digest>.safetensors     features of a whole vocabulary

Files never change: new features make a new file, written aside and renamed, so several processes may share a cache.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, UInt8
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from rivalry.cache import cache_folder
from rivalry.data.dataset import ImageDataset
from rivalry.dissection.clip import Clip, prepare
from rivalry.recording.ranks import rank_and_world, sum_over_ranks

_KEY_BYTES = 16
_IMAGES_AT_ONCE = 256


class FeatureCache:
    """Features of one CLIP by key, on disk. In memory lie the keys alone, some hundred bytes each.

    Args:
        folder: Where the files lie.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._places: dict[bytes, tuple[Path, int]] = {}
        self._read: set[Path] = set()

    def __contains__(self, key: bytes) -> bool:
        return key in self._places

    def refresh(self) -> None:
        """Learn of files that were added since, by whomever.

        Raises:
            ValueError: If a file cannot be read.
        """
        for shard in sorted(set(self.folder.glob("*.safetensors")) - self._read):
            keys = _read(shard, "keys").numpy()
            self._places.update({key.tobytes(): (shard, row) for row, key in enumerate(keys)})
            self._read.add(shard)

    def add(self, keys: Sequence[bytes], features: Float[Tensor, "batch features"]) -> None:
        """Keep features for good."""
        rows = torch.from_numpy(np.frombuffer(b"".join(keys), dtype=np.uint8).copy()).view(len(keys), -1)
        name = hashlib.sha256(b"".join(keys)).hexdigest()[:32]
        write(self.folder / f"{name}.safetensors", {"keys": rows, "features": features.float().cpu().contiguous()})
        self.refresh()

    def get(self, keys: Sequence[bytes]) -> Float[Tensor, "batch features"]:
        """Features in the order of the keys, all of which must be there."""
        wanted: dict[Path, list[tuple[int, int]]] = {}
        for place, key in enumerate(keys):
            shard, row = self._places[key]
            wanted.setdefault(shard, []).append((place, row))
        found: list[tuple[list[int], Tensor]] = []
        for shard, pairs in wanted.items():
            places, rows = zip(*pairs, strict=True)
            found.append((list(places), _read(shard, "features")[list(rows)]))
        features = torch.empty(len(keys), found[0][1].shape[1])
        for places_of_shard, part in found:
            features[places_of_shard] = part
        return features


class ImageFeatures:
    """Features of single images of data sets, computed when first asked for.

    Each picture is decoded once a process and encoded once for all time. On several ranks each encodes its share.

    Args:
        clip: The CLIP.
        folder: Where its features lie; by default in the user's cache.
    """

    def __init__(self, clip: Clip, folder: Path | None = None) -> None:
        self.clip = clip
        self.cache = FeatureCache(folder or clip_folder(clip, "images"))
        self._keys: dict[tuple[str, int], bytes] = {}

    def of(self, dataset: ImageDataset, indices: Sequence[int]) -> Float[Tensor, "batch features"]:
        """Features of unit length in the order of the indices, on the CLIP's device. A collective of all ranks.

        Args:
            dataset: Where the images are.
            indices: At least one position in it.
        """
        rank, world = rank_and_world()
        own, fingerprint = indices[rank::world], dataset.fingerprint
        self.cache.refresh()
        for start in range(0, len(own), _IMAGES_AT_ONCE):
            self._encode_missing(dataset, fingerprint, own[start : start + _IMAGES_AT_ONCE])
        features = torch.zeros(len(indices), self.clip.width, device=self.clip.device)
        if own:
            keys = [self._keys[fingerprint, index] for index in own]
            features[rank::world] = self.cache.get(keys).to(self.clip.device)
        return sum_over_ranks(features)

    def _encode_missing(self, dataset: ImageDataset, fingerprint: str, indices: Sequence[int]) -> None:
        unseen = [i for i in indices if self._keys.get((fingerprint, i), b"") not in self.cache]
        missing: dict[bytes, Tensor] = {}
        for index in unseen:
            image = dataset[index]["image"]
            key = self._keys[fingerprint, index] = content_key(image)
            if key not in self.cache:
                missing[key] = image
        if missing:
            prepared = [prepare(image[None].to(self.clip.device), self.clip.preparation) for image in missing.values()]
            self.cache.add(list(missing), self.clip.encode_prepared(torch.cat(prepared)))


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
    return _read(file, "features").to(clip.device)


def content_key(image: UInt8[Tensor, "3 height width"]) -> bytes:
    """Digest of a picture's shape and bytes."""
    digest = hashlib.blake2b(str(tuple(image.shape)).encode(), digest_size=_KEY_BYTES)
    digest.update(image.cpu().contiguous().numpy().tobytes())
    return digest.digest()


def clip_folder(clip: Clip, part: str) -> Path:
    """A CLIP's folder in the user's cache."""
    folder = cache_folder("clip") / clip.fingerprint[:32] / part
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def write(file: Path, tensors: dict[str, Tensor]) -> None:
    """Write a safetensors file whole or not at all."""
    handle, draft = tempfile.mkstemp(prefix=f".{file.stem}-", dir=file.parent)
    os.close(handle)
    try:
        save_file(tensors, draft)
        Path(draft).replace(file)
    finally:
        Path(draft).unlink(missing_ok=True)


def _read(file: Path, name: str) -> Tensor:
    try:
        with safe_open(file, framework="pt") as content:
            tensor: Tensor = content.get_tensor(name)
    except (OSError, SafetensorError) as error:
        raise ValueError(f"the cached features in {file} cannot be read ({error}); delete the file") from error
    return tensor
