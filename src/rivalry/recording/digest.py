"""A digest of all that decides a result, under which the result is found again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from torch import Tensor


def digest_of(parts: Iterable[str | Tensor]) -> str:
    """Hex digest of texts, and of tensors by what is in them.

    >>> digest_of(["a", "b"]) == digest_of(["ab"])
    False
    """
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        digest.update(part.encode() if isinstance(part, str) else _bits(part))
        digest.update(b"\n")
    return digest.hexdigest()


def _bits(tensor: Tensor) -> bytes:
    # NumPy has no bfloat16, and in double precision nothing is lost
    numbers = tensor.detach().cpu().double() if tensor.is_floating_point() else tensor.detach().cpu()
    return f"{tensor.dtype} {tuple(tensor.shape)}".encode() + numbers.contiguous().numpy().tobytes()
