"""The names of a dissected checkpoint's files, and the version of its format."""

from __future__ import annotations

VERSION = 1
"""Version of the format, in ``config.json``; a reader refuses any other."""

CONFIGURATION = "config.json"
WEIGHTS = "model.safetensors"
NEURONS = "neurons.parquet"
RECORDS = "records"
PROVENANCE = "provenance.json"
CARD = "README.md"
SUMS = "SHA256SUMS"
PICTURES = "pictures"
"""Pictures of the model card; only where there are any."""

NETWORK_FOR_ONNX = "model.onnx"
"""Only where it was asked for."""

NEEDED = (CONFIGURATION, WEIGHTS, NEURONS, PROVENANCE, CARD, SUMS)
"""Files that no dissected checkpoint lacks."""

LEFT_BESIDE = (".git", ".gitattributes", ".cache")
"""What git and the hub's downloader leave in a folder. It is no part of the checkpoint, and is never read."""
