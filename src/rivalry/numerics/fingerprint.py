"""A digest of a network's state, so that a record says which weights it is of."""

from __future__ import annotations

import hashlib

import torch
from torch import nn


def state_fingerprint(network: nn.Module) -> str:
    """Hex digest of every parameter and buffer of the state dict: names, types, shapes and bits.

    >>> layer = nn.Linear(2, 1)
    >>> before = state_fingerprint(layer)
    >>> _ = nn.init.zeros_(layer.bias)
    >>> state_fingerprint(layer) == before
    False
    """
    digest = hashlib.blake2b(digest_size=16)
    for name, tensor in network.state_dict().items():
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        bits = tensor.detach().cpu().contiguous().flatten()
        digest.update(bits.view(torch.uint8).numpy())
    return digest.hexdigest()
