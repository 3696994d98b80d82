"""Claims of a weight file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from rivalry.export.loading.guard.tensors import Claim, read_claims

GIGABYTES = 10 * 10**9


def test_a_file_of_safetensors_is_as_it_claims(tmp_path: Path) -> None:
    tensors = {"a": torch.zeros(2, 3), "b.c": torch.tensor(4), "d": torch.zeros(0, 5, dtype=torch.bfloat16)}
    save_file(tensors, tmp_path / "a.safetensors", metadata={"format": "pt"})
    assert read_claims(tmp_path / "a.safetensors") == {
        name: Claim(tensor.dtype, tuple(tensor.shape)) for name, tensor in tensors.items()
    }


def test_ten_gigabytes_in_a_small_file_are_refused(tmp_path: Path) -> None:
    tensor = {"dtype": "F32", "shape": [GIGABYTES // 4], "data_offsets": [0, GIGABYTES]}
    with pytest.raises(ValueError, match="claims to hold 10,000,000,000 bytes of tensors, and has 8"):
        read_claims(write(tmp_path, {"a": tensor}))


@pytest.mark.parametrize("length", [GIGABYTES, 2**63, 33 * 2**20])
def test_a_header_that_claims_to_be_huge_is_refused(length: int, tmp_path: Path) -> None:
    file = tmp_path / "a.safetensors"
    with file.open("wb") as opened:
        opened.write(length.to_bytes(8, "little") + b"{}")
        opened.truncate(40 * 2**20)
    with pytest.raises(ValueError, match=f"claims a header of {length:,} bytes"):
        read_claims(file)


@pytest.mark.parametrize(
    ("tensor", "said"),
    [
        ({"dtype": "F32", "shape": [2], "data_offsets": [0, 4]}, r"shape \(2,\) of F32, 8 bytes, and lies on 4"),
        ({"dtype": "F32", "shape": [1], "data_offsets": [4, 8]}, "over one another, or with gaps, at byte 0"),
        ({"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}, "claims to hold 4 bytes of tensors, and has 8"),
        ({"dtype": "F32", "shape": [-2], "data_offsets": [8, 0]}, "no type, shape and place"),
        ({"dtype": "F32", "shape": [1e9], "data_offsets": [0, 8]}, "no type, shape and place"),
        ({"dtype": "OBJECT", "shape": [2], "data_offsets": [0, 8]}, "no type, shape and place"),
        ({"dtype": ["F32"], "shape": [2], "data_offsets": [0, 8]}, "no type, shape and place"),
        ({"dtype": "F32", "shape": [2]}, "no type, shape and place"),
        (3, "no type, shape and place"),
    ],
)
def test_what_does_not_add_up_is_refused(tensor: Any, said: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=said):
        read_claims(write(tmp_path, {"a": tensor}))


def test_tensors_that_share_their_bytes_are_refused(tmp_path: Path) -> None:
    tensor = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
    with pytest.raises(ValueError, match="over one another"):
        read_claims(write(tmp_path, {"a": tensor, "b": tensor}))


@pytest.mark.parametrize("content", [b"", b"PK", (2).to_bytes(8, "little") + b"[]", (2).to_bytes(8, "little") + b"{{"])
def test_what_is_no_safetensors_file_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.safetensors").write_bytes(content)
    with pytest.raises(ValueError, match=r"is no safetensors file|claims a header"):
        read_claims(tmp_path / "a.safetensors")


def write(folder: Path, header: Any) -> Path:
    """A file of that header and eight bytes."""
    written = json.dumps(header).encode()
    (folder / "a.safetensors").write_bytes(len(written).to_bytes(8, "little") + written + bytes(8))
    return folder / "a.safetensors"
