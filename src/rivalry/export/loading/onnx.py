"""A dissected checkpoint for where there is no PyTorch: one ONNX file that gives logits and winners.

The file takes ``images``, ``uint8`` (batch, 3, side, side) of 0 to 255, and gives ``logits`` and for every layer that
competes ``winners/LAYER`` (see :mod:`rivalry.export.loading.program`). What the outputs mean stands in it too, as JSON
among its properties: ``rivalry.classes``, and ``rivalry.layers`` with units, competitors and axis.

Needs the packages of ``pip install rivalry[onnx]``. How near onnxruntime comes: :mod:`rivalry.export.loading.parity`.
"""

from __future__ import annotations

import importlib.util
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from jaxtyping import UInt8
from torch import Tensor

from rivalry.export.loading.checkpoint import DissectedCheckpoint
from rivalry.export.loading.parity import check_parity
from rivalry.export.loading.program import export_program

_LARGEST = 2 * 10**9
_PACKAGES = ("onnx", "onnxscript", "onnxruntime")


def to_onnx(checkpoint: DissectedCheckpoint, file: Path) -> None:
    """Write the network, and check that onnxruntime gives what PyTorch gives.

    Args:
        checkpoint: Its network is left as it was.
        file: What to write; one that is there is replaced.

    Raises:
        ValueError: If a package is missing, the network is too large for one file, or onnxruntime gives others.
    """
    check_onnx_packages()
    weights = sum(tensor.nbytes for tensor in checkpoint.network.state_dict().values())
    if weights > _LARGEST:
        raise ValueError(f"the network has {weights:,} bytes of weights; one file of ONNX holds at most {_LARGEST:,}")
    program, layers = export_program(checkpoint)
    outputs = ["logits", *(f"winners/{name}" for name in layers)]
    written: Any = torch.onnx.export(
        program, (), input_names=["images"], output_names=outputs, dynamo=True, verbose=False
    )
    described = {name: asdict(layer) for name, layer in checkpoint.config.dissection.layers.items()}
    written.model.metadata_props["rivalry.classes"] = json.dumps(checkpoint.classes)
    written.model.metadata_props["rivalry.layers"] = json.dumps(described)
    written.save(file, external_data=False)
    check_parity(checkpoint, file, _noise(checkpoint.size))


def check_onnx_packages() -> None:
    """Refuse to begin where a package is missing.

    Raises:
        ValueError: Naming it.
    """
    if missing := [name for name in _PACKAGES if importlib.util.find_spec(name) is None]:
        raise ValueError(f"ONNX needs {', '.join(missing)}: pip install 'rivalry[onnx]'")


def _noise(side: int) -> UInt8[Tensor, "3 3 side side"]:
    return torch.randint(0, 256, (3, 3, side, side), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
